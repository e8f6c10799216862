/**
 * libsignal's four session calls over the stores: the order of store calls is its own, and nothing is written before
 * everything has been checked.
 */
import type { ProtocolAddress } from '../address.ts';
import type { Bytes } from '../bytes.ts';
import type { CiphertextMessage } from '../ciphertext-message.ts';
import { now as present } from '../clock.ts';
import { PublicKey } from '../ec.ts';
import { CryptoError } from '../errors.ts';
import type { PreKeyBundle } from '../prekey-bundle.ts';
import { Direction } from '../stores.ts';
import type {
  IdentityKeyStore,
  KyberPreKeyStore,
  PreKeyStore,
  SessionStore,
  SignedPreKeyStore,
} from '../stores.ts';
import type { PreKeySignalMessage } from '../wire/prekey-message.ts';
import type { SignalMessage } from '../wire/signal-message.ts';
import { answerSession, startSession, verifyBaseKey, verifyBundle } from './build.ts';
import { decryptFirst, decryptWhisper, encryptOn } from './exchange.ts';
import { isUsableForSending, SessionRecord } from './record.ts';
import type { SessionState } from './state.ts';

async function within<T>(operation: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof CryptoError ? error._within(operation) : error;
  }
}

async function requireTrust(
  store: IdentityKeyStore,
  address: ProtocolAddress,
  identity: PublicKey,
  direction: Direction,
): Promise<void> {
  if (await store.isTrustedIdentity(address, identity, direction)) return;
  throw new CryptoError('untrusted-identity', 'untrusted identity', { addr: address.name() });
}

/**
 * Starts a session with the owner of a bundle and saves it. Throws `untrusted-identity`, `bad-signature`, `bad-key`
 * (a prekey that agrees on zero), or what a store throws.
 */
export async function processPreKeyBundle(
  bundle: PreKeyBundle,
  address: ProtocolAddress,
  _localAddress: ProtocolAddress,
  sessionStore: SessionStore,
  identityStore: IdentityKeyStore,
  now?: Date,
): Promise<void> {
  return within('SessionBuilder_ProcessPreKeyBundle', async () => {
    const peer = bundle.identityKey();
    await requireTrust(identityStore, address, peer, Direction.Sending);
    verifyBundle(bundle);
    const record = (await sessionStore.getSession(address)) ?? SessionRecord._empty();
    const identity = await identityStore.getIdentityKeyPair();
    const registrationId = await identityStore.getLocalRegistrationId();
    const session = startSession(identity, registrationId, bundle, now?.getTime() ?? present());
    await identityStore.saveIdentity(address, peer);
    await sessionStore.saveSession(address, record._withNew(session));
  });
}

/**
 * Encrypts for an address; the record is saved before the message is returned. Throws `no-session` when there is
 * none that may be sent on, `untrusted-identity`, or what a store throws.
 */
export async function signalEncrypt(
  message: Uint8Array,
  address: ProtocolAddress,
  localAddress: ProtocolAddress,
  sessionStore: SessionStore,
  identityStore: IdentityKeyStore,
  now?: Date,
): Promise<CiphertextMessage> {
  return within('SessionCipher_EncryptMessage', async () => {
    const record = await sessionStore.getSession(address);
    const session = record?._current();
    if (
      record === null ||
      session === undefined ||
      !isUsableForSending(session, now?.getTime() ?? present())
    ) {
      throw new CryptoError('no-session', 'session not found');
    }
    const sealed = encryptOn(session, message, { local: localAddress, remote: address });
    const peer = PublicKey.deserialize(session.remoteIdentity);
    await requireTrust(identityStore, address, peer, Direction.Sending);
    await identityStore.saveIdentity(address, peer);
    await sessionStore.saveSession(address, record._withCurrent(sealed.session));
    return sealed.message;
  });
}

