/**
 * Sampling of ML-KEM polynomials (FIPS 203 section 4.2.2): uniform ones of the public matrix by rejection,
 * small secret ones from the centred binomial distribution with eta = 2. The first works on public bytes
 * and may branch on them; the second does not branch.
 */
import { shake128, shake256 } from '../sodium.ts';
import { N, Q } from './ntt.ts';

/** Three SHAKE128 blocks: enough for 256 coefficients in 99 of 100 cases. */
const FIRST_SQUEEZE = 504;

/**
 * Fills `row` with row `i` of the matrix that the 32-byte public seed rho stands for, or of its transpose
 * (algorithm 7). Coefficients are in [0, q).
 */
export function sampleMatrixRow(rho: Uint8Array, i: number, transposed: boolean, row: Int16Array): void {
  const seed = new Uint8Array(34);
  seed.set(rho);
  for (let j = 0; j * N < row.length; j += 1) {
    seed[32] = transposed ? i : j;
    seed[33] = transposed ? j : i;
    let sizeBytes = FIRST_SQUEEZE;
    while (!rejectionSample(shake128(sizeBytes, seed), row, j * N)) sizeBytes *= 2;
  }
}

/** Takes 12-bit numbers below q until 256 are found; false if the bytes do not suffice. */
function rejectionSample(bytes: Uint8Array, out: Int16Array, offset: number): boolean {
  const end = offset + N;
  let filled = offset;
  for (let at = 0; at + 2 < bytes.length; at += 3) {
    const middle = bytes[at + 1] ?? 0;
    const a = (bytes[at] ?? 0) | ((middle & 15) << 8);
    const b = (middle >> 4) | ((bytes[at + 2] ?? 0) << 4);
    if (a < Q) {
      out[filled] = a;
      filled += 1;
      if (filled === end) return true;
    }
    if (b < Q) {
      out[filled] = b;
      filled += 1;
      if (filled === end) return true;
    }
  }
  return false;
}

/**
 * `count` small polynomials from SHAKE256(seed || nonce, 128), nonce counting up from `firstNonce`
 * (algorithm 8 with eta = 2). Coefficients are in [-2, 2].
 */
export function sampleNoise(seed: Uint8Array, firstNonce: number, count: number): Int16Array {
  const vector = new Int16Array(count * N);
  for (let i = 0; i < count; i += 1) {
    const bytes = shake256(128, seed, Uint8Array.of(firstNonce + i));
    for (let at = 0, j = i * N; at < 128; at += 1, j += 2) {
      const byte = bytes[at] ?? 0;
      const pairs = (byte & 0x55) + ((byte >> 1) & 0x55);
      vector[j] = (pairs & 3) - ((pairs >> 2) & 3);
      vector[j + 1] = ((pairs >> 4) & 3) - (pairs >> 6);
    }
    bytes.fill(0);
  }
  return vector;
}
