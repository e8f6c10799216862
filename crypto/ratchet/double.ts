/**
 * The Double Ratchet's state and steps, without message keys and without the post-quantum part (double ratchet
 * specification, section 3). Pure: every step returns a new state and leaves the old one as it was.
 *
 * The last `MAX_RECEIVER_CHAINS` receiver chains stay alive and can each still be advanced, which is what the peer
 * does; the previous counter in a message's header is written and never read.
 */
import { concat, equalBytes } from '../bytes.ts';
import { EC_KEY_TYPE, MAX_FORWARD_JUMPS, MAX_RECEIVER_CHAINS, MAX_SKIPPED_KEYS } from '../consts.ts';
import { CryptoError } from '../errors.ts';
import { randomBytes } from '../random.ts';
import { x25519, x25519Base } from '../sodium.ts';
import { stepChain, stepRoot, takeSeed } from './chains.ts';
import type { Chain, ChainKey, MessageSeed, RootKey } from './chains.ts';
import { addSkipped, NO_SKIPPED_SEEDS, takeSkipped } from './skipped.ts';
import type { SkippedSeeds } from './skipped.ts';

/** The own ratchet key pair (private 32 bytes, public 33) and its chain. */
export interface SenderChain {
  readonly privateKey: Uint8Array;
  readonly ratchetKey: Uint8Array;
  readonly chain: Chain;
}

/** A ratchet key of the peer (33 bytes), its chain, and what was skipped on it. */
export interface ReceiverChain {
  readonly ratchetKey: Uint8Array;
  readonly chain: Chain;
  readonly skipped: SkippedSeeds;
}

export interface DoubleRatchet {
  readonly rootKey: RootKey;
  readonly sender: SenderChain;
  /** Oldest first. */
  readonly receivers: readonly ReceiverChain[];
  /** Number of the last message of the sender chain before this one, 0 if there was none. */
  readonly previousCounter: number;
}

/** One message's place in the ratchet, as its header tells it, and its seed. */
export interface SendingStep {
  readonly state: DoubleRatchet;
  readonly seed: MessageSeed;
  readonly ratchetKey: Uint8Array;
  readonly counter: number;
  readonly previousCounter: number;
}

/** The index behind a chain's last message still has to fit into 32 bits. */
const MAX_INDEX = 0xffff_ffff;

const keyType = Uint8Array.of(EC_KEY_TYPE);

/** A fresh key pair and the sender chain that it gives against the peer's ratchet key. */
function startSending(
  rootKey: RootKey,
  peerKey: Uint8Array,
): { readonly rootKey: RootKey; readonly sender: SenderChain } {
  const privateKey = randomBytes(32);
  const ratchetKey = concat(keyType, x25519Base(privateKey));
  const step = stepRoot(rootKey, x25519(privateKey, peerKey.subarray(1)));
  return { rootKey: step.rootKey, sender: { privateKey, ratchetKey, chain: step.chain } };
}

/** The side that begins: it may receive under the peer's signed prekey and sends under a fresh key at once. */
export function startInitiator(
  rootKey: RootKey,
  chainKey: ChainKey,
  peerSignedPreKey: Uint8Array,
): DoubleRatchet {
  const started = startSending(rootKey, peerSignedPreKey);
  return {
    rootKey: started.rootKey,
    sender: started.sender,
    receivers: [
      { ratchetKey: peerSignedPreKey, chain: { key: chainKey, index: 0 }, skipped: NO_SKIPPED_SEEDS },
    ],
    previousCounter: 0,
  };
}

/** The side that answers: its signed prekey pair is its first ratchet key. */
export function startResponder(
  rootKey: RootKey,
  chainKey: ChainKey,
  signedPreKey: { readonly privateKey: Uint8Array; readonly publicKey: Uint8Array },
): DoubleRatchet {
  return {
    rootKey,
    sender: {
      privateKey: signedPreKey.privateKey,
      ratchetKey: signedPreKey.publicKey,
      chain: { key: chainKey, index: 0 },
    },
    receivers: [],
    previousCounter: 0,
  };
}

