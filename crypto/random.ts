/**
 * Randomness of the room: the system's generator, or the source that `ready({ random })` was given (tests and
 * recorded vectors only). libsodium's own generator is never used.
 */
import type { Bytes } from './bytes.ts';

/** Fills and returns a fresh array of the given length. */
export type RandomSource = (length: number) => Bytes;

/** What one call of the system generator may fill (a limit of the Web Cryptography interface). */
const SYSTEM_CALL_BYTES = 65_536;

function systemRandom(length: number): Bytes {
  const bytes = new Uint8Array(length);
  for (let offset = 0; offset < length; offset += SYSTEM_CALL_BYTES) {
    crypto.getRandomValues(bytes.subarray(offset, Math.min(offset + SYSTEM_CALL_BYTES, length)));
  }
  return bytes;
}

let source: RandomSource = systemRandom;

/** Replaces the source; `undefined` restores the system's. Called by `ready` only. */
export function setRandomSource(random: RandomSource | undefined): void {
  source = random ?? systemRandom;
}

/** `length` fresh random bytes. */
export function randomBytes(length: number): Bytes {
  return source(length);
}

/** A random integer of at most 53 bits, uniform in `0 <= x < 2^bits`; bits from 1 to 53. */
export function randomBits(bits: number): number {
  const bytes = randomBytes(8);
  let value = 0;
  for (const byte of bytes.subarray(0, 7)) value = (value % 2 ** 45) * 256 + byte;
  return value % 2 ** bits;
}
