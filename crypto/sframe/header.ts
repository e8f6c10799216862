/**
 * The SFrame header (RFC 9605 section 4.3):
 *
 *    0 1 2 3 4 5 6 7
 *   +-+-+-+-+-+-+-+-+--------------+--------------+
 *   |X|  K  |Y|  C  |  KID 0 to 8  |  CTR 0 to 8  |
 *   +-+-+-+-+-+-+-+-+--------------+--------------+
 *
 * X = 0: K is the KID, below 8, and no KID bytes follow. X = 1: the KID follows in K + 1 big-endian bytes. Y and C say the same of CTR.
 * One value has one form: anything longer than it must be is refused.
 *
 * A value is a number below 2^53 and a bigint from there on, never the other way round: this runs for every frame, and numbers cost a
 * fraction of what bigints do.
 */
import { CryptoError } from '../errors.ts';

/** A KID or CTR: from 0, below 2^64. */
export type HeaderInteger = number | bigint;

export interface FrameHeader {
  readonly kid: HeaderInteger;
  readonly ctr: HeaderInteger;
  /** Bytes of the header, 1 to 17. */
  readonly length: number;
}

/** Longest header: config byte, 8 bytes of KID, 8 bytes of CTR. */
export const MAX_HEADER_BYTES = 17;

/** Values below this stand in the config byte itself. */
const INLINE = 8;

/** Bytes of a value behind the config byte; 0 for one inside it. Throws `misuse` outside the range. */
function widthOf(value: HeaderInteger): number {
  if (value >= 0 && value < 2 ** 53 && typeof value === 'number' && Number.isInteger(value)) {
    if (value < INLINE) return 0;
    if (value < 0x1_0000_0000) return value < 0x1_0000 ? (value < 0x100 ? 1 : 2) : value < 0x100_0000 ? 3 : 4;
    return value < 2 ** 48 ? (value < 2 ** 40 ? 5 : 6) : 7;
  }
  if (typeof value === 'bigint' && value >= 2n ** 53n && value < 2n ** 64n) return value < 2n ** 56n ? 7 : 8;
  throw new CryptoError('misuse', 'not a KID or CTR');
}

function write(into: Uint8Array, offset: number, value: HeaderInteger, width: number): void {
  let rest = value;
  for (let at = offset + width - 1; at >= offset; at -= 1) {
    if (typeof rest === 'bigint') {
      into[at] = Number(rest & 0xffn);
      rest >>= 8n;
    } else {
      into[at] = rest % 256;
      rest = Math.floor(rest / 256);
    }
  }
}

/** Bytes that `writeHeader` takes. Throws `misuse` on a value outside the range. */
export function headerBytes(kid: HeaderInteger, ctr: HeaderInteger): number {
  return 1 + widthOf(kid) + widthOf(ctr);
}

/** Writes the header at `offset` and gives its length. The caller made room (`headerBytes`). Throws `misuse`. */
export function writeHeader(
  into: Uint8Array,
  offset: number,
  kid: HeaderInteger,
  ctr: HeaderInteger,
): number {
  const [kidWidth, ctrWidth] = [widthOf(kid), widthOf(ctr)];
  const high = kidWidth === 0 ? Number(kid) : 7 + kidWidth;
  const low = ctrWidth === 0 ? Number(ctr) : 7 + ctrWidth;
  into[offset] = high * 16 + low;
  write(into, offset + 1, kid, kidWidth);
  write(into, offset + 1 + kidWidth, ctr, ctrWidth);
  return 1 + kidWidth + ctrWidth;
}

/** Reads a value of `width` bytes. Throws `malformed` unless that is its shortest form. */
function read(bytes: Uint8Array, offset: number, width: number): HeaderInteger {
  const first = bytes[offset] ?? 0;
  if (first === 0 || (width === 1 && first < INLINE)) {
    throw new CryptoError('malformed', 'KID or CTR is longer than it must be');
  }
  let value = 0;
  for (let at = offset; at < offset + Math.min(width, 6); at += 1) value = value * 256 + (bytes[at] ?? 0);
  if (width <= 6) return value;
  let wide = BigInt(value);
  for (let at = offset + 6; at < offset + width; at += 1) wide = (wide << 8n) | BigInt(bytes[at] ?? 0);
  return wide < 2n ** 53n ? Number(wide) : wide;
}

/** Reads the header at `offset`; what follows it is not looked at. Throws `malformed` on a truncated or overlong form. */
export function parseHeader(bytes: Uint8Array, offset = 0): FrameHeader {
  const config = bytes[offset];
  if (config === undefined) throw new CryptoError('malformed', 'no SFrame header');
  const kidWidth = config & 0x80 ? ((config >> 4) & 7) + 1 : 0;
  const ctrWidth = config & 0x08 ? (config & 7) + 1 : 0;
  const length = 1 + kidWidth + ctrWidth;
  if (offset + length > bytes.length) throw new CryptoError('malformed', 'SFrame header is truncated');
  const kid = kidWidth === 0 ? (config >> 4) & 7 : read(bytes, offset + 1, kidWidth);
  const ctr = ctrWidth === 0 ? config & 7 : read(bytes, offset + 1 + kidWidth, ctrWidth);
  return { kid, ctr, length };
}
