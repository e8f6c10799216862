/**
 * Coefficients as bytes (FIPS 203 section 4.2.1): plain 12-bit form of keys, compressed 1-, 4-, 5-, 10-
 * and 11-bit forms of messages and ciphertexts. Compression never divides: the time of a division can
 * depend on its operands, which here are secret.
 */
import { N, Q } from './ntt.ts';

const INVERSE_Q = 1 / Q;

/** Writes coefficients in [-q, q) as 12-bit numbers in [0, q): 384 bytes per polynomial. */
export function encode12(vector: Int16Array, out: Uint8Array): void {
  for (let i = 0, at = 0; i < vector.length; i += 2, at += 3) {
    const a = canonical(vector[i] ?? 0);
    const b = canonical(vector[i + 1] ?? 0);
    out[at] = a;
    out[at + 1] = (a >> 8) | (b << 4);
    out[at + 2] = b >> 4;
  }
}

/** Reads 384 bytes per polynomial; numbers from q to 4095 are left as they are. */
export function decode12(bytes: Uint8Array): Int16Array {
  const vector = new Int16Array((bytes.length / 3) * 2);
  for (let i = 0, at = 0; i < vector.length; i += 2, at += 3) {
    const middle = bytes[at + 1] ?? 0;
    vector[i] = (bytes[at] ?? 0) | ((middle & 15) << 8);
    vector[i + 1] = (middle >> 4) | ((bytes[at + 2] ?? 0) << 4);
  }
  return vector;
}

/** Whether every coefficient of a public vector is below q (the check of FIPS 203 section 7.2). */
export function isCanonical(vector: Int16Array): boolean {
  let above = 0;
  for (let i = 0; i < vector.length; i += 1) above |= Q - 1 - (vector[i] ?? 0);
  return above >= 0;
}

/**
 * Compresses coefficients in (-q, q) to `bits` bits each and packs them: 32 · bits bytes per polynomial.
 * round(2^bits · x / q) is taken as a product with 1/q in floating point: the distance of
 * (2^bits · x + q/2) / q from an integer is at least 1/2q, far above the rounding error.
 */
export function compress(vector: Int16Array, bits: number, out: Uint8Array): void {
  const mask = (1 << bits) - 1;
  let pending = 0;
  let pendingBits = 0;
  let at = 0;
  for (let i = 0; i < vector.length; i += 1) {
    const scaled = (canonical(vector[i] ?? 0) << bits) + Q / 2;
    pending |= ((scaled * INVERSE_Q) & mask) << pendingBits;
    pendingBits += bits;
    while (pendingBits >= 8) {
      out[at] = pending;
      at += 1;
      pending >>>= 8;
      pendingBits -= 8;
    }
  }
}

/** Reads `bits` bits per coefficient and scales them back to [0, q). */
export function decompress(bytes: Uint8Array, bits: number): Int16Array {
  const vector = new Int16Array((bytes.length * 8) / bits);
  const padded = new Uint8Array(bytes.length + 2);
  padded.set(bytes);
  const mask = (1 << bits) - 1;
  const half = 1 << (bits - 1);
  for (let i = 0, bit = 0; i < vector.length; i += 1, bit += bits) {
    const at = bit >> 3;
    const window = (padded[at] ?? 0) | ((padded[at + 1] ?? 0) << 8) | ((padded[at + 2] ?? 0) << 16);
    vector[i] = (Math.imul((window >> (bit & 7)) & mask, Q) + half) >> bits;
  }
  return vector;
}

/** A 32-byte message as a polynomial: 0 or (q + 1) / 2 per bit, chosen by mask. */
export function messageToPolynomial(message: Uint8Array): Int16Array {
  const polynomial = new Int16Array(N);
  for (let i = 0; i < N; i += 1) {
    polynomial[i] = -(((message[i >> 3] ?? 0) >> (i & 7)) & 1) & ((Q + 1) / 2);
  }
  return polynomial;
}

/** The representative in [0, q) of a coefficient in [-q, q). */
function canonical(a: number): number {
  return a + ((a >> 31) & Q);
}
