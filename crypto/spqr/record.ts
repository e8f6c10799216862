/**
 * The stored form of the ratchet, version 1. Integers are big-endian; `collected` and `skipped` are byte strings behind
 * their length.
 *
 *     version 1 | direction 1 | root 32 | send epoch 8 | count 1 | count times:
 *         epoch 8 | sending 1 [counter 4 | key 32] | receiving counter 4 | key 32 | skipped 4 + 36 n
 *     kind 1 | epoch 8 | authenticator 64 | what the kind has, in the order of `states.ts`
 *
 * A session is stored and read at every message, so reading copies nothing: the state's byte strings are views of the
 * bytes it was read from, which the caller must leave unchanged.
 */
import { readBe32 } from '../bytes.ts';
import type { Bytes } from '../bytes.ts';
import { MAX_SKIPPED_KEYS } from '../consts.ts';
import { damaged, RecordReader, RecordWriter } from '../record-bytes.ts';
import { AUTHENTICATOR_BYTES } from './authenticator.ts';
import { SKIPPED_ENTRY_BYTES } from './chains.ts';
import type { Chains, EpochChains } from './chains.ts';
import { CHUNK_NUMBERS, parseCollected } from './erasure.ts';
import type { Collected } from './erasure.ts';
import {
  KEM_CT1_BYTES,
  KEM_EK_BYTES,
  KEM_HEADER_BYTES,
  KEM_MESSAGE_BYTES,
  KEM_SEED_BYTES,
} from './mlkem-split.ts';
import type { SplitKeys } from './mlkem-split.ts';
import { CT2_MESSAGE_BYTES, HEADER_MESSAGE_BYTES } from './states.ts';
import type { BraidState } from './states.ts';

/** The whole ratchet of one session. */
export interface SpqrState {
  readonly braid: BraidState;
  readonly chains: Chains;
}

const RECORD_VERSION = 1;

/** A chain is kept for the epoch before the one sent in, that one, and the one agreed on meanwhile. */
const MAX_EPOCHS = 3;

/** Never renumbered: the position is the stored number. */
const kinds = [
  'keys-unsampled',
  'keys-sampled',
  'header-sent',
  'ct1-received',
  'ek-sent',
  'no-header',
  'header-received',
  'ct1-sampled',
  'ek-received',
  'ct1-acknowledged',
  'ct2-sampled',
] as const satisfies readonly BraidState['kind'][];

export function encodeSpqrState(state: SpqrState): Bytes {
  const writer = new RecordWriter();
  writeChains(writer, state.chains);
  writeBraid(writer, state.braid);
  return writer.finish();
}

/** Throws `bad-state` on anything that `encodeSpqrState` does not write, another version included. */
export function decodeSpqrState(bytes: Uint8Array): SpqrState {
  const reader = new RecordReader(bytes);
  if (reader.byte() !== RECORD_VERSION) throw damaged();
  const chains = readChains(reader);
  const braid = readBraid(reader);
  reader.end();
  const newest = chains.epochs.at(-1)?.epoch ?? 0;
  if (newest !== braid.epoch && newest !== braid.epoch - 1) throw damaged();
  return { braid, chains };
}

function writeChains(writer: RecordWriter, chains: Chains): void {
  writer.byte(RECORD_VERSION);
  writer.byte(chains.direction === 'a-to-b' ? 0 : 1);
  writer.bytes(chains.root);
  writer.long(chains.sendEpoch);
  writer.byte(chains.epochs.length);
  for (const { epoch, send, receive } of chains.epochs) {
    writer.long(epoch);
    writer.byte(send === undefined ? 0 : 1);
    if (send !== undefined) {
      writer.word(send.counter);
      writer.bytes(send.key);
    }
    writer.word(receive.counter);
    writer.bytes(receive.key);
    writer.string(receive.skipped);
  }
}

function readChains(reader: RecordReader): Chains {
  const direction = reader.byte();
  if (direction > 1) throw damaged();
  const root = reader.bytes(32);
  const sendEpoch = reader.long();
  const count = reader.byte();
  if (count < 1 || count > MAX_EPOCHS) throw damaged();
  const epochs: EpochChains[] = [];
  for (let i = 0; i < count; i += 1) epochs.push(readEpoch(reader, sendEpoch));
  const first = epochs[0]?.epoch ?? 0;
  if (epochs.some(({ epoch }, i) => epoch !== first + i)) throw damaged();
  if (!epochs.some(({ epoch }) => epoch === sendEpoch)) throw damaged();
  return { direction: direction === 0 ? 'a-to-b' : 'b-to-a', root, sendEpoch, epochs };
}

function readEpoch(reader: RecordReader, sendEpoch: number): EpochChains {
  const epoch = reader.long();
  const sending = reader.byte();
  if (sending !== (epoch < sendEpoch ? 0 : 1)) throw damaged();
  const send = sending === 1 ? { counter: reader.word(), key: reader.bytes(32) } : undefined;
  const counter = reader.word();
  const key = reader.bytes(32);
  return { epoch, send, receive: { counter, key, skipped: readSkipped(reader, counter) } };
}

/** Rising indexes below the counter, 2,000 at most. */
function readSkipped(reader: RecordReader, counter: number): Uint8Array {
  const skipped = reader.string();
  if (skipped.length % SKIPPED_ENTRY_BYTES !== 0 || skipped.length > MAX_SKIPPED_KEYS * SKIPPED_ENTRY_BYTES) {
    throw damaged();
  }
  let before = 0;
  for (let at = 0; at < skipped.length; at += SKIPPED_ENTRY_BYTES) {
    const index = readBe32(skipped, at);
    if (index <= before || index >= counter) throw damaged();
    before = index;
  }
  return skipped;
}

