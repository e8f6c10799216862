/**
 * The stores that a caller implements, with libsignal's method names and its `null` for "none".
 *
 * Obligations: the calls of one operation may be gathered and committed together, but the session must be durable
 * before the ciphertext of the same operation leaves, and nothing of a failed operation may be kept. One operation
 * at a time per address: a second one that starts from the same record would reuse message keys.
 */
import type { ProtocolAddress } from './address.ts';
import { IdentityKeyPair } from './ec.ts';
import type { PrivateKey, PublicKey } from './ec.ts';
import type { KyberPreKeyRecord, PreKeyRecord, SignedPreKeyRecord } from './prekeys.ts';
import type { SessionRecord } from './session/record.ts';

/** What a trust question is asked for. */
export const Direction = { Sending: 0, Receiving: 1 } as const;
export type Direction = (typeof Direction)[keyof typeof Direction];

/** What saving an identity changed. */
export const IdentityChange = { NewOrUnchanged: 0, ReplacedExisting: 1 } as const;
export type IdentityChange = (typeof IdentityChange)[keyof typeof IdentityChange];

export abstract class SessionStore {
  abstract saveSession(name: ProtocolAddress, record: SessionRecord): Promise<void>;
  abstract getSession(name: ProtocolAddress): Promise<SessionRecord | null>;
  abstract getExistingSessions(addresses: ProtocolAddress[]): Promise<SessionRecord[]>;
}

export abstract class IdentityKeyStore {
  abstract getIdentityKey(): Promise<PrivateKey>;

  async getIdentityKeyPair(): Promise<IdentityKeyPair> {
    const privateKey = await this.getIdentityKey();
    return new IdentityKeyPair(privateKey.getPublicKey(), privateKey);
  }

  abstract getLocalRegistrationId(): Promise<number>;
  abstract saveIdentity(name: ProtocolAddress, key: PublicKey): Promise<IdentityChange>;
  abstract isTrustedIdentity(name: ProtocolAddress, key: PublicKey, direction: Direction): Promise<boolean>;
  abstract getIdentity(name: ProtocolAddress): Promise<PublicKey | null>;
}

/** One-time prekeys. `removePreKey` is called once a session that used the key is about to be saved. */
export abstract class PreKeyStore {
  abstract savePreKey(id: number, record: PreKeyRecord): Promise<void>;
  abstract getPreKey(id: number): Promise<PreKeyRecord>;
  abstract removePreKey(id: number): Promise<void>;
}

export abstract class SignedPreKeyStore {
  abstract saveSignedPreKey(id: number, record: SignedPreKeyRecord): Promise<void>;
  abstract getSignedPreKey(id: number): Promise<SignedPreKeyRecord>;
}

/**
 * Kyber prekeys. `markKyberPreKeyUsed` deletes a one-time key; for a last-resort key it must refuse, by throwing, a
 * (signed prekey id, base key) pair that it has seen before.
 */
export abstract class KyberPreKeyStore {
  abstract saveKyberPreKey(kyberPreKeyId: number, record: KyberPreKeyRecord): Promise<void>;
  abstract getKyberPreKey(kyberPreKeyId: number): Promise<KyberPreKeyRecord>;
  abstract markKyberPreKeyUsed(
    kyberPreKeyId: number,
    signedPreKeyId: number,
    baseKey: PublicKey,
  ): Promise<void>;
}
