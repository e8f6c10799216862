/**
 * The symmetric chains of the post-quantum ratchet (SPQR version 1): each epoch secret starts one chain per direction,
 * each message takes one key. Every function returns a new value and leaves its argument as it was; what did not
 * change is shared between the two.
 */
import { be32, concat, readBe32 } from '../bytes.ts';
import type { Bytes } from '../bytes.ts';
import { MAX_FORWARD_JUMPS, MAX_SKIPPED_KEYS } from '../consts.ts';
import { CryptoError } from '../errors.ts';
import { hkdf, labels, splitSecret } from '../kdf.ts';

/** The initiator of the session is A. */
export type SpqrDirection = 'a-to-b' | 'b-to-a';

/** Epochs kept before the one that is sent in, for late messages (protocol). */
export const EPOCHS_KEPT_BEFORE_SENDING = 1;

/** One skipped message key: its index as four big-endian bytes, then the key. */
export const SKIPPED_ENTRY_BYTES = 36;

const MAX_INDEX = 0xffff_ffff;
const ZERO_SALT = new Uint8Array(32);

export interface SendingChain {
  /** Messages sent so far. */
  readonly counter: number;
  /** 32 bytes. */
  readonly key: Uint8Array;
}

export interface ReceivingChain {
  /** Highest index derived so far. */
  readonly counter: number;
  /** 32 bytes. */
  readonly key: Uint8Array;
  /** Keys of messages not yet seen, 36 bytes each in rising order of index: a byte string, cheap to store. */
  readonly skipped: Uint8Array;
}

export interface EpochChains {
  readonly epoch: number;
  /** Gone once a later epoch is sent in. */
  readonly send: SendingChain | undefined;
  readonly receive: ReceivingChain;
}

export interface Chains {
  readonly direction: SpqrDirection;
  /** 32 bytes. */
  readonly root: Uint8Array;
  /** The epoch of the newest sent message. */
  readonly sendEpoch: number;
  /** Consecutive epochs, oldest first; at most three. */
  readonly epochs: readonly EpochChains[];
}

/** Chains of epoch 0, from the 32-byte key that the handshake gives. */
export function startChains(authKey: Uint8Array, direction: SpqrDirection): Chains {
  const { root, chains } = deriveEpoch(ZERO_SALT, authKey, labels.spqrChainStart, direction, 0);
  return { direction, root, sendEpoch: 0, epochs: [chains] };
}

/** Adds the chains of the epoch after the newest one. */
export function addEpoch(chains: Chains, epoch: number, secret: Uint8Array): Chains {
  const added = deriveEpoch(chains.root, secret, labels.spqrChainEpoch, chains.direction, epoch);
  return { ...chains, root: added.root, epochs: [...chains.epochs, added.chains] };
}

/**
 * Index (from 1) and 32-byte key of the next message sent in an epoch. Sending in a newer epoch than before drops the
 * chains that are no longer needed.
 */
export function nextSendingKey(
  chains: Chains,
  epoch: number,
): { readonly chains: Chains; readonly index: number; readonly key: Bytes } {
  let { epochs } = chains;
  if (epoch !== chains.sendEpoch) {
    epochs = epochs
      .filter((kept) => kept.epoch >= epoch - EPOCHS_KEPT_BEFORE_SENDING)
      .map((kept) => (kept.epoch < epoch ? { ...kept, send: undefined } : kept));
  }
  const current = epochs.find((kept) => kept.epoch === epoch);
  if (current?.send === undefined || current.send.counter === MAX_INDEX) {
    throw new CryptoError('bad-state', 'no chain to send in');
  }
  const index = current.send.counter + 1;
  const [nextKey, key] = step(current.send.key, index);
  const send = { counter: index, key: nextKey };
  return {
    chains: { ...chains, sendEpoch: epoch, epochs: replace(epochs, { ...current, send }) },
    index,
    key,
  };
}

/**
 * The 32-byte key of a received message. Throws `undecryptable` when the epoch is not kept, the index was used, is too far
 * ahead (more than 25,000) or too old (more than 2,000 behind).
 */
