/**
 * The state machine of the post-quantum exchange (ML-KEM Braid specification): in each epoch one side offers a KEM key in
 * two parts, the other answers with a ciphertext in two parts, all as chunks of an erasure code; then the roles swap.
 * A transition returns the next state, or the same one when nothing changes. What travels here is not yet authenticated
 * by the message's MAC, so the caller keeps the old state until that has been checked.
 *
 *     offering:  keys-unsampled → keys-sampled → header-sent → ct1-received → ek-sent → (epoch + 1) no-header
 *     answering: no-header → header-received → ct1-sampled → ek-received or ct1-acknowledged → ct2-sampled
 *                → (epoch + 1) keys-unsampled
 */
import { concat, wipe } from '../bytes.ts';
import type { Bytes } from '../bytes.ts';
import { CryptoError } from '../errors.ts';
import {
  ciphertextMac,
  deriveEpochSecret,
  headerMac,
  KEM_MAC_BYTES,
  requireMac,
  updateAuthenticator,
} from './authenticator.ts';
import type { Authenticator } from './authenticator.ts';
import { CHUNK_NUMBERS, chunkAt, collect, nothingCollected, restore } from './erasure.ts';
import type { Collected } from './erasure.ts';
import {
  checkSplitKey,
  decapsulateSplit,
  encapsulateFirst,
  encapsulateSecond,
  generateSplitKeys,
  KEM_CT1_BYTES,
  KEM_CT2_BYTES,
  KEM_EK_BYTES,
  KEM_HEADER_BYTES,
} from './mlkem-split.ts';
import type { SplitKeys } from './mlkem-split.ts';
import type { SpqrMessage, SpqrPayload } from './wire.ts';

/** What is sent as chunks: header and ciphertext end carry a MAC. */
export const HEADER_MESSAGE_BYTES = KEM_HEADER_BYTES + KEM_MAC_BYTES;
export const CT2_MESSAGE_BYTES = KEM_CT2_BYTES + KEM_MAC_BYTES;

interface InEpoch {
  readonly epoch: number;
  readonly authenticator: Authenticator;
}

interface Offering extends InEpoch {
  readonly keys: SplitKeys;
}

interface Answering extends InEpoch {
  /** The peer's 64-byte header. */
  readonly header: Uint8Array;
  /** The 32 secret bytes of the encapsulation. */
  readonly message: Uint8Array;
  /** First part of the ciphertext, 960 bytes. */
  readonly ct1: Uint8Array;
}

/** `next` is the number of the chunk to send next. */
export type BraidState =
  | (InEpoch & { readonly kind: 'keys-unsampled' })
  | (Offering & { readonly kind: 'keys-sampled'; readonly headerMessage: Uint8Array; readonly next: number })
  | (Offering & { readonly kind: 'header-sent'; readonly next: number; readonly ct1Chunks: Collected })
  | (Offering & { readonly kind: 'ct1-received'; readonly next: number; readonly ct1: Uint8Array })
  | (Offering & { readonly kind: 'ek-sent'; readonly ct1: Uint8Array; readonly ct2Chunks: Collected })
  | (InEpoch & { readonly kind: 'no-header'; readonly headerChunks: Collected })
  | (InEpoch & { readonly kind: 'header-received'; readonly header: Uint8Array })
  | (Answering & { readonly kind: 'ct1-sampled'; readonly next: number; readonly ekChunks: Collected })
  | (Answering & { readonly kind: 'ek-received'; readonly next: number; readonly ek: Uint8Array })
  | (Answering & { readonly kind: 'ct1-acknowledged'; readonly ekChunks: Collected })
  | (InEpoch & { readonly kind: 'ct2-sampled'; readonly ct2Message: Uint8Array; readonly next: number });

/** The 32-byte secret of an epoch, emitted once on each side. */
export interface EpochSecret {
  readonly epoch: number;
  readonly secret: Bytes;
}

export interface BraidSent {
  readonly state: BraidState;
  readonly payload: SpqrPayload;
  readonly emitted: EpochSecret | undefined;
}

export interface BraidReceived {
  readonly state: BraidState;
  readonly emitted: EpochSecret | undefined;
}