/**
 * Decrypts a message of an established session. Throws `no-session`, `duplicated-message`, `undecryptable`,
 * `untrusted-identity`, or what a store throws; then nothing was saved.
 */
export async function signalDecrypt(
  message: SignalMessage,
  address: ProtocolAddress,
  localAddress: ProtocolAddress,
  sessionStore: SessionStore,
  identityStore: IdentityKeyStore,
): Promise<Bytes> {
  return within('SessionCipher_DecryptSignalMessage', async () => {
    const record = await sessionStore.getSession(address);
    if (record === null) {
      throw new CryptoError('no-session', 'session not found');
    }
    const opened = decryptWhisper(record, message, { local: localAddress, remote: address });
    const peer = PublicKey.deserialize(opened.session.remoteIdentity);
    await requireTrust(identityStore, address, peer, Direction.Receiving);
    await identityStore.saveIdentity(address, peer);
    await sessionStore.saveSession(address, opened.record);
    return opened.plaintext;
  });
}

/**
 * Decrypts a first message, starting the session that it asks for unless it is known. Throws `untrusted-identity`,
 * `bad-key`, `duplicated-message`, `undecryptable`, or what a store throws (a prekey that it does not have). No store
 * is written to before the message was proved genuine; the session is saved last.
 */
export async function signalDecryptPreKey(
  message: PreKeySignalMessage,
  address: ProtocolAddress,
  localAddress: ProtocolAddress,
  sessionStore: SessionStore,
  identityStore: IdentityKeyStore,
  prekeyStore: PreKeyStore,
  signedPrekeyStore: SignedPreKeyStore,
  kyberPrekeyStore: KyberPreKeyStore,
): Promise<Bytes> {
  return within('SessionCipher_DecryptPreKeySignalMessage', async () => {
    const peer = message._identityKey();
    const record = (await sessionStore.getSession(address)) ?? SessionRecord._empty();
    await requireTrust(identityStore, address, peer, Direction.Receiving);
    const isNew = record._find(message._baseKey()._wire) === undefined;
    const fresh = isNew
      ? await prepareAnswer(message, identityStore, prekeyStore, signedPrekeyStore, kyberPrekeyStore)
      : neverFresh;
    const opened = decryptFirst(record, message, { local: localAddress, remote: address }, fresh);
    await identityStore.saveIdentity(address, peer);
    if (isNew) {
      await kyberPrekeyStore.markKyberPreKeyUsed(
        message._kyberPreKeyId(),
        message.signedPreKeyId(),
        message._baseKey(),
      );
      const oneTime = message.preKeyId();
      if (oneTime !== null) await prekeyStore.removePreKey(oneTime);
    }
    await sessionStore.saveSession(address, opened.record);
    return opened.plaintext;
  });
}

function neverFresh(): never {
  throw new CryptoError('invalid-session', 'the session is known already');
}

async function prepareAnswer(
  message: PreKeySignalMessage,
  identityStore: IdentityKeyStore,
  prekeyStore: PreKeyStore,
  signedPrekeyStore: SignedPreKeyStore,
  kyberPrekeyStore: KyberPreKeyStore,
): Promise<() => SessionState> {
  verifyBaseKey(message);
  const signed = await signedPrekeyStore.getSignedPreKey(message.signedPreKeyId());
  const kyber = await kyberPrekeyStore.getKyberPreKey(message._kyberPreKeyId());
  const oneTimeId = message.preKeyId();
  const oneTime = oneTimeId === null ? undefined : await prekeyStore.getPreKey(oneTimeId);
  const identity = await identityStore.getIdentityKeyPair();
  const registrationId = await identityStore.getLocalRegistrationId();
  const own = {
    identityKey: identity.privateKey,
    signedPreKey: signed.privateKey(),
    oneTimePreKey: oneTime?.privateKey(),
    kyberPreKey: kyber.secretKey(),
  };
  return () => answerSession(own, identity.publicKey, registrationId, message);
}
