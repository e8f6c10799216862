/**
 * ML-KEM-768 and ML-KEM-1024 (FIPS 203 sections 6 and 7): key generation, encapsulation and decapsulation from given
 * randomness. The post-quantum ratchet sends the halves of an encapsulation apart; `encapsulate` joins them.
 */
import { wipe } from '../bytes.ts';
import type { Bytes } from '../bytes.ts';
import { CryptoError } from '../errors.ts';
import { sha3x256, sha3x512, shake256 } from '../sodium.ts';
import { decode12, decompress, encode12 } from './encode.ts';
import { decodeT, decrypt, encrypt, generateEncryptionKeys } from './encryption.ts';
import type { MlKemParameters } from './encryption.ts';

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
  const { tBytes } = parameters;
  const { encapsulationKey, s } = generateEncryptionKeys(parameters, d);
  const decapsulationKey = new Uint8Array(2 * tBytes + 96);
  encode12(s, decapsulationKey);
  decapsulationKey.set(encapsulationKey, tBytes);
  decapsulationKey.set(sha3x256(encapsulationKey), 2 * tBytes + 32);
  decapsulationKey.set(z, 2 * tBytes + 64);
  s.fill(0);
  return { encapsulationKey, decapsulationKey };
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