/** What the next message carries. Makes KEM keys or the first part of a ciphertext when it is time. */
export function sendInBraid(state: BraidState): BraidSent {
  switch (state.kind) {
    case 'keys-unsampled': {
      const { epoch, authenticator } = state;
      const keys = generateSplitKeys();
      const headerMessage = concat(keys.header, headerMac(authenticator, epoch, keys.header));
      return sendInBraid({ kind: 'keys-sampled', epoch, authenticator, keys, headerMessage, next: 0 });
    }
    case 'keys-sampled':
      return sendChunk(state, 'header', state.headerMessage);
    case 'header-sent':
      return sendChunk(state, 'ek', state.keys.ek);
    case 'ct1-received':
      return sendChunk(state, 'ek-and-ack', state.keys.ek);
    case 'ek-sent':
      return { state, payload: { kind: 'ack' }, emitted: undefined };
    case 'header-received':
      return answerHeader(state);
    case 'ct1-sampled':
    case 'ek-received':
      return sendChunk(state, 'ct1', state.ct1);
    case 'ct2-sampled':
      return sendChunk(state, 'ct2', state.ct2Message);
    case 'no-header':
    case 'ct1-acknowledged':
      return { state, payload: { kind: 'none' }, emitted: undefined };
  }
}

/**
 * Takes in what a message carries. A message of an earlier epoch changes nothing. Throws `undecryptable` when the epoch is
 * ahead or a MAC of the exchange is wrong, `bad-key` when the offered key is.
 */
export function receiveInBraid(state: BraidState, message: SpqrMessage): BraidReceived {
  const { epoch, payload } = message;
  if (epoch > state.epoch) {
    if (state.kind !== 'ct2-sampled' || epoch !== state.epoch + 1) {
      throw new CryptoError('undecryptable', 'post-quantum epoch is ahead');
    }
    return unchanged({ kind: 'keys-unsampled', epoch, authenticator: state.authenticator });
  }
  if (epoch < state.epoch) return unchanged(state);
  switch (state.kind) {
    case 'keys-sampled':
      return payload.kind === 'ct1'
        ? unchanged(receiveCt1(state, nothingCollected, payload))
        : unchanged(state);
    case 'header-sent':
      return payload.kind === 'ct1'
        ? unchanged(receiveCt1(state, state.ct1Chunks, payload))
        : unchanged(state);
    case 'ct1-received':
      return payload.kind === 'ct2' ? receiveCt2(state, nothingCollected, payload) : unchanged(state);
    case 'ek-sent':
      return payload.kind === 'ct2' ? receiveCt2(state, state.ct2Chunks, payload) : unchanged(state);
    case 'no-header':
      return payload.kind === 'header' ? unchanged(receiveHeader(state, payload)) : unchanged(state);
    case 'ct1-sampled':
    case 'ct1-acknowledged':
      return unchanged(receiveEk(state, payload));
    case 'ek-received':
      return payload.kind === 'ack' || payload.kind === 'ek-and-ack'
        ? unchanged(answerKey(state, state.ek))
        : unchanged(state);
    case 'keys-unsampled':
    case 'header-received':
    case 'ct2-sampled':
      return unchanged(state);
  }
}

type Kind<K extends BraidState['kind']> = Extract<BraidState, { readonly kind: K }>;
type Chunk = Extract<SpqrPayload, { readonly chunk: Uint8Array }>;

function unchanged(state: BraidState): BraidReceived {
  return { state, emitted: undefined };
}

/** Chunk numbers wrap after 65,536; by then every one has been sent once. */
function sendChunk(
  state: Extract<BraidState, { readonly next: number }>,
  kind: Chunk['kind'],
  bytes: Uint8Array,
): BraidSent {
  const number = state.next;
  return {
    state: { ...state, next: (number + 1) % CHUNK_NUMBERS },
    payload: { kind, number, chunk: chunkAt(bytes, number) },
    emitted: undefined,
  };
}

/** Encapsulates against the header: the first part goes out at once, the secret is known from here on. */
function answerHeader(state: Kind<'header-received'>): BraidSent {
  const { epoch, header } = state;
  const { message, ct1, sharedSecret } = encapsulateFirst(header);
  const secret = deriveEpochSecret(epoch, sharedSecret);
  wipe(sharedSecret);
  const authenticator = updateAuthenticator(state.authenticator, epoch, secret);
  const sent = sendInBraid({
    kind: 'ct1-sampled',
    epoch,
    authenticator,
    header,
    message,
    ct1,
    next: 0,
    ekChunks: nothingCollected,
  });
  return { ...sent, emitted: { epoch, secret } };
}

