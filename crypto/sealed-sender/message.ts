/**
 * libsignal's two calls that seal and ratchet in one. Tacet itself opens a seal first, asks the sender's device list, and only then
 * ratchets (`sealedSenderDecryptToUsmc`, then `signalDecrypt` or `signalDecryptPreKey`), because its certificates are self-issued.
 */
import { ProtocolAddress, type Aci } from '../address.ts';
import type { Bytes } from '../bytes.ts';
import { CiphertextMessageType } from '../ciphertext-message.ts';
import type { PublicKey } from '../ec.ts';
import { CryptoError } from '../errors.ts';
import { signalDecrypt, signalDecryptPreKey, signalEncrypt } from '../session/cipher.ts';
import type {
  IdentityKeyStore,
  KyberPreKeyStore,
  PreKeyStore,
  SessionStore,
  SignedPreKeyStore,
} from '../stores.ts';
import { PreKeySignalMessage } from '../wire/prekey-message.ts';
import { SignalMessage } from '../wire/signal-message.ts';
import type { SenderCertificate } from './certificates.ts';
import { ContentHint, UnidentifiedSenderMessageContent } from './content.ts';
import { sealedSenderDecryptToUsmc, sealedSenderEncrypt } from './seal.ts';

/** Encrypts on the session with `address` and seals the result. The certificate's address is the local one. Throws as both steps do. */
export async function sealedSenderEncryptMessage(
  message: Uint8Array,
  address: ProtocolAddress,
  senderCert: SenderCertificate,
  sessionStore: SessionStore,
  identityStore: IdentityKeyStore,
): Promise<Bytes> {
  const local = ProtocolAddress.new(senderCert.senderUuid(), senderCert.senderDeviceId());
  const ciphertext = await signalEncrypt(message, address, local, sessionStore, identityStore);
  const content = UnidentifiedSenderMessageContent.new(ciphertext, senderCert, ContentHint.Default, null);
  return sealedSenderEncrypt(content, address, identityStore);
}

/** A decrypted message and who its certificate names. */
export class SealedSenderDecryptionResult {
  readonly #message: Bytes;
  readonly #certificate: SenderCertificate;

  /** Made by `sealedSenderDecryptMessage` only. */
  constructor(message: Bytes, certificate: SenderCertificate) {
    this.#message = message;
    this.#certificate = certificate;
  }

  message(): Bytes {
    return this.#message.slice();
  }
  senderE164(): string | null {
    return this.#certificate.senderE164();
  }
  senderUuid(): string {
    return this.#certificate.senderUuid();
  }
  senderAci(): Aci | null {
    return this.#certificate.senderAci();
  }
  deviceId(): number {
    return this.#certificate.senderDeviceId();
  }
}

/**
 * Opens a seal, validates its certificate against a trust root at `timestamp` (ms), and decrypts what was inside on the session with the
 * sender. Throws what opening throws, `bad-certificate`, `self-send` (one's own address, by UUID or E.164), `malformed` for a type that
 * is neither Whisper nor PreKey, or what decrypting throws.
 */
export async function sealedSenderDecryptMessage(
  message: Uint8Array,
  trustRoot: PublicKey,
  timestamp: number,
  localE164: string | null,
  localUuid: string,
  localDeviceId: number,
  sessionStore: SessionStore,
  identityStore: IdentityKeyStore,
  prekeyStore: PreKeyStore,
  signedPrekeyStore: SignedPreKeyStore,
  kyberPrekeyStore: KyberPreKeyStore,
): Promise<SealedSenderDecryptionResult> {
  const operation = 'SealedSender_DecryptMessage';
  const content = await sealedSenderDecryptToUsmc(message, identityStore);
  const certificate = content.senderCertificate();
  if (!certificate.validate(trustRoot, timestamp)) {
    throw new CryptoError('bad-certificate', 'trust root validation failed', { operation });
  }
  const isOwnName = localUuid === certificate.senderUuid();
  const isOwnNumber = localE164 !== null && localE164 === certificate.senderE164();
  if ((isOwnName || isOwnNumber) && localDeviceId === certificate.senderDeviceId()) {
    throw new CryptoError('self-send', 'self send of a sealed message', { operation });
  }
  const remote = ProtocolAddress.new(certificate.senderUuid(), certificate.senderDeviceId());
  const local = ProtocolAddress.new(localUuid, localDeviceId);
  switch (content.msgType()) {
    case CiphertextMessageType.Whisper: {
      const inner = SignalMessage.deserialize(content.contents());
      const plaintext = await signalDecrypt(inner, remote, local, sessionStore, identityStore);
      return new SealedSenderDecryptionResult(plaintext, certificate);
    }
    case CiphertextMessageType.PreKey: {
      const inner = PreKeySignalMessage.deserialize(content.contents());
      const plaintext = await signalDecryptPreKey(
        inner,
        remote,
        local,
        sessionStore,
        identityStore,
        prekeyStore,
        signedPrekeyStore,
        kyberPrekeyStore,
      );
      return new SealedSenderDecryptionResult(plaintext, certificate);
    }
    case CiphertextMessageType.SenderKey:
    case CiphertextMessageType.Plaintext:
      throw new CryptoError('malformed', 'unexpected message type in a sealed message', { operation });
  }
}
