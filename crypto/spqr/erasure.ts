/**
 * The erasure code of the post-quantum ratchet (ML-KEM Braid specification, section 3): a message of 32 n bytes is
 * 16 polynomials over GF(2^16); big-endian word number i is the value of polynomial i mod 16 at x = i div 16. Chunk k
 * holds the 16 values at x = k, so chunks 0 to n - 1 are the plain data and any n distinct chunks restore it.
 *
 * Everything here is public data (the chunks travel in clear), so tables and branches may depend on it.
 */
import type { Bytes } from '../bytes.ts';
import { CryptoError } from '../errors.ts';

/** Bytes of one chunk: 16 words. */
export const CHUNK_BYTES = 32;
/** Chunk numbers have 16 bits: the points of the field. */
export const CHUNK_NUMBERS = 65_536;

const WORDS = 16;
/** x^16 + x^12 + x^3 + x + 1. */
const MODULUS = 0x1100b;
/** Order of the multiplicative group, which 2 generates. */
const ORDER = 65_535;

/** One received chunk within `Collected`: its number as two big-endian bytes, then the chunk. */
const ENTRY_BYTES = 2 + CHUNK_BYTES;

/**
 * Received chunks of one message, in rising order of their numbers, 34 bytes each. A plain byte string, so that a stored
 * ratchet state is written and read without touching the chunks.
 */
export type Collected = Uint8Array;

export const nothingCollected: Collected = new Uint8Array(0);

interface FieldTables {
  readonly log: Uint16Array;
  /** 2^i for i below twice the order, so that a sum of two logarithms needs no reduction. */
  readonly exp: Uint16Array;
}

let fieldTables: FieldTables | undefined;

/** Built when first needed, in one or two milliseconds: only a lost or surplus chunk needs them. */
function tables(): FieldTables {
  if (fieldTables !== undefined) return fieldTables;
  const log = new Uint16Array(ORDER + 1);
  const exp = new Uint16Array(2 * ORDER);
  let power = 1;
  for (let i = 0; i < ORDER; i += 1) {
    log[power] = i;
    exp[i] = power;
    exp[i + ORDER] = power;
    power <<= 1;
    if (power > ORDER) power ^= MODULUS;
  }
  fieldTables = { log, exp };
  return fieldTables;
}

/** Chunk number `number` (0 to 65,535) of a message whose length is a multiple of 32 bytes. */
export function chunkAt(message: Uint8Array, number: number): Bytes {
  const count = message.length / CHUNK_BYTES;
  const chunk = new Uint8Array(CHUNK_BYTES);
  if (number < count) {
    chunk.set(message.subarray(number * CHUNK_BYTES, (number + 1) * CHUNK_BYTES));
    return chunk;
  }
  const points = new Uint16Array(count);
  const values = new Uint16Array(count * WORDS);
  for (let i = 0; i < count; i += 1) points[i] = i;
  for (let i = 0; i < values.length; i += 1) values[i] = readWord(message, 2 * i);
  interpolate(points, values, [number], chunk);
  return chunk;
}

/**
 * The collection with one chunk more; the same one when it has a chunk of this number already. Never changes its
 * argument. The chunk has 32 bytes.
 */
export function collect(collected: Collected, number: number, chunk: Uint8Array): Collected {
  let at = collected.length;
  while (at > 0) {
    const before = readWord(collected, at - ENTRY_BYTES);
    if (before === number) return collected;
    if (before < number) break;
    at -= ENTRY_BYTES;
  }
  const larger = new Uint8Array(collected.length + ENTRY_BYTES);
  larger.set(collected.subarray(0, at));
  larger[at] = number >>> 8;
  larger[at + 1] = number;
  larger.set(chunk, at + 2);
  larger.set(collected.subarray(at), at + ENTRY_BYTES);
  return larger;
}