function receiveHeader(state: Kind<'no-header'>, payload: Chunk): BraidState {
  const { epoch, authenticator } = state;
  const headerChunks = collect(state.headerChunks, payload.number, payload.chunk);
  const whole = restore(headerChunks, HEADER_MESSAGE_BYTES);
  if (whole === undefined) return { ...state, headerChunks };
  const header = whole.slice(0, KEM_HEADER_BYTES);
  requireMac(headerMac(authenticator, epoch, header), whole.subarray(KEM_HEADER_BYTES));
  return { kind: 'header-received', epoch, authenticator, header };
}

function receiveCt1(
  state: Kind<'keys-sampled' | 'header-sent'>,
  before: Collected,
  payload: Chunk,
): BraidState {
  const { epoch, authenticator, keys } = state;
  const next = state.kind === 'header-sent' ? state.next : 0;
  const ct1Chunks = collect(before, payload.number, payload.chunk);
  const ct1 = restore(ct1Chunks, KEM_CT1_BYTES);
  return ct1 === undefined
    ? { kind: 'header-sent', epoch, authenticator, keys, next, ct1Chunks }
    : { kind: 'ct1-received', epoch, authenticator, keys, next, ct1 };
}

function receiveCt2(
  state: Kind<'ct1-received' | 'ek-sent'>,
  before: Collected,
  payload: Chunk,
): BraidReceived {
  const { epoch, keys, ct1 } = state;
  const ct2Chunks = collect(before, payload.number, payload.chunk);
  const whole = restore(ct2Chunks, CT2_MESSAGE_BYTES);
  if (whole === undefined) {
    return unchanged({
      kind: 'ek-sent',
      epoch,
      authenticator: state.authenticator,
      keys,
      ct1,
      ct2Chunks,
    });
  }
  const ct2 = whole.subarray(0, KEM_CT2_BYTES);
  const sharedSecret = decapsulateSplit(keys, ct1, ct2);
  const secret = deriveEpochSecret(epoch, sharedSecret);
  wipe(sharedSecret);
  const authenticator = updateAuthenticator(state.authenticator, epoch, secret);
  requireMac(ciphertextMac(authenticator, epoch, ct1, ct2), whole.subarray(KEM_CT2_BYTES));
  return {
    state: { kind: 'no-header', epoch: epoch + 1, authenticator, headerChunks: nothingCollected },
    emitted: { epoch, secret },
  };
}

function receiveEk(state: Kind<'ct1-sampled' | 'ct1-acknowledged'>, payload: SpqrPayload): BraidState {
  const { epoch, authenticator, header, message, ct1 } = state;
  const acknowledged = payload.kind === 'ack' || payload.kind === 'ek-and-ack';
  const ekChunks =
    payload.kind === 'ek' || payload.kind === 'ek-and-ack'
      ? collect(state.ekChunks, payload.number, payload.chunk)
      : state.ekChunks;
  const ek = restore(ekChunks, KEM_EK_BYTES);
  if (ek !== undefined) {
    checkSplitKey(header, ek);
    if (acknowledged || state.kind === 'ct1-acknowledged') return answerKey(state, ek);
    return { kind: 'ek-received', epoch, authenticator, header, message, ct1, next: state.next, ek };
  }
  if (acknowledged) return { kind: 'ct1-acknowledged', epoch, authenticator, header, message, ct1, ekChunks };
  return ekChunks === state.ekChunks ? state : { ...state, ekChunks };
}

/** Key and acknowledgement are there: the second part of the ciphertext, with the MAC over both. */
function answerKey(state: Answering, ek: Uint8Array): BraidState {
  const { epoch, authenticator, header, message, ct1 } = state;
  const ct2 = encapsulateSecond(header, ek, message);
  const ct2Message = concat(ct2, ciphertextMac(authenticator, epoch, ct1, ct2));
  return { kind: 'ct2-sampled', epoch, authenticator, ct2Message, next: 0 };
}
