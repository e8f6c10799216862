/**
 * The sparse post-quantum ratchet, SPQR version 1: one key per message, from chains that take up a KEM secret every
 * epoch. Pure functions; a state is never changed in place. Sending can make KEM keys, so the new state is stored
 * before the message leaves; receiving happens before the message's MAC is known, so the new state is stored only
 * after the decryption.
 */
import { startAuthenticator } from './authenticator.ts';
import type { Bytes } from '../bytes.ts';
import { addEpoch, nextSendingKey, receivingKey, startChains } from './chains.ts';
import type { SpqrDirection } from './chains.ts';
import { nothingCollected } from './erasure.ts';
import type { SpqrState } from './record.ts';
import { receiveInBraid, sendInBraid } from './states.ts';
import { decodeSpqrMessage, encodeSpqrMessage } from './wire.ts';

export { decodeSpqrState, encodeSpqrState } from './record.ts';
export type { SpqrState } from './record.ts';

/**
 * State at the start of a session, from the 32-byte key of the handshake. The initiator's direction is A to B; it offers
 * the first KEM key.
 */
export function initSpqr(authKey: Uint8Array, direction: SpqrDirection): SpqrState {
  const start = { epoch: 1, authenticator: startAuthenticator(authKey) };
  return {
    braid:
      direction === 'a-to-b'
        ? { kind: 'keys-unsampled', ...start }
        : { kind: 'no-header', ...start, headerChunks: nothingCollected },
    chains: startChains(authKey, direction),
  };
}

/** The post-quantum field of the next message (4 to 50 bytes) and the 32-byte salt of its message keys. */
export function sendSpqr(state: SpqrState): {
  readonly state: SpqrState;
  readonly message: Bytes;
  readonly key: Bytes;
} {
  const { state: braid, payload, emitted } = sendInBraid(state.braid);
  const grown = emitted === undefined ? state.chains : addEpoch(state.chains, emitted.epoch, emitted.secret);
  const { chains, index, key } = nextSendingKey(grown, braid.epoch - 1);
  return {
    state: { braid, chains },
    message: encodeSpqrMessage({ epoch: braid.epoch, index, payload }),
    key,
  };
}

/**
 * The 32-byte salt of the message keys for a received post-quantum field. Throws `bad-version`, `malformed`, `bad-key`
 * or `undecryptable`; the peer must not be able to tell them apart from each other or from a wrong MAC.
 */
export function receiveSpqr(
  state: SpqrState,
  message: Uint8Array,
): { readonly state: SpqrState; readonly key: Bytes } {
  const decoded = decodeSpqrMessage(message);
  const { state: braid, emitted } = receiveInBraid(state.braid, decoded);
  const grown = emitted === undefined ? state.chains : addEpoch(state.chains, emitted.epoch, emitted.secret);
  const { chains, key } = receivingKey(grown, decoded.epoch - 1, decoded.index);
  return { state: { braid, chains }, key };
}