function writeBraid(writer: RecordWriter, state: BraidState): void {
  writer.byte(kinds.indexOf(state.kind));
  writer.long(state.epoch);
  writer.bytes(state.authenticator);
  switch (state.kind) {
    case 'keys-unsampled':
      return;
    case 'keys-sampled':
      writeKeys(writer, state.keys);
      writer.bytes(state.headerMessage);
      writer.word(state.next);
      return;
    case 'header-sent':
      writeKeys(writer, state.keys);
      writer.word(state.next);
      writer.string(state.ct1Chunks);
      return;
    case 'ct1-received':
      writeKeys(writer, state.keys);
      writer.word(state.next);
      writer.bytes(state.ct1);
      return;
    case 'ek-sent':
      writeKeys(writer, state.keys);
      writer.bytes(state.ct1);
      writer.string(state.ct2Chunks);
      return;
    case 'no-header':
      writer.string(state.headerChunks);
      return;
    case 'header-received':
      writer.bytes(state.header);
      return;
    case 'ct1-sampled':
      writeAnswer(writer, state);
      writer.word(state.next);
      writer.string(state.ekChunks);
      return;
    case 'ek-received':
      writeAnswer(writer, state);
      writer.word(state.next);
      writer.bytes(state.ek);
      return;
    case 'ct1-acknowledged':
      writeAnswer(writer, state);
      writer.string(state.ekChunks);
      return;
    case 'ct2-sampled':
      writer.bytes(state.ct2Message);
      writer.word(state.next);
  }
}

function readBraid(reader: RecordReader): BraidState {
  const kind = kinds[reader.byte()];
  const epoch = reader.long();
  if (kind === undefined || epoch < 1) throw damaged();
  const common = { epoch, authenticator: reader.bytes(AUTHENTICATOR_BYTES) };
  switch (kind) {
    case 'keys-unsampled':
      return { kind, ...common };
    case 'keys-sampled': {
      const keys = readKeys(reader);
      const headerMessage = reader.bytes(HEADER_MESSAGE_BYTES);
      return { kind, ...common, keys, headerMessage, next: readChunkNumber(reader) };
    }
    case 'header-sent': {
      const keys = readKeys(reader);
      const next = readChunkNumber(reader);
      return { kind, ...common, keys, next, ct1Chunks: readCollected(reader, KEM_CT1_BYTES) };
    }
    case 'ct1-received': {
      const keys = readKeys(reader);
      const next = readChunkNumber(reader);
      return { kind, ...common, keys, next, ct1: reader.bytes(KEM_CT1_BYTES) };
    }
    case 'ek-sent': {
      const keys = readKeys(reader);
      const ct1 = reader.bytes(KEM_CT1_BYTES);
      return { kind, ...common, keys, ct1, ct2Chunks: readCollected(reader, CT2_MESSAGE_BYTES) };
    }
    case 'no-header':
      return { kind, ...common, headerChunks: readCollected(reader, HEADER_MESSAGE_BYTES) };
    case 'header-received':
      return { kind, ...common, header: reader.bytes(KEM_HEADER_BYTES) };
    case 'ct1-sampled': {
      const answer = readAnswer(reader);
      const next = readChunkNumber(reader);
      return { kind, ...common, ...answer, next, ekChunks: readCollected(reader, KEM_EK_BYTES) };
    }
    case 'ek-received': {
      const answer = readAnswer(reader);
      const next = readChunkNumber(reader);
      return { kind, ...common, ...answer, next, ek: reader.bytes(KEM_EK_BYTES) };
    }
    case 'ct1-acknowledged': {
      const answer = readAnswer(reader);
      return { kind, ...common, ...answer, ekChunks: readCollected(reader, KEM_EK_BYTES) };
    }
    case 'ct2-sampled': {
      const ct2Message = reader.bytes(CT2_MESSAGE_BYTES);
      return { kind, ...common, ct2Message, next: readChunkNumber(reader) };
    }
  }
}

function readChunkNumber(reader: RecordReader): number {
  const number = reader.word();
  if (number >= CHUNK_NUMBERS) throw damaged();
  return number;
}

/** Chunks of a message of `sizeBytes`. */
function readCollected(reader: RecordReader, sizeBytes: number): Collected {
  return parseCollected(reader.string(), sizeBytes);
}

function writeKeys(writer: RecordWriter, keys: SplitKeys): void {
  writer.bytes(keys.seed);
  writer.bytes(keys.header);
  writer.bytes(keys.ek);
}

function readKeys(reader: RecordReader): SplitKeys {
  return {
    seed: reader.bytes(KEM_SEED_BYTES),
    header: reader.bytes(KEM_HEADER_BYTES),
    ek: reader.bytes(KEM_EK_BYTES),
  };
}

interface Answer {
  readonly header: Uint8Array;
  readonly message: Uint8Array;
  readonly ct1: Uint8Array;
}

function writeAnswer(writer: RecordWriter, answer: Answer): void {
  writer.bytes(answer.header);
  writer.bytes(answer.message);
  writer.bytes(answer.ct1);
}

function readAnswer(reader: RecordReader): Answer {
  return {
    header: reader.bytes(KEM_HEADER_BYTES),
    message: reader.bytes(KEM_MESSAGE_BYTES),
    ct1: reader.bytes(KEM_CT1_BYTES),
  };
}