/** The message of `sizeBytes` (a multiple of 32) once enough chunks are there, else `undefined`. */
export function restore(collected: Collected, sizeBytes: number): Bytes | undefined {
  const count = sizeBytes / CHUNK_BYTES;
  if (collected.length < count * ENTRY_BYTES) return undefined;
  const message = new Uint8Array(sizeBytes);
  const points = new Uint16Array(count);
  const present = new Set<number>();
  for (let i = 0; i < count; i += 1) {
    const entry = i * ENTRY_BYTES;
    const number = readWord(collected, entry);
    points[i] = number;
    if (number >= count) continue;
    present.add(number);
    message.set(collected.subarray(entry + 2, entry + ENTRY_BYTES), number * CHUNK_BYTES);
  }
  const missing: number[] = [];
  for (let i = 0; i < count; i += 1) if (!present.has(i)) missing.push(i);
  if (missing.length === 0) return message;

  const values = new Uint16Array(count * WORDS);
  for (let i = 0; i < values.length; i += 1) {
    values[i] = readWord(collected, Math.floor(i / WORDS) * ENTRY_BYTES + 2 + 2 * (i % WORDS));
  }
  const filled = new Uint8Array(missing.length * CHUNK_BYTES);
  interpolate(points, values, missing, filled);
  missing.forEach((number, i) => {
    message.set(filled.subarray(i * CHUNK_BYTES, (i + 1) * CHUNK_BYTES), number * CHUNK_BYTES);
  });
  return message;
}

/** Reads a stored collection: fewer than `sizeBytes` needs, numbers strictly rising. Throws `bad-state` otherwise. */
export function parseCollected(bytes: Uint8Array, sizeBytes: number): Collected {
  const enough = (sizeBytes / CHUNK_BYTES) * ENTRY_BYTES;
  if (bytes.length % ENTRY_BYTES !== 0 || bytes.length >= enough) {
    throw new CryptoError('bad-state', 'stored chunks have a wrong length');
  }
  for (let at = ENTRY_BYTES; at < bytes.length; at += ENTRY_BYTES) {
    if (readWord(bytes, at) <= readWord(bytes, at - ENTRY_BYTES)) {
      throw new CryptoError('bad-state', 'stored chunks are out of order');
    }
  }
  return bytes;
}

/**
 * Lagrange interpolation of the 16 polynomials: for each target, which is none of the points, 32 bytes in `out`.
 * Weights are computed as logarithms, once per target for all 16: about n^2 look-ups and 16 n products per target.
 */
function interpolate(
  points: Uint16Array,
  values: Uint16Array,
  targets: readonly number[],
  out: Uint8Array,
): void {
  const { log, exp } = tables();
  const count = points.length;
  const denominators = new Int32Array(count);
  for (let j = 0; j < count; j += 1) {
    const point = points[j] ?? 0;
    let sum = 0;
    for (let i = 0; i < count; i += 1) if (i !== j) sum += log[point ^ (points[i] ?? 0)] ?? 0;
    denominators[j] = sum % ORDER;
  }
  const sums = new Uint16Array(WORDS);
  targets.forEach((target, index) => {
    let product = 0;
    for (let i = 0; i < count; i += 1) product += log[target ^ (points[i] ?? 0)] ?? 0;
    sums.fill(0);
    for (let j = 0; j < count; j += 1) {
      const below = (log[target ^ (points[j] ?? 0)] ?? 0) + (denominators[j] ?? 0);
      const weight = (product - below + 2 * ORDER) % ORDER;
      for (let word = 0; word < WORDS; word += 1) {
        const value = values[j * WORDS + word] ?? 0;
        if (value !== 0) sums[word] = (sums[word] ?? 0) ^ (exp[weight + (log[value] ?? 0)] ?? 0);
      }
    }
    for (let word = 0; word < WORDS; word += 1) {
      const sum = sums[word] ?? 0;
      out[index * CHUNK_BYTES + 2 * word] = sum >>> 8;
      out[index * CHUNK_BYTES + 2 * word + 1] = sum;
    }
  });
}

function readWord(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
}
