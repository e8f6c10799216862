/**
 * Prekeys: the records that a device keeps (in libsignal's own serialised form, so that they move between engines) and
 * the bundle that a sender fetches.
 */
import { isU32 } from './bytes.ts';
import type { Bytes } from './bytes.ts';
import { MAX_DEVICE_ID, MIN_DEVICE_ID } from './consts.ts';
import { PrivateKey, PublicKey } from './ec.ts';
import { CryptoError } from './errors.ts';
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

/** What `PreKeyBundle` holds. */
interface BundleParts {
  readonly registrationId: number;
  readonly deviceId: number;
  readonly preKey: { readonly id: number; readonly key: PublicKey } | undefined;
  readonly signedPreKeyId: number;
  readonly signedPreKey: PublicKey;
  readonly signedPreKeySignature: Bytes;
  readonly identityKey: PublicKey;
  readonly kyberPreKeyId: number;
  readonly kyberPreKey: KEMPublicKey;
  readonly kyberPreKeySignature: Bytes;
}

/** A peer device's public keys for one handshake. Its signatures are verified by `processPreKeyBundle`. */
export class PreKeyBundle {
  readonly #parts: BundleParts;

  private constructor(parts: BundleParts) {
    this.#parts = parts;
  }

  /**
   * A one-time prekey is optional (`null` for both its arguments), a Kyber prekey is not: throws `misuse` without
   * one, with only half of a one-time prekey, or with a number that a first message could not carry.
   */
  static new(
    registrationId: number,
    deviceId: number,
    preKeyId: number | null,
    preKey: PublicKey | null,
    signedPreKeyId: number,
    signedPreKey: PublicKey,
    signedPreKeySignature: Uint8Array,
    identityKey: PublicKey,
    kyberPreKeyId: number,
    kyberPreKey: KEMPublicKey,
    kyberPreKeySignature: Uint8Array,
  ): PreKeyBundle {
    if ((preKeyId === null) !== (preKey === null)) {
      throw new CryptoError('misuse', 'a one-time prekey needs both id and key');
    }
    if (!(kyberPreKey instanceof KEMPublicKey)) throw new CryptoError('misuse', 'a Kyber prekey is required');
    if (![registrationId, preKeyId ?? 0, signedPreKeyId, kyberPreKeyId].every(isU32)) {
      throw new CryptoError('misuse', 'an id is no unsigned 32-bit integer');
    }
    if (!isU32(deviceId) || deviceId < MIN_DEVICE_ID || deviceId > MAX_DEVICE_ID) {
      throw new CryptoError('misuse', 'device id is not between 1 and 127');
    }
    return new PreKeyBundle({
      registrationId,
      deviceId,
      preKey: preKeyId === null || preKey === null ? undefined : { id: preKeyId, key: preKey },
      signedPreKeyId,
      signedPreKey,
      signedPreKeySignature: new Uint8Array(signedPreKeySignature),
      identityKey,
      kyberPreKeyId,
      kyberPreKey,
      kyberPreKeySignature: new Uint8Array(kyberPreKeySignature),
    });
  }

  registrationId(): number {
    return this.#parts.registrationId;
  }

  deviceId(): number {
    return this.#parts.deviceId;
  }

  preKeyId(): number | null {
    return this.#parts.preKey?.id ?? null;
  }

  preKeyPublic(): PublicKey | null {
    return this.#parts.preKey?.key ?? null;
  }

  signedPreKeyId(): number {
    return this.#parts.signedPreKeyId;
  }

  signedPreKeyPublic(): PublicKey {
    return this.#parts.signedPreKey;
  }

  signedPreKeySignature(): Bytes {
    return this.#parts.signedPreKeySignature.slice();
  }

  identityKey(): PublicKey {
    return this.#parts.identityKey;
  }

  kyberPreKeyId(): number {
    return this.#parts.kyberPreKeyId;
  }

  kyberPreKeyPublic(): KEMPublicKey {
    return this.#parts.kyberPreKey;
  }

  kyberPreKeySignature(): Bytes {
    return this.#parts.kyberPreKeySignature.slice();
  }
}
