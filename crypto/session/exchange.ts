/**
 * Encrypting and decrypting on sessions, pure: a record goes in, another comes out together with the result.
 * Nothing of a message that fails any check reaches the new record.
 */
import type { ProtocolAddress } from '../address.ts';
import { concat, equalBytes, wipe } from '../bytes.ts';
import type { Bytes } from '../bytes.ts';
import { CiphertextMessage, CiphertextMessageType } from '../ciphertext-message.ts';
import { MAX_BODY_BYTES } from '../consts.ts';
import { CryptoError, isCryptoError } from '../errors.ts';
import type { CryptoErrorReason } from '../errors.ts';
import { aesCbcDecrypt, aesCbcEncrypt } from '../noble.ts';
import { takeReceivingKeys, takeSendingKeys } from '../ratchet/triple.ts';
import { PreKeySignalMessage } from '../wire/prekey-message.ts';
import { SignalMessage } from '../wire/signal-message.ts';
import type { SessionRecord } from './record.ts';
import { decodeSessionState } from './state.ts';
import type { SessionState } from './state.ts';

/** Both ends of a conversation, seen from here. */
export interface Ends {
  readonly local: ProtocolAddress;
  readonly remote: ProtocolAddress;
}

function addressesOf(sender: ProtocolAddress, recipient: ProtocolAddress): Bytes | undefined {
  const from = sender._wireForm();
  const to = recipient._wireForm();
  return from === undefined || to === undefined ? undefined : concat(from, to);
}

/** One message on a session. The new state must be durable before the ciphertext leaves. */
export function encryptOn(
  session: SessionState,
  plaintext: Uint8Array,
  ends: Ends,
): { readonly session: SessionState; readonly message: CiphertextMessage } {
  if (plaintext.length >= MAX_BODY_BYTES) throw new CryptoError('misuse', 'plaintext is too long');
  const step = takeSendingKeys(session.ratchet);
  const { cipherKey, macKey, iv } = step.keys;
  const { pending } = session;
  const inner = SignalMessage._encode({
    macKey,
    ratchetKey: step.ratchetKey,
    counter: step.counter,
    previousCounter: step.previousCounter,
    ciphertext: aesCbcEncrypt(cipherKey, iv, plaintext),
    pqRatchet: step.pqRatchet,
    addresses: pending === undefined ? undefined : addressesOf(ends.local, ends.remote),
    senderIdentity: session.localIdentity,
    receiverIdentity: session.remoteIdentity,
  });
  wipe(cipherKey, macKey, iv);
  const moved = { ...session, ratchet: step.state };
  if (pending === undefined) {
    return { session: moved, message: CiphertextMessage._new(CiphertextMessageType.Whisper, inner) };
  }
  const outer = PreKeySignalMessage._encode({
    registrationId: session.localRegistrationId,
    preKeyId: pending.preKeyId,
    signedPreKeyId: pending.signedPreKeyId,
    kyberPreKeyId: pending.kyberPreKeyId,
    kyberCiphertext: pending.kyberCiphertext,
    baseKey: session.baseKey,
    identityKey: session.localIdentity,
    message: inner,
  });
  return { session: moved, message: CiphertextMessage._new(CiphertextMessageType.PreKey, outer) };
}

/** What a message opened. */
export interface Opened {
  readonly session: SessionState;
  readonly plaintext: Bytes;
}

/**
 * One message on one session. Throws `duplicated-message` for a message that was opened before, `undecryptable` for
 * everything else that does not fit: MAC, addresses, padding and the post-quantum part are not told apart.
 */
export function decryptOn(session: SessionState, message: SignalMessage, ends: Ends): Opened {
  if (!message._addressesMatch(ends.remote._wireForm(), ends.local._wireForm())) {
    throw new CryptoError('undecryptable', 'message names other addresses');
  }
  const parts = message._parts();
  const step = takeReceivingKeys(session.ratchet, parts);
  const { cipherKey, macKey, iv } = step.keys;
  try {
    if (!message._verifyMac(macKey, session.remoteIdentity, session.localIdentity)) {
      throw new CryptoError('undecryptable', 'MAC does not fit');
    }
    const plaintext = aesCbcDecrypt(cipherKey, iv, parts.ciphertext);
    return { session: { ...session, ratchet: step.settle(), pending: undefined }, plaintext };
  } finally {
    // After a forgery too: the honest message in its place has the same keys.
    wipe(cipherKey, macKey, iv);
  }
}

/** The one failure that a caller is told when no session opens a message. */
function undecryptable(cause?: unknown): CryptoError {
  return new CryptoError('undecryptable', 'no session opens the message', { cause });
}

/** What a message can be to a session that it does not belong to, or that its sender forged. */
const wrongSession: readonly CryptoErrorReason[] = ['undecryptable', 'malformed', 'bad-version', 'bad-key'];

/** Whether the failure only says that this session is the wrong one, and not that something is wrong here. */
function isWrongSession(error: unknown): boolean {
  return isCryptoError(error) && wrongSession.includes(error.reason);
}

/**
 * A message of an established session: tried on the current session, then on the earlier ones, newest first; the one
 * that opens it becomes current. A duplicate ends the search at once. Throws `no-session`, `duplicated-message`,
 * `undecryptable`, or what is wrong here and not with the message (`bad-state`, `not-ready`).
 */
export function decryptWhisper(
  record: SessionRecord,
  message: SignalMessage,
  ends: Ends,
): { readonly record: SessionRecord } & Opened {
  let failure: unknown;
  const current = record._current();
  if (current !== undefined) {
    try {
      const opened = decryptOn(current, message, ends);
      return { record: record._withCurrent(opened.session), ...opened };
    } catch (error) {
      if (!isWrongSession(error)) throw error;
      failure = error;
    }
  }
  const archived = record._archived();
  if (current === undefined && archived.length === 0)
    throw new CryptoError('no-session', 'session not found');
  for (const [index, encoded] of archived.entries()) {
    try {
      const opened = decryptOn(decodeSessionState(encoded), message, ends);
      return { record: record._promoted(index, opened.session), ...opened };
    } catch (error) {
      if (!isWrongSession(error)) throw error;
      failure ??= error;
    }
  }
  throw undecryptable(failure);
}

/**
 * The inner message of a first message, on the session that its handshake belongs to: one that is known already
 * (current or earlier), or `fresh`. No other session is tried.
 */
export function decryptFirst(
  record: SessionRecord,
  message: PreKeySignalMessage,
  ends: Ends,
  fresh: () => SessionState,
): { readonly record: SessionRecord } & Opened {
  const place = record._find(message._baseKey()._wire);
  const known =
    place === undefined
      ? undefined
      : place === 'current'
        ? record._current()
        : decodeSessionState(record._archived()[place] ?? new Uint8Array(0));
  if (known !== undefined && !equalBytes(known.remoteIdentity, message._identityKey()._wire)) {
    throw undecryptable();
  }
  try {
    const opened = decryptOn(known ?? fresh(), message._message(), ends);
    switch (place) {
      case undefined:
        return { record: record._withNew(opened.session), ...opened };
      case 'current':
        return { record: record._withCurrent(opened.session), ...opened };
      default:
        return { record: record._promoted(place, opened.session), ...opened };
    }
  } catch (error) {
    if (!isWrongSession(error)) throw error;
    throw undecryptable(error);
  }
}
