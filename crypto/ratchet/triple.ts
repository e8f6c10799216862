/**
 * The Triple Ratchet: each message's keys come from the Double Ratchet and from the sparse post-quantum ratchet
 * together (double ratchet specification, section on the triple ratchet). Pure.
 *
 * The post-quantum state is carried in its encoded form, so that a session that is only looked at costs no parsing.
 */
import { wipe } from '../bytes.ts';
import type { Bytes } from '../bytes.ts';
import { decodeSpqrState, encodeSpqrState, initSpqr, receiveSpqr, sendSpqr } from '../spqr/ratchet.ts';
import { deriveMessageKeys } from './chains.ts';
import type { MessageKeys } from './chains.ts';
import { settleReceiving, startInitiator, startResponder, takeReceiving, takeSending } from './double.ts';
import type { DoubleRatchet } from './double.ts';
import type { HandshakeSecrets } from '../pqxdh.ts';

export interface TripleRatchet {
  readonly double: DoubleRatchet;
  /** `encodeSpqrState`'s form. */
  readonly spqr: Uint8Array;
}

/** What the header of a sent message says, and what seals its body. */
export interface SendingKeys {
  readonly state: TripleRatchet;
  readonly keys: MessageKeys;
  readonly ratchetKey: Uint8Array;
  readonly counter: number;
  readonly previousCounter: number;
  readonly pqRatchet: Bytes;
}

export function startTripleInitiator(secrets: HandshakeSecrets, peerSignedPreKey: Uint8Array): TripleRatchet {
  return {
    double: startInitiator(secrets.rootKey, secrets.chainKey, peerSignedPreKey),
    spqr: encodeSpqrState(initSpqr(secrets.spqrKey, 'a-to-b')),
  };
}

export function startTripleResponder(
  secrets: HandshakeSecrets,
  signedPreKey: { readonly privateKey: Uint8Array; readonly publicKey: Uint8Array },
): TripleRatchet {
  return {
    double: startResponder(secrets.rootKey, secrets.chainKey, signedPreKey),
    spqr: encodeSpqrState(initSpqr(secrets.spqrKey, 'b-to-a')),
  };
}

/** Keys for the next message. The new state must be durable before the message leaves. */
export function takeSendingKeys(state: TripleRatchet): SendingKeys {
  const step = takeSending(state.double);
  const pq = sendSpqr(decodeSpqrState(state.spqr));
  const keys = deriveMessageKeys(step.seed, pq.key);
  wipe(step.seed, pq.key);
  return {
    state: { double: step.state, spqr: encodeSpqrState(pq.state) },
    keys,
    ratchetKey: step.ratchetKey,
    counter: step.counter,
    previousCounter: step.previousCounter,
    pqRatchet: pq.message,
  };
}

/**
 * Keys for a received message. `settle` makes the state after it, to be called only once MAC and decryption have
 * succeeded. Throws `duplicated-message`, `undecryptable` or `bad-key`.
 */
export function takeReceivingKeys(
  state: TripleRatchet,
  message: { readonly ratchetKey: Uint8Array; readonly counter: number; readonly pqRatchet: Uint8Array },
): { readonly keys: MessageKeys; readonly settle: () => TripleRatchet } {
  const step = takeReceiving(state.double, message.ratchetKey, message.counter);
  const pq = receiveSpqr(decodeSpqrState(state.spqr), message.pqRatchet);
  const keys = deriveMessageKeys(step.seed, pq.key);
  wipe(step.seed, pq.key);
  return {
    keys,
    settle: () => ({ double: settleReceiving(state.double, step), spqr: encodeSpqrState(pq.state) }),
  };
}
