/**
 * One frame, sealed and opened (RFC 9605 sections 4.4.3 and 4.4.4), with the bytes in front that the packetizer and the SFU must read:
 *
 *   clear bytes 0 or 1 | SFrame header 1 to 17 | ciphertext | tag 16
 *
 *   nonce = salt XOR counter
 *   associated data = SFrame header | metadata
 *   metadata = codec 1 | clear bytes | what the caller adds
 */
import type { Bytes } from '../bytes.ts';
import { AES_GCM_TAG_BYTES, aesGcmOpen, aesGcmSeal } from '../webcrypto.ts';
import { headerBytes, writeHeader, type FrameHeader } from './header.ts';
import type { FrameOpenKey, FrameSealKey } from './keys.ts';

/**
 * The codecs that are offered. `clearBytes`: VP8's frame tag, in which the SFU sees key frames; VP9 and Opus say all they must in RTP.
 * `byte` is part of the metadata and keeps its meaning. A codec that is not here is not sent.
 */
export const CODECS = {
  opus: { byte: 1, clearBytes: 0 },
  vp8: { byte: 2, clearBytes: 1 },
  vp9: { byte: 3, clearBytes: 0 },
} as const;
export type FrameCodec = keyof typeof CODECS;

/** The metadata of a frame. `frame` begins with its clear bytes, sealed or not. */
export function frameMetadata(codec: FrameCodec, frame: Uint8Array, more: Uint8Array): Bytes {
  const { byte, clearBytes } = CODECS[codec];
  const metadata = new Uint8Array(1 + clearBytes + more.length);
  metadata[0] = byte;
  for (let at = 0; at < clearBytes; at += 1) metadata[1 + at] = frame[at] ?? 0;
  if (more.length > 0) metadata.set(more, 1 + clearBytes);
  return metadata;
}

/** Salt XOR counter, the counter as a big-endian integer of 12 bytes. */
function nonceOf(salt: Bytes, counter: number): Bytes {
  const nonce = new Uint8Array(salt);
  for (let [at, rest] = [salt.length - 1, counter]; rest > 0; at -= 1) {
    nonce[at] = (nonce[at] ?? 0) ^ (rest % 256);
    rest = Math.floor(rest / 256);
  }
  return nonce;
}

/**
 * Seals all of a frame but its clear bytes. The counter, below 2^53, must never have been used with this key. The result's buffer holds
 * nothing else.
 */
export async function encryptFrame(
  key: FrameSealKey,
  counter: number,
  frame: Bytes,
  clearBytes: number,
  metadata: Uint8Array,
): Promise<Bytes> {
  const length = headerBytes(key.kid, counter);
  const associated = new Uint8Array(length + metadata.length);
  writeHeader(associated, 0, key.kid, counter);
  associated.set(metadata, length);
  const bodyAt = clearBytes + length;
  const sealed = new Uint8Array(length + frame.length + AES_GCM_TAG_BYTES);
  for (let at = 0; at < clearBytes; at += 1) sealed[at] = frame[at] ?? 0;
  sealed.set(associated.subarray(0, length), clearBytes);
  const body = clearBytes === 0 ? frame : frame.subarray(clearBytes);
  sealed.set(await aesGcmSeal(key.key, nonceOf(key.salt, counter), body, associated), bodyAt);
  return sealed;
}

/**
 * Opens a sealed frame whose header, behind the clear bytes, was read; `undefined` when it is not authentic. The result's buffer holds
 * nothing else.
 */
export async function decryptFrame(
  key: FrameOpenKey,
  header: FrameHeader & { readonly ctr: number },
  sealed: Bytes,
  clearBytes: number,
  metadata: Uint8Array,
): Promise<Bytes | undefined> {
  const bodyAt = clearBytes + header.length;
  const associated = new Uint8Array(header.length + metadata.length);
  associated.set(sealed.subarray(clearBytes, bodyAt));
  associated.set(metadata, header.length);
  const body = await aesGcmOpen(key.key, nonceOf(key.salt, header.ctr), sealed.subarray(bodyAt), associated);
  if (body === undefined || clearBytes === 0) return body;
  const frame = new Uint8Array(clearBytes + body.length);
  // The clear bytes as they were authenticated: the caller's buffer may have changed since.
  frame.set(metadata.subarray(1, 1 + clearBytes));
  frame.set(body, clearBytes);
  return frame;
}
