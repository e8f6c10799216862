/**
 * The door `@tacet/crypto/vault`: everything of an account that is derived from a secret, sealed or signed, without I/O. Await `ready()`
 * of `@tacet/crypto` first. docs/sealed-forms.md lists formats and labels.
 */
/** SHA-256, 32 bytes: for bytes that begin with their own label, and for what the wire says is plain. */
export { sha256 } from './sodium.ts';
export { LABELS, labelled, hasLabel, type Label } from './vault/labels.ts';
export { labelledHash } from './vault/labelled-hash.ts';
export {
  ARGON2,
  KEY_BYTES,
  PASSPHRASE_MAX_CHARS,
  deriveDeliveryKey,
  derivePasskeyWrapKey,
  generateKey,
  hashDeliveryKey,
  keyFrom,
  normalisePassphrase,
  normaliseUsername,
  stretchLock,
  stretchPassphrase,
  type CallSecret,
  type DeliveryKey,
  type InviteSecret,
  type LocalKey,
  type ProfileKey,
  type RecordKey,
  type StretchedPassphrase,
  type VaultKey,
  type WrapKey,
} from './vault/keys.ts';
export {
  generateSigningKeyPair,
  signLabelled,
  signWithKeyPair,
  signingKeyPair,
  verifyLabelled,
  verifyWithPublicKey,
  type SigningKeyPair,
} from './vault/signing.ts';
export { SEAL_OVERHEAD_BYTES, type Binding } from './vault/sealed.ts';
export {
  hashRecord,
  hashRecordKey,
  openLocal,
  openProfile,
  openRecord,
  openSlot,
  openVault,
  sealLocal,
  sealProfile,
  sealedRecordBytes,
  sealRecord,
  sealSlot,
  sealVault,
  unwrapVaultKey,
  wrapVaultKey,
  type VaultContents,
} from './vault/documents.ts';
export { hashAccountKey, inviteMac, verifyInviteMac, type Newcomer } from './vault/invites.ts';
export {
  encounterCommitment,
  encounterMac,
  encounterNumber,
  verifyEncounterMac,
  type Encounter,
} from './vault/encounters.ts';
export {
  callCode,
  callCommitment,
  callRoom,
  openCallJoin,
  openCallLabel,
  sealCallJoin,
  sealCallLabel,
  signCallJoin,
  verifyCallJoin,
  type CallIdentityClaim,
  type CallSide,
} from './vault/calls.ts';
