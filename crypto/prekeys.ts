/**
 * Prekeys as a device keeps them: records in libsignal's own serialised form, so that they move between engines. What a sender fetches
 * is the bundle (`prekey-bundle.ts`).
 */
import type { Bytes } from './bytes.ts';
import { PrivateKey, PublicKey } from './ec.ts';
import { KEMKeyPair, KEMPublicKey, KEMSecretKey } from './kem.ts';
import { decodePreKey, decodeSignedPreKey, encodePreKey, encodeSignedPreKey } from './wire/prekey-records.ts';

/** The public part of a signed prekey. */
export interface SignedPublicPreKey {
  id: () => number;
  publicKey: () => PublicKey;
  signature: () => Bytes;
}

/** The public part of a Kyber prekey. */
export interface SignedKyberPublicPreKey {
  id: () => number;
  publicKey: () => KEMPublicKey;
  signature: () => Bytes;
}

/** A one-time prekey with its private half. */
export class PreKeyRecord {
  readonly #id: number;
  readonly #publicKey: PublicKey;
  readonly #privateKey: PrivateKey;

  private constructor(id: number, publicKey: PublicKey, privateKey: PrivateKey) {
    this.#id = id;
    this.#publicKey = publicKey;
    this.#privateKey = privateKey;
  }

  static new(id: number, publicKey: PublicKey, privateKey: PrivateKey): PreKeyRecord {
    return new PreKeyRecord(id, publicKey, privateKey);
  }

  static deserialize(bytes: Uint8Array): PreKeyRecord {
    const fields = decodePreKey(bytes);
    return new PreKeyRecord(
      fields.id,
      PublicKey.deserialize(fields.publicKey),
      PrivateKey.deserialize(fields.privateKey),
    );
  }

  id(): number {
    return this.#id;
  }

  privateKey(): PrivateKey {
    return this.#privateKey;
  }

  publicKey(): PublicKey {
    return this.#publicKey;
  }

  serialize(): Bytes {
    return encodePreKey({
      id: this.#id,
      publicKey: this.#publicKey._wire,
      privateKey: this.#privateKey.serialize(),
    });
  }
}

/** A signed prekey with its private half; `timestamp` in milliseconds since 1970. */
export class SignedPreKeyRecord implements SignedPublicPreKey {
  readonly #id: number;
  readonly #timestamp: number;
  readonly #publicKey: PublicKey;
  readonly #privateKey: PrivateKey;
  readonly #signature: Bytes;

  private constructor(
    id: number,
    timestamp: number,
    publicKey: PublicKey,
    privateKey: PrivateKey,
    signature: Uint8Array,
  ) {
    this.#id = id;
    this.#timestamp = timestamp;
    this.#publicKey = publicKey;
    this.#privateKey = privateKey;
    this.#signature = new Uint8Array(signature);
  }

  static new(
    id: number,
    timestamp: number,
    publicKey: PublicKey,
    privateKey: PrivateKey,
    signature: Uint8Array,
  ): SignedPreKeyRecord {
    return new SignedPreKeyRecord(id, timestamp, publicKey, privateKey, signature);
  }

  static deserialize(bytes: Uint8Array): SignedPreKeyRecord {
    const fields = decodeSignedPreKey(bytes);
    return new SignedPreKeyRecord(
      fields.id,
      fields.timestamp,
      PublicKey.deserialize(fields.publicKey),
      PrivateKey.deserialize(fields.privateKey),
      fields.signature,
    );
  }

  id(): number {
    return this.#id;
  }

  privateKey(): PrivateKey {
    return this.#privateKey;
  }

  publicKey(): PublicKey {
    return this.#publicKey;
  }

  signature(): Bytes {
    return this.#signature.slice();
  }

  timestamp(): number {
    return this.#timestamp;
  }

  serialize(): Bytes {
    return encodeSignedPreKey({
      id: this.#id,
      publicKey: this.#publicKey._wire,
      privateKey: this.#privateKey.serialize(),
      signature: this.#signature,
      timestamp: this.#timestamp,
    });
  }
}

/** A Kyber-1024 prekey, one-time or last resort, with its secret half; `timestamp` in milliseconds since 1970. */
export class KyberPreKeyRecord implements SignedKyberPublicPreKey {
  readonly #id: number;
  readonly #timestamp: number;
  readonly #keyPair: KEMKeyPair;
  readonly #signature: Bytes;

  private constructor(id: number, timestamp: number, keyPair: KEMKeyPair, signature: Uint8Array) {
    this.#id = id;
    this.#timestamp = timestamp;
    this.#keyPair = keyPair;
    this.#signature = new Uint8Array(signature);
  }

  static new(id: number, timestamp: number, keyPair: KEMKeyPair, signature: Uint8Array): KyberPreKeyRecord {
    return new KyberPreKeyRecord(id, timestamp, keyPair, signature);
  }

  static deserialize(bytes: Uint8Array): KyberPreKeyRecord {
    const fields = decodeSignedPreKey(bytes);
    const keyPair = KEMKeyPair._of(
      KEMPublicKey.deserialize(fields.publicKey),
      KEMSecretKey.deserialize(fields.privateKey),
    );
    return new KyberPreKeyRecord(fields.id, fields.timestamp, keyPair, fields.signature);
  }

  id(): number {
    return this.#id;
  }

  keyPair(): KEMKeyPair {
    return this.#keyPair;
  }

  publicKey(): KEMPublicKey {
    return this.#keyPair.getPublicKey();
  }

  secretKey(): KEMSecretKey {
    return this.#keyPair.getSecretKey();
  }

  signature(): Bytes {
    return this.#signature.slice();
  }

  timestamp(): number {
    return this.#timestamp;
  }

  serialize(): Bytes {
    return encodeSignedPreKey({
      id: this.#id,
      publicKey: this.publicKey().serialize(),
      privateKey: this.secretKey().serialize(),
      signature: this.#signature,
      timestamp: this.#timestamp,
    });
  }
}
