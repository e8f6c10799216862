/**
 * Starting sessions: from a bundle (the side that writes first) and from a first message (the side that answers).
 * Pure; the trust questions and the stores are in `cipher.ts`.
 */
import { PrivateKey } from '../ec.ts';
import type { IdentityKeyPair, PublicKey } from '../ec.ts';
import { CryptoError } from '../errors.ts';
import type { PreKeyBundle } from '../prekey-bundle.ts';
import { deriveInitiatorSecrets, deriveResponderSecrets } from '../pqxdh.ts';
import type { OwnKeys } from '../pqxdh.ts';
import { startTripleInitiator, startTripleResponder } from '../ratchet/triple.ts';
import type { PreKeySignalMessage } from '../wire/prekey-message.ts';
import type { SessionState } from './state.ts';

/** Throws `bad-signature` unless the bundle's identity signed both its prekeys. */
export function verifyBundle(bundle: PreKeyBundle): void {
  const identity = bundle.identityKey();
  const signed = [
    [bundle.signedPreKeyPublic().serialize(), bundle.signedPreKeySignature()],
    [bundle.kyberPreKeyPublic().serialize(), bundle.kyberPreKeySignature()],
  ] as const;
  for (const [key, signature] of signed) {
    if (!identity.verify(key, signature))
      throw new CryptoError('bad-signature', 'a prekey is not signed by its identity');
  }
}

/** A session with the owner of a verified bundle. `nowMs` since 1970. */
export function startSession(
  identity: IdentityKeyPair,
  localRegistrationId: number,
  bundle: PreKeyBundle,
  nowMs: number,
): SessionState {
  const base = PrivateKey.generate();
  const { secrets, kyberCiphertext } = deriveInitiatorSecrets(identity.privateKey, base, {
    identityKey: bundle.identityKey(),
    signedPreKey: bundle.signedPreKeyPublic(),
    oneTimePreKey: bundle.preKeyPublic() ?? undefined,
    kyberPreKey: bundle.kyberPreKeyPublic(),
  });
  const baseKey = base.getPublicKey()._wire;
  base.erase();
  return {
    baseKey,
    localIdentity: identity.publicKey._wire,
    remoteIdentity: bundle.identityKey()._wire,
    localRegistrationId,
    remoteRegistrationId: bundle.registrationId(),
    ratchet: startTripleInitiator(secrets, bundle.signedPreKeyPublic()._wire),
    pending: {
      createdAt: nowMs,
      preKeyId: bundle.preKeyId() ?? undefined,
      signedPreKeyId: bundle.signedPreKeyId(),
      kyberPreKeyId: bundle.kyberPreKeyId(),
      kyberCiphertext,
    },
  };
}

/** Throws `bad-key` unless a first message's base key is canonical and of prime order. */
export function verifyBaseKey(message: PreKeySignalMessage): void {
  if (!message._baseKey()._isPrimeOrder()) throw new CryptoError('bad-key', 'incoming base key is invalid');
}

/** The session that a first message asks for. Nothing is proved before its inner message has been decrypted. */
export function answerSession(
  own: OwnKeys,
  localIdentity: PublicKey,
  localRegistrationId: number,
  message: PreKeySignalMessage,
): SessionState {
  const secrets = deriveResponderSecrets(
    own,
    message._identityKey(),
    message._baseKey(),
    message._kyberCiphertext(),
  );
  return {
    baseKey: message._baseKey()._wire,
    localIdentity: localIdentity._wire,
    remoteIdentity: message._identityKey()._wire,
    localRegistrationId,
    remoteRegistrationId: message.registrationId(),
    ratchet: startTripleResponder(secrets, {
      privateKey: own.signedPreKey.serialize(),
      publicKey: own.signedPreKey.getPublicKey()._wire,
    }),
    pending: undefined,
  };
}