export function receivingKey(
  chains: Chains,
  epoch: number,
  index: number,
): { readonly chains: Chains; readonly key: Bytes } {
  const current = chains.epochs.find((kept) => kept.epoch === epoch);
  if (current === undefined) throw new CryptoError('undecryptable', 'post-quantum epoch is not kept');
  const taken =
    index > current.receive.counter ? advance(current.receive, index) : takeSkipped(current.receive, index);
  const epochs = replace(chains.epochs, { ...current, receive: taken.chain });
  return { chains: { ...chains, epochs }, key: taken.key };
}

interface Taken {
  readonly chain: ReceivingChain;
  readonly key: Bytes;
}

function advance(chain: ReceivingChain, index: number): Taken {
  if (index - chain.counter > MAX_FORWARD_JUMPS) {
    throw new CryptoError('undecryptable', 'post-quantum index is too far ahead');
  }
  const firstKept = Math.max(chain.counter + 1, index - MAX_SKIPPED_KEYS);
  const older = dropBefore(chain.skipped, index - MAX_SKIPPED_KEYS);
  const skipped = new Uint8Array(older.length + (index - firstKept) * SKIPPED_ENTRY_BYTES);
  skipped.set(older);
  let at = older.length;
  let chainKey = chain.key;
  for (let counter = chain.counter + 1; counter < index; counter += 1) {
    const [nextKey, key] = step(chainKey, counter);
    chainKey = nextKey;
    if (counter < firstKept) continue;
    skipped.set(be32(counter), at);
    skipped.set(key, at + 4);
    at += SKIPPED_ENTRY_BYTES;
  }
  const [nextKey, key] = step(chainKey, index);
  return {
    chain: { counter: index, key: nextKey, skipped: skipped.length === 0 ? older : skipped },
    key,
  };
}

function takeSkipped(chain: ReceivingChain, index: number): Taken {
  const at = skippedPosition(chain.skipped, index);
  if (at === chain.skipped.length || readBe32(chain.skipped, at) !== index) {
    throw new CryptoError('undecryptable', 'post-quantum key was used or dropped');
  }
  const end = at + SKIPPED_ENTRY_BYTES;
  const key = chain.skipped.slice(at + 4, end);
  const skipped = concat(chain.skipped.subarray(0, at), chain.skipped.subarray(end));
  return { chain: { ...chain, skipped }, key };
}

/** Without the keys below an index. */
function dropBefore(skipped: Uint8Array, index: number): Uint8Array {
  const at = skippedPosition(skipped, index);
  return at === 0 ? skipped : skipped.subarray(at);
}

/** Byte offset of the first entry whose index is not below the given one, by bisection. */
function skippedPosition(skipped: Uint8Array, index: number): number {
  let low = 0;
  let high = skipped.length / SKIPPED_ENTRY_BYTES;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (readBe32(skipped, middle * SKIPPED_ENTRY_BYTES) < index) low = middle + 1;
    else high = middle;
  }
  return low * SKIPPED_ENTRY_BYTES;
}

function replace(epochs: readonly EpochChains[], changed: EpochChains): readonly EpochChains[] {
  return epochs.map((kept) => (kept.epoch === changed.epoch ? changed : kept));
}

/** [next chain key, message key], 32 bytes each. */
function step(chainKey: Uint8Array, counter: number): readonly [Bytes, Bytes] {
  const both = hkdf(undefined, chainKey, concat(be32(counter), labels.spqrChainNext), 64);
  return splitSecret(both, 32, 32);
}

/** HKDF gives root || chain A to B || chain B to A. */
function deriveEpoch(
  salt: Uint8Array,
  secret: Uint8Array,
  label: Uint8Array,
  direction: SpqrDirection,
  epoch: number,
): { readonly root: Bytes; readonly chains: EpochChains } {
  const all = hkdf(salt, secret, label, 96);
  const [root, toB, toA] = splitSecret(all, 32, 32, 32);
  const [sendKey, receiveKey] = direction === 'a-to-b' ? [toB, toA] : [toA, toB];
  return {
    root,
    chains: {
      epoch,
      send: { counter: 0, key: sendKey },
      receive: { counter: 0, key: receiveKey, skipped: new Uint8Array(0) },
    },
  };
}
