/**
 * One session: both identities, the ratchets, and what the first messages still have to carry. Immutable.
 *
 * Its stored form, version 1 (own format; integers big-endian). The base key stands first, so that a record finds the
 * session of a repeated first message without parsing the others.
 *
 * ```
 * base key 33 | own identity 33 | peer identity 33 | own registration id 4 | peer registration id 4
 * | root key 32 | previous counter 4
 * | own ratchet private key 32 | own ratchet key 33 | chain key 32 | chain index 4
 * | number of receiver chains 1 | each: ratchet key 33 | chain key 32 | chain index 4 | length 4 | skipped seeds
 * | length 4 | post-quantum ratchet
 * | pending 1 (0 none, 1 without, 2 with a one-time prekey) | if not 0: created at 8 | one-time prekey id 4
 *   | signed prekey id 4 | Kyber prekey id 4 | Kyber ciphertext 1569
 * ```
 */
import { be32, be64, concat } from '../bytes.ts';
import type { Bytes } from '../bytes.ts';
import { KYBER1024_CIPHERTEXT_BYTES, MAX_RECEIVER_CHAINS } from '../consts.ts';
import { CryptoError } from '../errors.ts';
import { RecordReader } from '../record-bytes.ts';
import { brandChainKey, brandRootKey } from '../ratchet/chains.ts';
import type { Chain } from '../ratchet/chains.ts';
import type { ReceiverChain } from '../ratchet/double.ts';
import { isSkippedSeeds } from '../ratchet/skipped.ts';
import type { TripleRatchet } from '../ratchet/triple.ts';

/** What every message carries until the peer has answered. */
export interface PendingPreKey {
  /** When the session was started, milliseconds since 1970. */
  readonly createdAt: number;
  readonly preKeyId: number | undefined;
  readonly signedPreKeyId: number;
  readonly kyberPreKeyId: number;
  /** 1569 bytes. */
  readonly kyberCiphertext: Uint8Array;
}

export interface SessionState {
  /** The initiator's one-off key, 33 bytes: tells two handshakes apart. */
  readonly baseKey: Uint8Array;
  /** Identity keys, 33 bytes each. */
  readonly localIdentity: Uint8Array;
  readonly remoteIdentity: Uint8Array;
  readonly localRegistrationId: number;
  readonly remoteRegistrationId: number;
  readonly ratchet: TripleRatchet;
  readonly pending: PendingPreKey | undefined;
}

/** The base key (33 bytes, a view) of a stored session, without parsing the rest. */
export function baseKeyOf(encoded: Uint8Array): Uint8Array {
  return encoded.subarray(0, 33);
}

function encodeReceiver(receiver: ReceiverChain): readonly Uint8Array[] {
  return [
    receiver.ratchetKey,
    receiver.chain.key,
    be32(receiver.chain.index),
    be32(receiver.skipped.length),
    receiver.skipped,
  ];
}

function encodePending(pending: PendingPreKey | undefined): readonly Uint8Array[] {
  if (pending === undefined) return [Uint8Array.of(0)];
  return [
    Uint8Array.of(pending.preKeyId === undefined ? 1 : 2),
    be64(pending.createdAt),
    be32(pending.preKeyId ?? 0),
    be32(pending.signedPreKeyId),
    be32(pending.kyberPreKeyId),
    pending.kyberCiphertext,
  ];
}

export function encodeSessionState(state: SessionState): Bytes {
  const { double, spqr } = state.ratchet;
  return concat(
    state.baseKey,
    state.localIdentity,
    state.remoteIdentity,
    be32(state.localRegistrationId),
    be32(state.remoteRegistrationId),
    double.rootKey,
    be32(double.previousCounter),
    double.sender.privateKey,
    double.sender.ratchetKey,
    double.sender.chain.key,
    be32(double.sender.chain.index),
    Uint8Array.of(double.receivers.length),
    ...double.receivers.flatMap(encodeReceiver),
    be32(spqr.length),
    spqr,
    ...encodePending(state.pending),
  );
}

function readChain(reader: RecordReader): Chain {
  return { key: brandChainKey(reader.bytes(32)), index: reader.word() };
}

function readReceiver(reader: RecordReader): ReceiverChain {
  const ratchetKey = reader.bytes(33);
  const chain = readChain(reader);
  const skipped = reader.string();
  if (!isSkippedSeeds(skipped)) throw new CryptoError('bad-state', 'skipped seeds have an impossible length');
  return { ratchetKey, chain, skipped };
}

function readPending(reader: RecordReader): PendingPreKey | undefined {
  const kind = reader.byte();
  if (kind === 0) return undefined;
  if (kind > 2) throw new CryptoError('bad-state', 'unknown kind of pending prekey');
  const createdAt = reader.long();
  const preKeyId = reader.word();
  return {
    createdAt,
    preKeyId: kind === 2 ? preKeyId : undefined,
    signedPreKeyId: reader.word(),
    kyberPreKeyId: reader.word(),
    kyberCiphertext: reader.bytes(KYBER1024_CIPHERTEXT_BYTES),
  };
}

/** Reverse of `encodeSessionState`, as views into `encoded`. Throws `bad-state` on anything else. */
export function decodeSessionState(encoded: Uint8Array): SessionState {
  const reader = new RecordReader(encoded);
  const baseKey = reader.bytes(33);
  const localIdentity = reader.bytes(33);
  const remoteIdentity = reader.bytes(33);
  const localRegistrationId = reader.word();
  const remoteRegistrationId = reader.word();
  const rootKey = brandRootKey(reader.bytes(32));
  const previousCounter = reader.word();
  const sender = { privateKey: reader.bytes(32), ratchetKey: reader.bytes(33), chain: readChain(reader) };
  const count = reader.byte();
  if (count > MAX_RECEIVER_CHAINS) throw new CryptoError('bad-state', 'too many receiver chains');
  const receivers: ReceiverChain[] = [];
  for (let i = 0; i < count; i += 1) receivers.push(readReceiver(reader));
  const spqr = reader.string();
  const pending = readPending(reader);
  reader.end();
  return {
    baseKey,
    localIdentity,
    remoteIdentity,
    localRegistrationId,
    remoteRegistrationId,
    ratchet: { double: { rootKey, sender, receivers, previousCounter }, spqr },
    pending,
  };
}
