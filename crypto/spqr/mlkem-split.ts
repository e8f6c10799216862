/**
 * ML-KEM-768 cut for the post-quantum ratchet (FIPS 203 mathematics; ML-KEM Braid specification): the encapsulation key
 * travels as a 64-byte header rho || SHA3-256(t || rho) and as t, the ciphertext as its two parts. Put together they are
 * those of the plain scheme.
 *
 * Kept secrets are short: the offering side keeps the 64 bytes from which its key pair comes, the answering side
 * the 32 random bytes of its encapsulation. Both are expanded again where they are used.
 */
import { concat, equalBytes, wipe } from '../bytes.ts';
import type { Bytes } from '../bytes.ts';
import { CryptoError } from '../errors.ts';
import {
  decodeT,
  deriveSecretVector,
  encryptU,
  encryptV,
  expandCoins,
  mlKem768,
} from '../mlkem/encryption.ts';
import { decapsulateWith, deriveSecretAndCoins, generateKeyPair } from '../mlkem/kem.ts';
import { randomBytes } from '../random.ts';
import { sha3x256 } from '../sodium.ts';

/** rho 32 || SHA3-256(t || rho) 32. */
export const KEM_HEADER_BYTES = 64;
/** t. */
export const KEM_EK_BYTES = 1152;
/** Compressed u and compressed v. */
export const KEM_CT1_BYTES = 960;
export const KEM_CT2_BYTES = 128;
/** d 32 || z 32 of the key generation. */
export const KEM_SEED_BYTES = 64;
/** The random message of an encapsulation. */
export const KEM_MESSAGE_BYTES = 32;

/** A key pair of the offering side. */
export interface SplitKeys {
  /** 64 secret bytes. */
  readonly seed: Uint8Array;
  /** 64 bytes, sent first. */
  readonly header: Uint8Array;
  /** t, 1152 bytes, sent afterwards. */
  readonly ek: Uint8Array;
}

export function generateSplitKeys(): SplitKeys {
  const seed = randomBytes(KEM_SEED_BYTES);
  const { encapsulationKey, decapsulationKey } = generateKeyPair(
    mlKem768,
    seed.subarray(0, 32),
    seed.subarray(32),
  );
  wipe(decapsulationKey);
  const rho = encapsulationKey.subarray(KEM_EK_BYTES);
  return {
    seed,
    header: concat(rho, sha3x256(encapsulationKey)),
    ek: encapsulationKey.slice(0, KEM_EK_BYTES),
  };
}

/** First part of an encapsulation, from the header alone. */
export function encapsulateFirst(header: Uint8Array): {
  /** 32 secret bytes for `encapsulateSecond`. */
  readonly message: Bytes;
  /** 960 bytes. */
  readonly ct1: Bytes;
  /** 32 bytes. */
  readonly sharedSecret: Bytes;
} {
  const message = randomBytes(KEM_MESSAGE_BYTES);
  const { sharedSecret, coins } = deriveSecretAndCoins(message, header.subarray(32));
  const r = expandCoins(mlKem768, coins);
  const ct1 = new Uint8Array(KEM_CT1_BYTES);
  encryptU(mlKem768, header.subarray(0, 32), r, coins, ct1);
  wipe(coins);
  r.fill(0);
  return { message, ct1, sharedSecret };
}

/** Throws `bad-key` unless t is the one that the header promised, and canonical. */
export function checkSplitKey(header: Uint8Array, ek: Uint8Array): void {
  decodeT(ek);
  if (!equalBytes(sha3x256(ek, header.subarray(0, 32)), header.subarray(32))) {
    throw new CryptoError('bad-key', 'encapsulation key does not fit its header');
  }
}

/** Second part of an encapsulation (128 bytes), for a t that `checkSplitKey` let pass. */
export function encapsulateSecond(header: Uint8Array, ek: Uint8Array, message: Uint8Array): Bytes {
  const t = decodeT(ek);
  const { sharedSecret, coins } = deriveSecretAndCoins(message, header.subarray(32));
  const r = expandCoins(mlKem768, coins);
  const ct2 = new Uint8Array(KEM_CT2_BYTES);
  encryptV(mlKem768, t, r, coins, message, ct2);
  wipe(sharedSecret, coins);
  r.fill(0);
  return ct2;
}

/** The 32-byte shared secret of both parts together; a pseudo-random one when they were forged. */
export function decapsulateSplit(keys: SplitKeys, ct1: Uint8Array, ct2: Uint8Array): Bytes {
  const s = deriveSecretVector(mlKem768, keys.seed.subarray(0, 32));
  const sharedSecret = decapsulateWith(
    mlKem768,
    {
      s,
      encapsulationKey: concat(keys.ek, keys.header.subarray(0, 32)),
      keyHash: keys.header.subarray(32),
      z: keys.seed.subarray(32),
    },
    concat(ct1, ct2),
  );
  s.fill(0);
  return sharedSecret;
}
