/**
 * Messages that no honest engine writes, sealed with the right keys of an own session: what a receiver must refuse is
 * then refused for the one thing that is wrong with it, and not for its MAC.
 */
import { concat } from '../../crypto/bytes.ts';
import { SessionRecord } from '../../crypto/session/record.ts';
import type { SessionState } from '../../crypto/session/state.ts';
import { aesCbcEncrypt } from '../../crypto/noble.ts';
import { hmac } from '../../crypto/kdf.ts';
import { deriveMessageKeys } from '../../crypto/ratchet/chains.ts';
import { takeSending } from '../../crypto/ratchet/double.ts';
import { decodeSpqrState, sendSpqr } from '../../crypto/spqr/ratchet.ts';
import { Writer } from '../../crypto/wire/codec.ts';
import { PreKeySignalMessage } from '../../crypto/wire/prekey-message.ts';
import type { PreKeyMessageParts } from '../../crypto/wire/prekey-message.ts';
import type { Party, Wire } from './signal-party.ts';

/** What is to be different from an honest message. */
export interface Forgery {
  readonly versionByte?: number;
  /** Left out when `undefined` is given explicitly. */
  readonly counter?: number | undefined;
  /** Makes another post-quantum field from the honest one; `undefined` leaves the field out. */
  readonly pqField?: (honest: Uint8Array) => Uint8Array | undefined;
  /** Makes another salt of the message keys from the honest post-quantum key. */
  readonly pqKey?: (honest: Uint8Array) => Uint8Array;
  readonly addresses?: Uint8Array;
  /** Makes another ratchet key field from the honest one. */
  readonly ratchetKey?: (honest: Uint8Array) => Uint8Array;
  /** Fields that no specification knows. */
  readonly unknownFields?: boolean;
  /** Makes another body from the honest ciphertext. */
  readonly ciphertext?: (honest: Uint8Array) => Uint8Array;
  /** Places of the chain that are passed over before it is made. */
  readonly ahead?: number;
}

/** The current session that a party of this project's engine keeps with a peer. */
export function sessionOf(party: Party, peer: Party): SessionState {
  const record = SessionRecord.deserialize(party.sessions.get(peer.address.toString()) ?? new Uint8Array(0));
  const session = record._current();
  if (session === undefined) throw new Error('no current session');
  return session;
}

/** A message on a session, which stays as it is. */
export function forgeOn(session: SessionState, plaintext: Uint8Array, forgery: Forgery): Uint8Array {
  let step = takeSending(session.ratchet.double);
  for (let i = 0; i < (forgery.ahead ?? 0); i += 1) step = takeSending(step.state);
  const pq = sendSpqr(decodeSpqrState(session.ratchet.spqr));
  const keys = deriveMessageKeys(step.seed, forgery.pqKey?.(pq.key) ?? pq.key);
  const honest = aesCbcEncrypt(keys.cipherKey, keys.iv, plaintext);
  const writer = new Writer()
    .raw(Uint8Array.of(forgery.versionByte ?? 0x44))
    .bytes(1, forgery.ratchetKey?.(step.ratchetKey) ?? step.ratchetKey);
  const counter = 'counter' in forgery ? forgery.counter : step.counter;
  if (counter !== undefined) writer.integer(2, counter);
  writer.integer(3, step.previousCounter).bytes(4, forgery.ciphertext?.(honest) ?? honest);
  const pqField = forgery.pqField === undefined ? pq.message : forgery.pqField(pq.message);
  if (pqField !== undefined) writer.bytes(5, pqField);
  if (forgery.addresses !== undefined) writer.bytes(6, forgery.addresses);
  if (forgery.unknownFields === true)
    writer
      .integer(100, 7)
      .bytes(101, Uint8Array.of(1, 2, 3))
      .fixed64(102, 9);
  const body = writer.finish();
  const mac = hmac(keys.macKey, session.localIdentity, session.remoteIdentity, body).slice(0, 8);
  return concat(body, mac);
}

/** A message on the party's current session, which stays as it is: every forgery takes the same place in the ratchet. */
export function forgeMessage(from: Party, to: Party, plaintext: Uint8Array, forgery: Forgery): Wire {
  return { type: 2, bytes: new Uint8Array(forgeOn(sessionOf(from, to), plaintext, forgery)) };
}

/** A first message on an unanswered session, with other parts of its envelope where `parts` says so. */
export function forgeFirstMessage(
  from: Party,
  to: Party,
  plaintext: Uint8Array,
  forgery: Forgery & { readonly outer?: Partial<PreKeyMessageParts>; readonly outerVersionByte?: number },
): Wire {
  const session = sessionOf(from, to);
  const { pending } = session;
  if (pending === undefined) throw new Error('the session was answered');
  const bytes = PreKeySignalMessage._encode({
    registrationId: session.localRegistrationId,
    preKeyId: pending.preKeyId,
    signedPreKeyId: pending.signedPreKeyId,
    kyberPreKeyId: pending.kyberPreKeyId,
    kyberCiphertext: pending.kyberCiphertext,
    baseKey: session.baseKey,
    identityKey: session.localIdentity,
    message: forgeOn(session, plaintext, forgery),
    ...forgery.outer,
  });
  if (forgery.outerVersionByte !== undefined) bytes[0] = forgery.outerVersionByte;
  return { type: 3, bytes };
}
