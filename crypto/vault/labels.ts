/**
 * Every label under which Tacet derives, hashes, authenticates or seals, in one table. A label is one purpose of one key; the bytes
 * after its zero byte are the fields of that purpose. A label that has shipped keeps its meaning: a change is a new version.
 * Labels of signed structures stand with those structures, in the wire's definition; prekeys, certificates and ratchets keep
 * libsignal's own labels (kdf.ts), SFrame's inner derivation those of its RFC (sframe/keys.ts). No library is loaded for this file: the
 * media worker has it too.
 */
import { concat, utf8, type Bytes } from '../bytes.ts';

/** `Tacet/<purpose>/v<version>`. */
export type Label = `Tacet/${string}/v${number}`;

export const LABELS = {
  /** SHA-256 over the normalised username; the first 16 bytes are the salt of Argon2id. */
  passphraseSalt: 'Tacet/passphrase-salt/v1',
  /** HKDF of the stretched passphrase: seed of the Ed25519 login key. */
  loginKey: 'Tacet/login-key/v1',
  /** HKDF of the stretched passphrase: key that wraps the vault key. */
  passphraseWrapKey: 'Tacet/passphrase-wrap-key/v1',
  /** HKDF of a passkey's PRF output: key that wraps the vault key. */
  passkeyWrapKey: 'Tacet/passkey-wrap-key/v1',
  /** HKDF of the profile key. */
  deliveryKey: 'Tacet/delivery-key/v1',
  /** SHA-256 over a serialised account key: what an invite's link carries. */
  accountKeyHash: 'Tacet/account-key-hash/v1',
  /** HMAC-SHA256 under an invite's secret over the newcomer's account id and account key. */
  inviteAnswer: 'Tacet/invite-answer/v1',
  /** SHA-256 over the nonce of whoever shows a code: what the code carries. */
  encounterCommitment: 'Tacet/encounter-nonce/v1',
  /** HMAC-SHA256 under the secret of a scanned code over code, nonces and both accounts with their keys: the number that both compare. */
  encounterNumber: 'Tacet/encounter-number/v1',
  /** The same and the account id of whoever confirms: one side's confirmation. */
  encounterConfirm: 'Tacet/encounter-confirm/v1',
  /** HKDF of a call's secret with its id: the room's id, the key that lets one in, the key of joins (and their associated data). */
  callRoom: 'Tacet/call-room/v1',
  callJoinKey: 'Tacet/call-join-key/v1',
  callJoinSeal: 'Tacet/call-join-seal/v1',
  /** HKDF of a call's secret with its id: the key of what streams are for (and their associated data). */
  callLabelSeal: 'Tacet/call-label-seal/v1',
  /** A device's signature (XEdDSA) over a call's id, its side in it and the prekey bundle of its call identity. */
  callJoin: 'Tacet/call-join/v1',
  /** SHA-256 over the caller's nonce: what the ring carries. */
  callCommitment: 'Tacet/call-nonce/v1',
  /** HMAC-SHA256 under a call's secret over id, nonces and joins: the code that two people may compare aloud. */
  callCode: 'Tacet/call-code/v1',
  /** SHA-256 over a sealed account record: the link of the record's hash chain. */
  recordHash: 'Tacet/record-hash/v1',
  /** SHA-256 over the record key: how a device list names the key that goes with it. */
  recordKeyHash: 'Tacet/record-key-hash/v1',
  /** HKDF of the stretched app-lock passphrase: key that wraps the local key. */
  appLockKey: 'Tacet/app-lock-key/v1',
  /** HKDF of a media base key, with call, track and layer: secret of one layer, from which SFrame derives (RFC 9605 section 4.4.2). */
  frameKey: 'Tacet/frame-key/v1',
  /** HKDF of a media base key: the base key of the next ratchet step. */
  frameRatchet: 'Tacet/frame-ratchet/v1',
  /** Associated data of the sealed forms. */
  wrap: 'Tacet/vault-key-wrap/v1',
  vault: 'Tacet/vault/v1',
  record: 'Tacet/account-record/v1',
  profile: 'Tacet/profile/v1',
  local: 'Tacet/local-storage/v1',
  appLock: 'Tacet/app-lock/v1',
} as const satisfies Record<string, Label>;

/** Label, one zero byte, fields. */
export function labelled(label: Label, ...fields: readonly Uint8Array[]): Bytes {
  return concat(utf8(`${label}\0`), ...fields);
}

/** Whether bytes begin with a label and its zero byte. */
export function hasLabel(label: Label, bytes: Uint8Array): boolean {
  const head = utf8(`${label}\0`);
  return bytes.length >= head.length && head.every((byte, i) => bytes[i] === byte);
}
