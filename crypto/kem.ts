/**
 * Kyber-1024 key pairs in libsignal's form: the type byte 0x08 and the bytes of ML-KEM-1024 (FIPS 203), which are
 * those of Kyber round 3. The shared secret is that of round 3: SHAKE256(K || SHA3-256(ciphertext), 32) with K
 * from FIPS 203. Only for a forged ciphertext do the two differ, in what is pseudo-random anyway.
 */
import { concat, equalBytes, wipe } from './bytes.ts';
import type { Bytes } from './bytes.ts';
import { KYBER1024_CIPHERTEXT_BYTES, KYBER1024_PUBLIC_KEY_BYTES, KYBER1024_TYPE } from './consts.ts';
import { CryptoError } from './errors.ts';
import { mlKem1024 } from './mlkem/encryption.ts';
import { decapsulate, encapsulate, generateKeyPair } from './mlkem/kem.ts';
import { randomBytes } from './random.ts';
import { sha3x256, shake256 } from './sodium.ts';

/** Secret key with its type byte: s 1536, public key 1568, its hash 32, z 32. */
const KYBER1024_SECRET_KEY_BYTES = 3169;

/** A Kyber-1024 public key. */
export class KEMPublicKey {
  /** The serialised form, 1569 bytes. Shared within the room: never changed, never handed out. */
  readonly _wire: Bytes;

  private constructor(wire: Bytes) {
    this._wire = wire;
  }

  /**
   * Reads exactly 1569 bytes with type 0x08. Throws `bad-key` otherwise. That the coefficients are canonical is
   * checked when the key is used.
   */
  static deserialize(bytes: Uint8Array): KEMPublicKey {
    return new KEMPublicKey(typed(bytes, KYBER1024_PUBLIC_KEY_BYTES));
  }

  serialize(): Bytes {
    return this._wire.slice();
  }
}

/** A Kyber-1024 secret key. */
export class KEMSecretKey {
  /** The serialised form, 3169 bytes. Shared within the room: never changed, never handed out. */
  readonly _wire: Bytes;

  private constructor(wire: Bytes) {
    this._wire = wire;
  }

  /** Reads exactly 3169 bytes with type 0x08 whose public part fits its hash. Throws `bad-key` otherwise. */
  static deserialize(bytes: Uint8Array): KEMSecretKey {
    const wire = typed(bytes, KYBER1024_SECRET_KEY_BYTES);
    if (!equalBytes(sha3x256(wire.subarray(1537, 3105)), wire.subarray(3105, 3137))) {
      throw new CryptoError('bad-key', 'KEM secret key does not fit its public key');
    }
    return new KEMSecretKey(wire);
  }

  serialize(): Bytes {
    return this._wire.slice();
  }
}

/** A Kyber-1024 key pair. */
export class KEMKeyPair {
  readonly #publicKey: KEMPublicKey;
  readonly #secretKey: KEMSecretKey;

  private constructor(publicKey: KEMPublicKey, secretKey: KEMSecretKey) {
    this.#publicKey = publicKey;
    this.#secretKey = secretKey;
  }

  /** A fresh pair. */
  static generate(): KEMKeyPair {
    const d = randomBytes(32);
    const z = randomBytes(32);
    const pair = generateKeyPair(mlKem1024, d, z);
    wipe(d, z);
    return KEMKeyPair._of(
      KEMPublicKey.deserialize(withType(pair.encapsulationKey)),
      KEMSecretKey.deserialize(withType(pair.decapsulationKey)),
    );
  }

  /** Of two keys that belong together. */
  static _of(publicKey: KEMPublicKey, secretKey: KEMSecretKey): KEMKeyPair {
    return new KEMKeyPair(publicKey, secretKey);
  }

  getPublicKey(): KEMPublicKey {
    return this.#publicKey;
  }

  getSecretKey(): KEMSecretKey {
    return this.#secretKey;
  }
}

/**
 * A fresh 32-byte secret for the owner of the key: the ciphertext (1569 bytes, type byte 0x08) for a PreKey message and
 * the secret for PQXDH. Throws `bad-key` when the key's coefficients are not canonical.
 */
export function encapsulateKyber(publicKey: KEMPublicKey): {
  readonly ciphertext: Bytes;
  readonly sharedSecret: Bytes;
} {
  const message = randomBytes(32);
  const { ciphertext, sharedSecret } = encapsulate(mlKem1024, publicKey._wire.subarray(1), message);
  const result = {
    ciphertext: withType(ciphertext),
    sharedSecret: roundThreeSecret(sharedSecret, ciphertext),
  };
  wipe(message, sharedSecret);
  return result;
}

/**
 * The 32-byte secret of a ciphertext (1569 bytes, type byte 0x08). A forged ciphertext gives a pseudo-random one.
 * Throws `malformed` when type or length are wrong.
 */
export function decapsulateKyber(secretKey: KEMSecretKey, ciphertext: Uint8Array): Bytes {
  if (ciphertext.length !== KYBER1024_CIPHERTEXT_BYTES || ciphertext[0] !== KYBER1024_TYPE) {
    throw new CryptoError('malformed', 'not a Kyber-1024 ciphertext');
  }
  const bare = ciphertext.subarray(1);
  const sharedSecret = decapsulate(mlKem1024, secretKey._wire.subarray(1), bare);
  const result = roundThreeSecret(sharedSecret, bare);
  wipe(sharedSecret);
  return result;
}

function roundThreeSecret(sharedSecret: Uint8Array, ciphertext: Uint8Array): Bytes {
  return shake256(32, sharedSecret, sha3x256(ciphertext));
}

function withType(bytes: Uint8Array): Bytes {
  return concat(Uint8Array.of(KYBER1024_TYPE), bytes);
}

/** A copy of the bytes when they have the type byte and the length. Throws `bad-key` otherwise. */
function typed(bytes: Uint8Array, length: number): Bytes {
  if (bytes.length !== length || bytes[0] !== KYBER1024_TYPE) {
    throw new CryptoError('bad-key', 'not a Kyber-1024 key');
  }
  return new Uint8Array(bytes);
}
