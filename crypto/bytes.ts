/**
 * Byte strings: joining, big-endian integers, hex, base64url without padding, comparison and wiping.
 *
 * The room's lowest file: it imports nothing but the error type and knows no key and no protocol.
 */
import { CryptoError } from './errors.ts';

/** Bytes backed by an ordinary buffer, as every function of this room returns them. */
export type Bytes = Uint8Array<ArrayBuffer>;

const utf8Encoder = new TextEncoder();
const utf8Decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The parts one after the other, as a fresh copy. */
export function concat(...parts: readonly Uint8Array[]): Bytes {
  let length = 0;
  for (const part of parts) length += part.length;
  const joined = new Uint8Array(length);
  let offset = 0;
  for (const part of parts) {
    joined.set(part, offset);
    offset += part.length;
  }
  return joined;
}

/** UTF-8 of a text. */
export function utf8(text: string): Bytes {
  return utf8Encoder.encode(text);
}

/** Text of UTF-8 bytes. Throws `malformed` on anything that is not valid UTF-8. */
export function parseUtf8(bytes: Uint8Array): string {
  try {
    return utf8Decoder.decode(bytes);
  } catch (cause) {
    throw new CryptoError('malformed', 'text is not valid UTF-8', { cause });
  }
}

/** Whether a number is a whole one from 0 that four bytes hold. */
export function isU32(value: number): boolean {
  return value >>> 0 === value;
}

/** Four bytes, big-endian. */
export function be32(value: number): Bytes {
  return Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value);
}

/** Eight bytes, big-endian, of a safe non-negative integer. */
export function be64(value: number): Bytes {
  const high = Math.floor(value / 0x1_0000_0000);
  return Uint8Array.of(
    high >>> 24,
    high >>> 16,
    high >>> 8,
    high,
    value >>> 24,
    value >>> 16,
    value >>> 8,
    value,
  );
}

/** The four bytes at `offset` as an unsigned big-endian integer. Throws `malformed` past the end. */
export function readBe32(bytes: Uint8Array, offset = 0): number {
  if (offset < 0 || offset + 4 > bytes.length) throw new CryptoError('malformed', 'integer past the end');
  return (
    ((bytes[offset] ?? 0) * 0x100_0000 +
      ((bytes[offset + 1] ?? 0) << 16) +
      ((bytes[offset + 2] ?? 0) << 8) +
      (bytes[offset + 3] ?? 0)) >>>
    0
  );
}

/** The eight bytes at `offset` as a big-endian integer. Throws `malformed` past the end or above 2^53 - 1. */
export function readBe64(bytes: Uint8Array, offset = 0): number {
  const value = readBe32(bytes, offset) * 0x1_0000_0000 + readBe32(bytes, offset + 4);
  if (!Number.isSafeInteger(value)) throw new CryptoError('malformed', 'integer is too large');
  return value;
}

/**
 * Whether two byte strings are equal, in time that depends on their lengths only.
 * The one comparison for secret bytes.
 */
export function equalBytes(left: Uint8Array, right: Uint8Array): boolean {
  if (left.length !== right.length) return false;
  let difference = 0;
  for (let i = 0; i < left.length; i += 1) difference |= (left[i] ?? 0) ^ (right[i] ?? 0);
  return difference === 0;
}

/** Orders byte strings like unsigned big-endian text; for public bytes only. Negative, zero or positive. */
export function compareBytes(left: Uint8Array, right: Uint8Array): number {
  const shared = Math.min(left.length, right.length);
  for (let i = 0; i < shared; i += 1) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}

/** Overwrites secrets with zeros. Call it on copies that the calling function made. */
export function wipe(...secrets: readonly Uint8Array[]): void {
  for (const secret of secrets) secret.fill(0);
}

const hexDigits = '0123456789abcdef';

/** Lower-case hex. */
export function toHex(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += (hexDigits[byte >>> 4] ?? '') + (hexDigits[byte & 15] ?? '');
  return text;
}

/** Bytes of hex, either case. Throws `malformed` on an odd length or another character. */
export function fromHex(hex: string): Bytes {
  if (hex.length % 2 !== 0) throw new CryptoError('malformed', 'hex of odd length');
  const bytes = new Uint8Array(hex.length / 2);
  for (let i = 0; i < bytes.length; i += 1) {
    const high = hexDigits.indexOf(hex.charAt(2 * i).toLowerCase());
    const low = hexDigits.indexOf(hex.charAt(2 * i + 1).toLowerCase());
    if (high < 0 || low < 0) throw new CryptoError('malformed', 'not a hex digit');
    bytes[i] = high * 16 + low;
  }
  return bytes;
}
