/**
 * The room's door, in libsignal's shape: the same names, calls, argument orders and error numbers as the messaging
 * part of `@signalapp/libsignal-client` 0.103, so that a program written for one runs on the other.
 * One call is extra: `await ready()` before anything else.
 */
export { ready } from './ready.ts';
export { CryptoError as LibSignalErrorBase, ErrorCode } from './errors.ts';
export type { CryptoError as LibSignalError } from './errors.ts';
export { Aci, Pni, ProtocolAddress, ServiceId, ServiceIdKind } from './address.ts';
export { CiphertextMessage, CiphertextMessageType } from './ciphertext-message.ts';
export type { CiphertextMessageConvertible } from './ciphertext-message.ts';
export { IdentityKeyPair, PrivateKey, PublicKey } from './ec.ts';
export { hkdf } from './hkdf.ts';
export { KEMKeyPair, KEMPublicKey, KEMSecretKey } from './kem.ts';
export { PreKeyBundle } from './prekey-bundle.ts';
export { KyberPreKeyRecord, PreKeyRecord, SignedPreKeyRecord } from './prekeys.ts';
export type { SignedKyberPublicPreKey, SignedPublicPreKey } from './prekeys.ts';
export {
  Direction,
  IdentityChange,
  IdentityKeyStore,
  KyberPreKeyStore,
  PreKeyStore,
  SessionStore,
  SignedPreKeyStore,
} from './stores.ts';
export { DisplayableFingerprint, Fingerprint, ScannableFingerprint } from './fingerprint.ts';
export { SessionRecord } from './session/record.ts';
export { processPreKeyBundle, signalDecrypt, signalDecryptPreKey, signalEncrypt } from './session/cipher.ts';
export { PreKeySignalMessage } from './wire/prekey-message.ts';
export { SignalMessage } from './wire/signal-message.ts';
export { DecryptionErrorMessage, PlaintextContent } from './decryption-error.ts';
export {
  issueSelfSignedCertificate,
  parseSelfSignedCertificate,
  SenderCertificate,
  ServerCertificate,
} from './sealed-sender/certificates.ts';
export type { SelfIssuedSender } from './sealed-sender/certificates.ts';
export { ContentHint, UnidentifiedSenderMessageContent } from './sealed-sender/content.ts';
export type { SealableMessage } from './sealed-sender/content.ts';
export {
  SealedSenderDecryptionResult,
  sealedSenderDecryptMessage,
  sealedSenderEncryptMessage,
} from './sealed-sender/message.ts';
export { sealedSenderDecryptToUsmc, sealedSenderEncrypt } from './sealed-sender/seal.ts';
