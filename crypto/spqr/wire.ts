/**
 * The post-quantum field of a message (ML-KEM Braid and SPQR version 1; no protobuf):
 *
 *     version 0x01 | varint epoch | varint index | type byte | for types with a chunk: varint chunk number, chunk 32
 *
 * Stricter than native: other versions, index 0, over-long varints and trailing bytes are refused.
 */
import type { Bytes } from '../bytes.ts';
import { CryptoError } from '../errors.ts';
import { CHUNK_BYTES, CHUNK_NUMBERS } from './erasure.ts';

const SPQR_VERSION = 1;

/** Type bytes. `ack` says that the first part of the ciphertext has arrived whole. */
const typeByte = {
  none: 0,
  header: 1,
  ek: 2,
  'ek-and-ack': 3,
  ack: 4,
  ct1: 5,
  ct2: 6,
} as const;

const chunkKinds = ['header', 'ek', 'ek-and-ack', 'ct1', 'ct2'] as const;
type ChunkKind = (typeof chunkKinds)[number];

/** What a message carries besides its position: nothing, an acknowledgement, or one chunk of the KEM exchange. */
export type SpqrPayload =
  | { readonly kind: 'none' }
  | { readonly kind: 'ack' }
  | {
      readonly kind: ChunkKind;
      /** Chunk number, 16 bits. */
      readonly number: number;
      /** 32 bytes. */
      readonly chunk: Uint8Array;
    };

export interface SpqrMessage {
  /** From 1. Its key comes from the chain of the epoch before. */
  readonly epoch: number;
  /** Position in that chain, from 1, 32 bits. */
  readonly index: number;
  readonly payload: SpqrPayload;
}

/** Longest encoding: version, 8 bytes of epoch (2^53), 5 of index, type, 3 of chunk number, chunk. */
const MAX_MESSAGE_BYTES = 1 + 8 + 5 + 1 + 3 + CHUNK_BYTES;

export function encodeSpqrMessage(message: SpqrMessage): Bytes {
  const bytes = new Uint8Array(MAX_MESSAGE_BYTES);
  bytes[0] = SPQR_VERSION;
  let at = writeVarint(bytes, 1, message.epoch);
  at = writeVarint(bytes, at, message.index);
  const { payload } = message;
  bytes[at] = typeByte[payload.kind];
  at += 1;
  if (payload.kind !== 'none' && payload.kind !== 'ack') {
    at = writeVarint(bytes, at, payload.number);
    bytes.set(payload.chunk, at);
    at += CHUNK_BYTES;
  }
  return bytes.slice(0, at);
}

/** Throws `bad-version` on another version (an empty field counts as version 0), `malformed` on anything else. */
export function decodeSpqrMessage(bytes: Uint8Array): SpqrMessage {
  if (bytes[0] !== SPQR_VERSION)
    throw new CryptoError('bad-version', 'unknown version of the post-quantum field');
  const epoch = readVarint(bytes, 1, Number.MAX_SAFE_INTEGER);
  const index = readVarint(bytes, epoch.next, 0xffff_ffff);
  if (epoch.value === 0 || index.value === 0)
    throw new CryptoError('malformed', 'post-quantum position is zero');
  const type = bytes[index.next];
  let next = index.next + 1;
  let payload: SpqrPayload;
  if (type === typeByte.none) payload = { kind: 'none' };
  else if (type === typeByte.ack) payload = { kind: 'ack' };
  else {
    const kind = chunkKind(type);
    const number = readVarint(bytes, next, CHUNK_NUMBERS - 1);
    next = number.next + CHUNK_BYTES;
    if (next > bytes.length) throw new CryptoError('malformed', 'chunk is truncated');
    payload = { kind, number: number.value, chunk: bytes.slice(number.next, next) };
  }
  if (next !== bytes.length) throw new CryptoError('malformed', 'bytes after the post-quantum field');
  return { epoch: epoch.value, index: index.value, payload };
}

function chunkKind(type: number | undefined): ChunkKind {
  const kind = chunkKinds.find((candidate) => typeByte[candidate] === type);
  if (kind === undefined) throw new CryptoError('malformed', 'unknown type in the post-quantum field');
  return kind;
}

/** Little-endian groups of seven bits. Returns the offset behind it. */
function writeVarint(bytes: Uint8Array, offset: number, value: number): number {
  let at = offset;
  let rest = value;
  while (rest > 0x7f) {
    bytes[at] = 0x80 | (rest % 0x80);
    rest = Math.floor(rest / 0x80);
    at += 1;
  }
  bytes[at] = rest;
  return at + 1;
}

/** Throws `malformed` past the end, above `max`, or when a shorter form exists. */
function readVarint(
  bytes: Uint8Array,
  offset: number,
  max: number,
): { readonly value: number; readonly next: number } {
  let value = 0;
  let scale = 1;
  for (let at = offset; at < bytes.length && scale <= max; at += 1) {
    const byte = bytes[at] ?? 0;
    value += (byte & 0x7f) * scale;
    scale *= 0x80;
    if (byte >= 0x80) continue;
    if (value > max || (byte === 0 && at > offset)) break;
    return { value, next: at + 1 };
  }
  throw new CryptoError('malformed', 'invalid number in the post-quantum field');
}
