/**
 * How a frame stands on a socket: 4 bytes big-endian length, the CBOR item, then padding to the frame's step (256 B for control frames,
 * else a power of two from 4 KiB). One WebSocket binary message holds one frame. The padding's bytes are ignored, its size is not.
 */
import type { Static, TSchema } from 'typebox';
import { Check } from 'typebox/schema';
import { decodeCbor, encodeCbor } from '../cbor.ts';
import { WireError } from '../errors.ts';
import { LIMITS } from '../limits.ts';
import { frameBucket } from '../padding.ts';

const HEAD_BYTES = 4;

/** Encodes and pads a frame. Throws `WireError` `too-large`. */
export function encodeFrame(frame: unknown): Uint8Array<ArrayBuffer> {
  const item = encodeCbor(frame);
  const size = frameBucket(HEAD_BYTES + item.length);
  if (size > LIMITS.frameMaxBytes) throw new WireError('too-large', 'frame over its limit');
  const bytes = new Uint8Array(size);
  bytes[0] = item.length >>> 24;
  bytes[1] = item.length >>> 16;
  bytes[2] = item.length >>> 8;
  bytes[3] = item.length;
  bytes.set(item, HEAD_BYTES);
  return bytes;
}

/** The bytes of the CBOR item in a frame, undecoded. Throws `WireError` `malformed-frame` or `too-large`. */
export function frameItem(bytes: Uint8Array): Uint8Array {
  if (bytes.length > LIMITS.frameMaxBytes) throw new WireError('too-large', 'frame over its limit');
  if (bytes.length < HEAD_BYTES) throw new WireError('malformed-frame', 'short frame');
  const length =
    (bytes[0] ?? 0) * 0x1000000 + (((bytes[1] ?? 0) << 16) | ((bytes[2] ?? 0) << 8) | (bytes[3] ?? 0));
  if (bytes.length !== frameBucket(HEAD_BYTES + length)) {
    throw new WireError('malformed-frame', 'wrong frame size');
  }
  return bytes.subarray(HEAD_BYTES, HEAD_BYTES + length);
}

/** Takes the CBOR item out of a frame, unchecked: for callers with a compiled check. Throws `WireError` `malformed-frame` or `too-large`. */
export function readFrame(bytes: Uint8Array): unknown {
  return decodeCbor(frameItem(bytes));
}

/** Reads a frame of one schema. Throws `WireError` `malformed-frame` or `too-large`. */
export function parseFrame<Schema extends TSchema>(schema: Schema, bytes: Uint8Array): Static<Schema> {
  const frame = readFrame(bytes);
  if (!Check(schema, frame)) throw new WireError('malformed-frame', 'does not match its schema');
  return frame as Static<Schema>;
}
