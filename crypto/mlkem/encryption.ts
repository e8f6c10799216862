/**
 * The public-key encryption inside ML-KEM (FIPS 203 section 5), cut in two along the ciphertext: u needs only rho and the
 * coins, v needs t. Nothing here branches on a secret or uses one as an index; what a JavaScript engine makes of it, it
 * does not promise. The matrix is expanded row by row for each operation: no key is used often enough for a cache of
 * 8 KiB to pay.
 */
import { wipe } from '../bytes.ts';
import type { Bytes } from '../bytes.ts';
import { CryptoError } from '../errors.ts';
import { sha3x512 } from '../sodium.ts';
import { compress, decode12, encode12, isCanonical, messageToPolynomial } from './encode.ts';
import { add, dot, inverseNtt, N, ntt, pairCache, reduce, toPlain } from './ntt.ts';
import { sampleMatrixRow, sampleNoise } from './sample.ts';

/** What distinguishes the parameter sets (FIPS 203 section 8). Both use eta = 2 throughout. */
export interface MlKemParameters {
  /** Rank k. */
  readonly rank: number;
  /** Bits per coefficient of u. */
  readonly uBits: number;
  /** Bits per coefficient of v. */
  readonly vBits: number;
  /** t, 12 bits per coefficient; the encapsulation key is t and the 32 bytes rho. */
  readonly tBytes: number;
  /** First part of the ciphertext: compressed u. */
  readonly uBytes: number;
  /** Second part of the ciphertext: compressed v. */
  readonly vBytes: number;
}

export const mlKem768: MlKemParameters = {
  rank: 3,
  uBits: 10,
  vBits: 4,
  tBytes: 1152,
  uBytes: 960,
  vBytes: 128,
};

export const mlKem1024: MlKemParameters = {
  rank: 4,
  uBits: 11,
  vBits: 5,
  tBytes: 1536,
  uBytes: 1408,
  vBytes: 160,
};

/** Key pair of the encryption scheme. */
export interface EncryptionKeys {
  /** t || rho. */
  readonly encapsulationKey: Bytes;
  /** s, transformed. The caller wipes it. */
  readonly s: Int16Array;
}

/** K-PKE.KeyGen (algorithm 13) from 32 random bytes. */
export function generateEncryptionKeys(parameters: MlKemParameters, d: Uint8Array): EncryptionKeys {
  const { rank, tBytes } = parameters;
  const { rho, s, e } = expandSecret(parameters, d);
  const t = multiplyMatrix(rank, rho, s, false);
  toPlain(t);
  ntt(e);
  add(t, e);
  reduce(t);
  const encapsulationKey = new Uint8Array(tBytes + 32);
  encode12(t, encapsulationKey);
  encapsulationKey.set(rho, tBytes);
  e.fill(0);
  return { encapsulationKey, s };
}

/**
 * The secret vector s of the key pair that `generateEncryptionKeys` makes from `d`, transformed: cheaper than
 * generating the pair again, because the matrix is not needed.
 */
export function deriveSecretVector(parameters: MlKemParameters, d: Uint8Array): Int16Array {
  const { s, e } = expandSecret(parameters, d);
  e.fill(0);
  return s;
}

/** The random vector r of an encryption, transformed. */
export function expandCoins(parameters: MlKemParameters, coins: Uint8Array): Int16Array {
  const r = sampleNoise(coins, 0, parameters.rank);
  ntt(r);
  return r;
}

/** First part of the ciphertext: compressed u = A^T r + e1, from rho alone. */
export function encryptU(
  parameters: MlKemParameters,
  rho: Uint8Array,
  r: Int16Array,
  coins: Uint8Array,
  out: Uint8Array,
): void {
  const { rank, uBits } = parameters;
  const u = multiplyMatrix(rank, rho, r, true);
  inverseNtt(u);
  const e1 = sampleNoise(coins, rank, rank);
  add(u, e1);
  reduce(u);
  compress(u, uBits, out);
  e1.fill(0);
  u.fill(0);
}

/** Second part of the ciphertext: compressed v = t r + e2 + message. */
export function encryptV(
  parameters: MlKemParameters,
  t: Int16Array,
  r: Int16Array,
  coins: Uint8Array,
  message: Uint8Array,
  out: Uint8Array,
): void {
  const { rank, vBits } = parameters;
  const v = new Int16Array(N);
  const cache = pairCache(r);
  dot(t, r, cache, v);
  inverseNtt(v);
  const e2 = sampleNoise(coins, 2 * rank, 1);
  const polynomial = messageToPolynomial(message);
  add(v, e2);
  add(v, polynomial);
  reduce(v);
  compress(v, vBits, out);
  for (const secret of [cache, e2, polynomial, v]) secret.fill(0);
}

/** K-PKE.Encrypt (algorithm 14). */
export function encrypt(
  parameters: MlKemParameters,
  t: Int16Array,
  rho: Uint8Array,
  message: Uint8Array,
  coins: Uint8Array,
  out: Uint8Array,
): void {
  const r = expandCoins(parameters, coins);
  encryptU(parameters, rho, r, coins, out.subarray(0, parameters.uBytes));
  encryptV(parameters, t, r, coins, message, out.subarray(parameters.uBytes));
  r.fill(0);
}

/** K-PKE.Decrypt (algorithm 15): the 32-byte message in v - s u. */
export function decrypt(s: Int16Array, u: Int16Array, v: Int16Array): Uint8Array {
  const product = new Int16Array(N);
  ntt(u);
  dot(s, u, pairCache(u), product);
  inverseNtt(product);
  for (let i = 0; i < N; i += 1) product[i] = (v[i] ?? 0) - (product[i] ?? 0);
  reduce(product);
  const message = new Uint8Array(32);
  compress(product, 1, message);
  product.fill(0);
  return message;
}

/** Reads t from its 12-bit form. Throws `bad-key` when a coefficient is not below q. */
export function decodeT(bytes: Uint8Array): Int16Array {
  const t = decode12(bytes);
  if (!isCanonical(t)) throw new CryptoError('bad-key', 'encapsulation key is not canonical');
  return t;
}

/** Seeds and small vectors of a key pair: rho, transformed s, e not transformed. */
function expandSecret(
  parameters: MlKemParameters,
  d: Uint8Array,
): { readonly rho: Uint8Array; readonly s: Int16Array; readonly e: Int16Array } {
  const { rank } = parameters;
  const seeds = sha3x512(d, Uint8Array.of(rank));
  const sigma = seeds.subarray(32);
  const s = sampleNoise(sigma, 0, rank);
  const e = sampleNoise(sigma, rank, rank);
  ntt(s);
  wipe(sigma);
  return { rho: seeds.subarray(0, 32), s, e };
}

/** A x or A^T x in the transformed domain, times -2^-32 (as `dot` leaves it). */
function multiplyMatrix(rank: number, rho: Uint8Array, vector: Int16Array, transposed: boolean): Int16Array {
  const product = new Int16Array(rank * N);
  const row = new Int16Array(rank * N);
  const cache = pairCache(vector);
  for (let i = 0; i < rank; i += 1) {
    sampleMatrixRow(rho, i, transposed, row);
    dot(row, vector, cache, product.subarray(i * N, (i + 1) * N));
  }
  cache.fill(0);
  return product;
}