/** Takes the next message of the sender chain. Throws `bad-state` when its counter would not fit into 32 bits. */
export function takeSending(state: DoubleRatchet): SendingStep {
  const { sender, previousCounter } = state;
  if (sender.chain.index >= MAX_INDEX) throw new CryptoError('bad-state', 'the chain has counted to its end');
  const { seed, next } = takeSeed(sender.chain);
  return {
    state: { ...state, sender: { ...sender, chain: next } },
    seed,
    ratchetKey: sender.ratchetKey,
    counter: sender.chain.index,
    previousCounter,
  };
}

/**
 * A message's seed, and the state as it will be. Nothing of it may be kept before the message is proved genuine;
 * then `settleReceiving` makes the new state.
 */
export interface ReceivingStep {
  readonly seed: MessageSeed;
  readonly receivers: readonly ReceiverChain[];
  /** Set when the ratchet key is new: the root key after the receiving half of the step. */
  readonly turned: { readonly rootKey: RootKey; readonly ratchetKey: Uint8Array } | undefined;
}

/** Moves one receiver chain to just behind `counter`, or takes a skipped seed out of it. */
function advance(
  receiver: ReceiverChain,
  counter: number,
): { readonly seed: MessageSeed; readonly receiver: ReceiverChain } {
  let chain = receiver.chain;
  if (counter < chain.index) {
    const taken = takeSkipped(receiver.skipped, counter);
    if (taken === undefined) throw new CryptoError('duplicated-message', 'message with old counter');
    return { seed: taken.seed, receiver: { ...receiver, skipped: taken.rest } };
  }
  if (counter >= MAX_INDEX || counter - chain.index > MAX_FORWARD_JUMPS) {
    throw new CryptoError('undecryptable', 'message from too far into the future');
  }
  const firstKept = Math.max(chain.index, counter - MAX_SKIPPED_KEYS);
  const skipped: MessageSeed[] = [];
  while (chain.index < firstKept) chain = stepChain(chain);
  while (chain.index < counter) {
    const { seed, next } = takeSeed(chain);
    skipped.push(seed);
    chain = next;
  }
  const { seed, next } = takeSeed(chain);
  return {
    seed,
    receiver: {
      ratchetKey: receiver.ratchetKey,
      chain: next,
      skipped: skipped.length === 0 ? receiver.skipped : addSkipped(receiver.skipped, firstKept, skipped),
    },
  };
}

/**
 * Finds the seed of a received message. Throws `duplicated-message` for one that was opened before (or skipped too
 * long ago), `undecryptable` for one too far ahead, `bad-key` for a ratchet key that agrees on zero.
 */
export function takeReceiving(state: DoubleRatchet, ratchetKey: Uint8Array, counter: number): ReceivingStep {
  const known = state.receivers.findIndex((receiver) => equalBytes(receiver.ratchetKey, ratchetKey));
  const receiver = state.receivers[known];
  if (receiver !== undefined) {
    const advanced = advance(receiver, counter);
    return {
      seed: advanced.seed,
      receivers: state.receivers.with(known, advanced.receiver),
      turned: undefined,
    };
  }
  const agreement = x25519(state.sender.privateKey, ratchetKey.subarray(1));
  const step = stepRoot(state.rootKey, agreement);
  const advanced = advance(
    { ratchetKey: ratchetKey.slice(), chain: step.chain, skipped: NO_SKIPPED_SEEDS },
    counter,
  );
  return {
    seed: advanced.seed,
    receivers: [...state.receivers.slice(1 - MAX_RECEIVER_CHAINS), advanced.receiver],
    turned: { rootKey: step.rootKey, ratchetKey },
  };
}

/** The state after a message that was proved genuine; a new ratchet key of the peer is answered with a fresh one. */
export function settleReceiving(state: DoubleRatchet, step: ReceivingStep): DoubleRatchet {
  if (step.turned === undefined) return { ...state, receivers: step.receivers };
  const started = startSending(step.turned.rootKey, step.turned.ratchetKey);
  return {
    rootKey: started.rootKey,
    sender: started.sender,
    receivers: step.receivers,
    previousCounter: Math.max(0, state.sender.chain.index - 1),
  };
}
