/**
 * ML-KEM-768 and ML-KEM-1024 (FIPS 203): key generation, encapsulation and decapsulation from given
 * randomness. Encapsulation is cut in two along the ciphertext: u needs only rho and the hash of the key,
 * v needs t. The post-quantum ratchet sends the halves apart; `encapsulate` joins them.
 * Nothing here branches on a secret or uses one as an index; what a JavaScript engine makes of it, it does not promise.
 * The matrix is expanded row by row for each operation: no key is used often enough for a cache of 8 KiB to pay.
 */
import { wipe } from '../bytes.ts';
import type { Bytes } from '../bytes.ts';
import { CryptoError } from '../errors.ts';
import { sha3x256, sha3x512, shake256 } from '../sodium.ts';
import { compress, decode12, decompress, encode12, isCanonical, messageToPolynomial } from './encode.ts';
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

/** A key pair of ML-KEM in its FIPS 203 forms. */
export interface MlKemKeyPair {
  /** t || rho: 1184 or 1568 bytes. */
  readonly encapsulationKey: Bytes;
  /** s || encapsulation key || SHA3-256 of it || z: 2400 or 3168 bytes. */
  readonly decapsulationKey: Bytes;
}

/** Everything that a decapsulation uses, apart. */
export interface MlKemSecret {
  /** s in the transformed domain, coefficients below 4096 in absolute value. */
  readonly s: Int16Array;
  readonly encapsulationKey: Uint8Array;
  /** SHA3-256 of the encapsulation key, 32 bytes. */
  readonly keyHash: Uint8Array;
  /** 32 bytes that stand for the shared secret of a forged ciphertext. */
  readonly z: Uint8Array;
}

/** Ciphertext and the 32-byte shared secret. */
export interface Encapsulation {
  readonly ciphertext: Bytes;
  readonly sharedSecret: Bytes;
}

/** ML-KEM.KeyGen_internal (algorithm 16) from two random 32-byte strings. */
export function generateKeyPair(parameters: MlKemParameters, d: Uint8Array, z: Uint8Array): MlKemKeyPair {
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
  const decapsulationKey = new Uint8Array(2 * tBytes + 96);
  encode12(s, decapsulationKey);
  decapsulationKey.set(encapsulationKey, tBytes);
  decapsulationKey.set(sha3x256(encapsulationKey), 2 * tBytes + 32);
  decapsulationKey.set(z, 2 * tBytes + 64);
  s.fill(0);
  e.fill(0);
  return { encapsulationKey, decapsulationKey };
}

/**
 * The secret vector s of the key pair that `generateKeyPair` makes from `d`, transformed: cheaper than
 * generating the pair again, because the matrix is not needed.
 */
export function deriveSecretVector(parameters: MlKemParameters, d: Uint8Array): Int16Array {
  const { s, e } = expandSecret(parameters, d);
  e.fill(0);
  return s;
}

/**
 * ML-KEM.Encaps_internal (algorithm 17) from a random 32-byte `message`.
 * Throws `bad-key` when the key has another length or a coefficient not below q.
 */
export function encapsulate(
  parameters: MlKemParameters,
  encapsulationKey: Uint8Array,
  message: Uint8Array,
): Encapsulation {
  const { tBytes, uBytes, vBytes } = parameters;
  if (encapsulationKey.length !== tBytes + 32) throw new CryptoError('bad-key', 'encapsulation key length');
  const t = decodeT(encapsulationKey.subarray(0, tBytes));
  const { sharedSecret, coins } = deriveSecretAndCoins(message, sha3x256(encapsulationKey));
  const ciphertext = new Uint8Array(uBytes + vBytes);
  encrypt(parameters, t, encapsulationKey.subarray(tBytes), message, coins, ciphertext);
  wipe(coins);
  return { ciphertext, sharedSecret };
}

/**
 * ML-KEM.Decaps_internal (algorithm 18) with the serialised key. A forged ciphertext gives a pseudo-random secret.
 * That the key fits its hash (FIPS 203 section 7.3) is checked where it is read.
 * Throws `bad-key` when the key has another length, `malformed` when the ciphertext has.
 */
export function decapsulate(
  parameters: MlKemParameters,
  decapsulationKey: Uint8Array,
  ciphertext: Uint8Array,
): Bytes {
  const { tBytes } = parameters;
  if (decapsulationKey.length !== 2 * tBytes + 96)
    throw new CryptoError('bad-key', 'decapsulation key length');
  const s = decode12(decapsulationKey.subarray(0, tBytes));
  const sharedSecret = decapsulateWith(
    parameters,
    {
      s,
      encapsulationKey: decapsulationKey.subarray(tBytes, 2 * tBytes + 32),
      keyHash: decapsulationKey.subarray(2 * tBytes + 32, 2 * tBytes + 64),
      z: decapsulationKey.subarray(2 * tBytes + 64),
    },
    ciphertext,
  );
  s.fill(0);
  return sharedSecret;
}

/** `decapsulate` with the parts of the key apart. The caller wipes them. */
export function decapsulateWith(
  parameters: MlKemParameters,
  secret: MlKemSecret,
  ciphertext: Uint8Array,
): Bytes {
  const { uBits, vBits, tBytes, uBytes, vBytes } = parameters;
  if (ciphertext.length !== uBytes + vBytes) throw new CryptoError('malformed', 'KEM ciphertext length');
  const message = decrypt(
    secret.s,
    decompress(ciphertext.subarray(0, uBytes), uBits),
    decompress(ciphertext.subarray(uBytes), vBits),
  );
  const { sharedSecret, coins } = deriveSecretAndCoins(message, secret.keyHash);
  const rejected = shake256(32, secret.z, ciphertext);

  const again = new Uint8Array(ciphertext.length);
  const t = decode12(secret.encapsulationKey.subarray(0, tBytes));
  encrypt(parameters, t, secret.encapsulationKey.subarray(tBytes), message, coins, again);
  let difference = 0;
  for (let i = 0; i < again.length; i += 1) difference |= (again[i] ?? 0) ^ (ciphertext[i] ?? 0);
  const forged = (-difference >> 31) & 0xff;
  for (let i = 0; i < 32; i += 1) {
    const honest = sharedSecret[i] ?? 0;
    sharedSecret[i] = honest ^ (forged & (honest ^ (rejected[i] ?? 0)));
  }

  wipe(message, coins, rejected, again);
  return sharedSecret;
}

/** (K, r) = SHA3-512(m || SHA3-256(key)): the 32-byte shared secret and the 32-byte coins of the encryption. */
export function deriveSecretAndCoins(
  message: Uint8Array,
  keyHash: Uint8Array,
): { readonly sharedSecret: Bytes; readonly coins: Bytes } {
  const both = sha3x512(message, keyHash);
  const sharedSecret = both.slice(0, 32);
  const coins = both.slice(32);
  wipe(both);
  return { sharedSecret, coins };
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

/** A x or A^T x in the transformed domain, times R^-1. */
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

/** K-PKE.Encrypt (algorithm 14). */
function encrypt(
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
function decrypt(s: Int16Array, u: Int16Array, v: Int16Array): Uint8Array {
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
