/**
 * What an account keeps sealed on the server and a device keeps sealed at home. Everything on the server is bound to the account and
 * to its version, so that a server can answer with an older document only by telling its older version, which the client refuses.
 *
 *   wrap     under a wrap key     vault key 32
 *   vault    under the vault key  account key's private half 32 | record key 32
 *   record   under the record key padded bytes (contents are the caller's)
 *   profile  under the profile key padded bytes
 *   local    under the local key  bytes, bound to a context text
 */
import { concat, utf8, wipe, type Bytes } from '../bytes.ts';
import { PrivateKey } from '../ec.ts';
import {
  keyFrom,
  KEY_BYTES,
  type LocalKey,
  type ProfileKey,
  type RecordKey,
  type VaultKey,
  type WrapKey,
} from './keys.ts';
import { labelledHash } from './labelled-hash.ts';
import { LABELS } from './labels.ts';
import {
  bindingFields,
  open,
  pad,
  paddedSize,
  seal,
  SEAL_OVERHEAD_BYTES,
  unpad,
  type Binding,
} from './sealed.ts';

/** Smallest padded sizes: an empty account record, a profile with a name alone. */
const RECORD_LEAST_BYTES = 4096;
const PROFILE_LEAST_BYTES = 1024;

/** What the vault holds. Forget it when the task that opened it is done. */
export interface VaultContents {
  /** The account key's private half; it only signs. */
  readonly accountKey: PrivateKey;
  readonly recordKey: RecordKey;
}

/** Wraps the vault key: 73 bytes. Bound to account and version of the credentials. */
export function wrapVaultKey(wrapKey: WrapKey, vaultKey: VaultKey, binding: Binding): Bytes {
  return seal(wrapKey, LABELS.wrap, bindingFields(binding), vaultKey);
}

/** Unwraps the vault key. Throws `bad-version`, `malformed` or `bad-seal` (also for a wrong passphrase). */
export function unwrapVaultKey(wrapKey: WrapKey, wrapped: Uint8Array, binding: Binding): VaultKey {
  const plaintext = open(wrapKey, LABELS.wrap, bindingFields(binding), wrapped, KEY_BYTES);
  const vaultKey = keyFrom<VaultKey>(plaintext);
  wipe(plaintext);
  return vaultKey;
}

/** Seals the vault: 105 bytes. Bound to account and version of the credentials. */
export function sealVault(vaultKey: VaultKey, contents: VaultContents, binding: Binding): Bytes {
  const accountKey = contents.accountKey.serialize();
  const plaintext = concat(accountKey, contents.recordKey);
  const sealed = seal(vaultKey, LABELS.vault, bindingFields(binding), plaintext);
  wipe(accountKey, plaintext);
  return sealed;
}

/** Opens the vault. Throws `bad-version`, `malformed` or `bad-seal`. */
export function openVault(vaultKey: VaultKey, sealed: Uint8Array, binding: Binding): VaultContents {
  const plaintext = open(vaultKey, LABELS.vault, bindingFields(binding), sealed, 2 * KEY_BYTES);
  const accountKey = PrivateKey.deserialize(plaintext.subarray(0, KEY_BYTES));
  const recordKey = keyFrom<RecordKey>(plaintext.subarray(KEY_BYTES));
  wipe(plaintext);
  return { accountKey, recordKey };
}

/** Seals the account record, padded: 4 KiB to 64 KiB in powers of two, then in steps of 64 KiB; 41 bytes are added. */
export function sealRecord(recordKey: RecordKey, record: Uint8Array, binding: Binding): Bytes {
  return seal(recordKey, LABELS.record, bindingFields(binding), pad(record, RECORD_LEAST_BYTES));
}

/** How many bytes `sealRecord` makes of a record of `size` bytes. */
export function sealedRecordBytes(size: number): number {
  return paddedSize(size, RECORD_LEAST_BYTES) + SEAL_OVERHEAD_BYTES;
}

/** Opens an account record. Throws `bad-version`, `malformed` or `bad-seal`. */
export function openRecord(recordKey: RecordKey, sealed: Uint8Array, binding: Binding): Bytes {
  return unpad(open(recordKey, LABELS.record, bindingFields(binding), sealed), RECORD_LEAST_BYTES);
}

/** The hash by which the next version of the record names this one: 32 bytes. */
export function hashRecord(sealed: Uint8Array): Bytes {
  return labelledHash(LABELS.recordHash, sealed);
}

/** The hash by which a device list names the record key that goes with it: 32 bytes. */
export function hashRecordKey(recordKey: RecordKey): Bytes {
  return labelledHash(LABELS.recordKeyHash, recordKey);
}

/** Seals a profile, padded from 1 KiB in powers of two. */
export function sealProfile(profileKey: ProfileKey, profile: Uint8Array, binding: Binding): Bytes {
  return seal(profileKey, LABELS.profile, bindingFields(binding), pad(profile, PROFILE_LEAST_BYTES));
}

/** Opens a profile. Throws `bad-version`, `malformed` or `bad-seal`. */
export function openProfile(profileKey: ProfileKey, sealed: Uint8Array, binding: Binding): Bytes {
  return unpad(open(profileKey, LABELS.profile, bindingFields(binding), sealed), PROFILE_LEAST_BYTES);
}

/** Wraps the local key for a locked device: 73 bytes. Bound to the salt of the lock, 16 bytes. */
export function sealSlot(lockKey: WrapKey, localKey: LocalKey, salt: Uint8Array): Bytes {
  return seal(lockKey, LABELS.appLock, salt, localKey);
}

/** Unwraps the local key of a locked device. Throws `bad-version`, `malformed` or `bad-seal` (also for a wrong passphrase). */
export function openSlot(lockKey: WrapKey, sealed: Uint8Array, salt: Uint8Array): LocalKey {
  const plaintext = open(lockKey, LABELS.appLock, salt, sealed, KEY_BYTES);
  const localKey = keyFrom<LocalKey>(plaintext);
  wipe(plaintext);
  return localKey;
}

/** Seals a value for this device's own storage; `context` says where it lies (store and key), so that values cannot be exchanged. */
export function sealLocal(key: LocalKey, context: string, value: Uint8Array): Bytes {
  return seal(key, LABELS.local, utf8(context), value);
}

/** Opens a value of this device's storage. Throws `bad-version`, `malformed` or `bad-seal`. */
export function openLocal(key: LocalKey, context: string, sealed: Uint8Array): Bytes {
  return open(key, LABELS.local, utf8(context), sealed);
}
