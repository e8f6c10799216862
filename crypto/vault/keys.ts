/**
 * The keys of an account, each of its own type, and where they come from: at random, or from the passphrase.
 * The passphrase is stretched by Argon2id (RFC 9106) with parameters that are pinned here and never taken from a server, under a salt
 * that the client makes itself from the username; HKDF-SHA256 (RFC 5869) then gives two independent keys. Whoever holds the server's
 * database can guess only against the login key and the wrap, at the cost of one Argon2id each.
 */
import { utf8, wipe, type Bytes } from '../bytes.ts';
import { CryptoError } from '../errors.ts';
import { hkdf } from '../kdf.ts';
import { randomBytes } from '../random.ts';
import { argon2id, sha256 } from '../sodium.ts';
import { labelledHash } from './labelled-hash.ts';
import { LABELS } from './labels.ts';
import { signingKeyPair, type SigningKeyPair } from './signing.ts';

declare const kind: unique symbol;
/** 32 secret bytes for one purpose. */
type SecretKey<Name extends string> = Bytes & { readonly [kind]: Name };

/** Wraps the vault key; from the passphrase or a passkey. 32 bytes. */
export type WrapKey = SecretKey<'WrapKey'>;
/** Seals the vault. 32 bytes, random. */
export type VaultKey = SecretKey<'VaultKey'>;
/** Seals the account record. 32 bytes, random. */
export type RecordKey = SecretKey<'RecordKey'>;
/** Seals the profile and gives the delivery key; handed to contacts. 32 bytes, random. */
export type ProfileKey = SecretKey<'ProfileKey'>;
/** Authorises anonymous sends and prekey fetches. 32 bytes, from the profile key. */
export type DeliveryKey = SecretKey<'DeliveryKey'>;
/** Seals local storage. 32 bytes, random. */
export type LocalKey = SecretKey<'LocalKey'>;
/** Authenticates the answer to an invite. 32 bytes, random. */
export type InviteSecret = SecretKey<'InviteSecret'>;
/** Whoever has it may join a call: in its ring, or in a link. 32 bytes, random. */
export type CallSecret = SecretKey<'CallSecret'>;

/** Bytes of every key above. */
export const KEY_BYTES = 32;

/**
 * Argon2id's cost: 64 MiB, 3 passes, 1 lane, a 16-byte salt, 32 bytes out (the second recommended choice of RFC 9106 section 4 with
 * the lanes that libsodium has). Part of the format: another choice is another label.
 */
export const ARGON2 = { memoryBytes: 64 * 1024 * 1024, passes: 3, saltBytes: 16, outputBytes: 32 } as const;

/** Longest passphrase accepted, in UTF-16 units; bounds the work before Argon2id. */
export const PASSPHRASE_MAX_CHARS = 1024;

type RandomKey = VaultKey | RecordKey | ProfileKey | LocalKey | InviteSecret | CallSecret;
type AnyKey = WrapKey | DeliveryKey | RandomKey;

/** Takes 32 stored bytes back as the key that they are. Copies. Throws `misuse` on another length. */
export function keyFrom<Key extends AnyKey>(bytes: Uint8Array): Key {
  if (bytes.length !== KEY_BYTES) throw new CryptoError('misuse', 'a key has 32 bytes');
  return Uint8Array.from(bytes) as Key;
}

/** A fresh random key; say which: `generateKey<VaultKey>()`. For the random ones only, see each type. */
export function generateKey<Key extends RandomKey>(): Key {
  return randomBytes(KEY_BYTES) as Key;
}

/** Lower case, NFKC, no blanks around it: one salt for one account, however its name was typed. */
export function normaliseUsername(username: string): string {
  return username.normalize('NFKC').trim().toLowerCase();
}

/**
 * NFKC, no blanks around it, every run of white space one space: a passphrase typed from a printed sheet, on any keyboard, gives the
 * bytes that it gave when it was made.
 */
export function normalisePassphrase(passphrase: string): string {
  return passphrase.normalize('NFKC').trim().replace(/\s+/gu, ' ');
}

/** What the passphrase opens. */
export interface StretchedPassphrase {
  /** Signs sign-ups, logins and credential changes (Ed25519). */
  readonly loginKey: SigningKeyPair;
  readonly wrapKey: WrapKey;
}

/**
 * Stretches the passphrase of an account (blocks for some 200 ms: call it in a worker). The same passphrase and username give the same
 * keys, everywhere and always. Throws `misuse` on an empty or overlong passphrase or an empty username.
 */
export function stretchPassphrase(passphrase: string, username: string): StretchedPassphrase {
  if (passphrase.length > PASSPHRASE_MAX_CHARS) throw new CryptoError('misuse', 'passphrase too long');
  const name = normaliseUsername(username);
  const secret = utf8(normalisePassphrase(passphrase));
  if (secret.length === 0 || name.length === 0) {
    throw new CryptoError('misuse', 'empty passphrase or username');
  }
  const salt = labelledHash(LABELS.passphraseSalt, utf8(name)).subarray(0, ARGON2.saltBytes);
  const stretched = argon2id(secret, salt, ARGON2.passes, ARGON2.memoryBytes, ARGON2.outputBytes);
  wipe(secret);
  const seed = deriveKey(stretched, LABELS.loginKey);
  const wrapKey = deriveKey(stretched, LABELS.passphraseWrapKey) as WrapKey;
  wipe(stretched);
  const loginKey = signingKeyPair(seed);
  wipe(seed);
  return { loginKey, wrapKey };
}

/**
 * The key of the app lock (blocks for some 200 ms). The salt is random, 16 bytes, and lies beside what the key wraps: this passphrase is
 * known to one device only. Throws `misuse` on an empty or overlong passphrase.
 */
export function stretchLock(passphrase: string, salt: Uint8Array): WrapKey {
  if (passphrase.length > PASSPHRASE_MAX_CHARS) throw new CryptoError('misuse', 'passphrase too long');
  const secret = utf8(normalisePassphrase(passphrase));
  if (secret.length === 0) throw new CryptoError('misuse', 'empty passphrase');
  if (salt.length !== ARGON2.saltBytes) throw new CryptoError('misuse', 'a salt has 16 bytes');
  const stretched = argon2id(secret, salt, ARGON2.passes, ARGON2.memoryBytes, ARGON2.outputBytes);
  wipe(secret);
  const key = deriveKey(stretched, LABELS.appLockKey) as WrapKey;
  wipe(stretched);
  return key;
}

/** The wrap key of a passkey, from the 32 bytes of its PRF extension's output (WebAuthn Level 3 section 10.1.4). */
export function derivePasskeyWrapKey(prfOutput: Uint8Array): WrapKey {
  if (prfOutput.length !== KEY_BYTES) throw new CryptoError('misuse', 'a PRF output has 32 bytes');
  return deriveKey(prfOutput, LABELS.passkeyWrapKey) as WrapKey;
}

/** The delivery key that goes with a profile key. */
export function deriveDeliveryKey(profileKey: ProfileKey): DeliveryKey {
  return deriveKey(profileKey, LABELS.deliveryKey) as DeliveryKey;
}

/**
 * What the server keeps of a delivery key: its SHA-256, 32 bytes. Plain, as the wire defines it: the key is random to anyone else and was
 * derived under a label of its own.
 */
export function hashDeliveryKey(deliveryKey: DeliveryKey): Bytes {
  return sha256(deliveryKey);
}

function deriveKey(secret: Uint8Array, label: (typeof LABELS)[keyof typeof LABELS]): Bytes {
  return hkdf(undefined, secret, utf8(label), KEY_BYTES);
}
