/** The bundle of public keys that a sender fetches for one handshake with one device. */
import { isU32 } from './bytes.ts';
import type { Bytes } from './bytes.ts';
import { MAX_DEVICE_ID, MIN_DEVICE_ID } from './consts.ts';
import type { PublicKey } from './ec.ts';
import { CryptoError } from './errors.ts';
import { KEMPublicKey } from './kem.ts';

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
