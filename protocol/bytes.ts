/**
 * Byte strings on the wire: base64url text without padding in JSON, raw bytes in CBOR, and the two schema kinds that say so.
 * A schema is written for one carrier; a shape that both carriers share is a function of a `ByteKind`.
 * RFC 4648 section 5 (base64url), RFC 8949 section 3.1 (major type 2).
 */
import { Refine, String, Unsafe, type TSchema } from 'typebox';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const VALUES = new Int8Array(128).fill(-1);
for (let i = 0; i < ALPHABET.length; i++) VALUES[ALPHABET.charCodeAt(i)] = i;

/** Encodes bytes as base64url without padding. */
export function encodeB64u(bytes: Uint8Array): string {
  let text = '';
  let i = 0;
  for (; i + 2 < bytes.length; i += 3) {
    const word = ((bytes[i] ?? 0) << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0);
    text +=
      ALPHABET.charAt(word >> 18) +
      ALPHABET.charAt((word >> 12) & 63) +
      ALPHABET.charAt((word >> 6) & 63) +
      ALPHABET.charAt(word & 63);
  }
  const left = bytes.length - i;
  if (left === 1) {
    const word = bytes[i] ?? 0;
    text += ALPHABET.charAt(word >> 2) + ALPHABET.charAt((word & 3) << 4);
  } else if (left === 2) {
    const word = ((bytes[i] ?? 0) << 8) | (bytes[i + 1] ?? 0);
    text +=
      ALPHABET.charAt(word >> 10) + ALPHABET.charAt((word >> 4) & 63) + ALPHABET.charAt((word & 15) << 2);
  }
  return text;
}

/** Decodes canonical base64url without padding; `undefined` for anything else, stray low bits included. */
export function decodeB64u(text: string): Uint8Array<ArrayBuffer> | undefined {
  const tail = text.length % 4;
  if (tail === 1) return undefined;
  const bytes = new Uint8Array(Math.floor((text.length * 3) / 4));
  let word = 0;
  let bits = 0;
  let at = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    const value = code < 128 ? (VALUES[code] ?? -1) : -1;
    if (value < 0) return undefined;
    word = ((word << 6) | value) & 0xffffff;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      bytes[at++] = (word >> bits) & 0xff;
    }
  }
  return (word & ((1 << bits) - 1)) === 0 ? bytes : undefined;
}

/** Whether two byte strings are equal. Not constant in time: for public values only. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** CBOR byte string of exactly `length` bytes, or of `length` to `most` bytes. */
export function Bytes(length: number, most: number = length) {
  return Refine(
    Unsafe<Uint8Array>({ 'x-bytes': length === most ? length : [length, most] }),
    (value: unknown) => value instanceof Uint8Array && value.length >= length && value.length <= most,
  );
}

/** JSON text that is the base64url form of exactly `length` bytes, or of `length` to `most` bytes. */
export function B64u(length: number, most: number = length) {
  const chars = (bytes: number): number => Math.ceil((bytes * 4) / 3);
  return String({
    pattern: '^[A-Za-z0-9_-]*$',
    minLength: chars(length),
    maxLength: chars(most),
    'x-bytes': length === most ? length : [length, most],
  });
}

/** The byte schema of a carrier: `Bytes` for CBOR, `B64u` for JSON. */
export type ByteKind<Schema extends TSchema> = (length: number, most?: number) => Schema;
