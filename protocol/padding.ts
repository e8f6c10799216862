/**
 * Sizes that tell little: contents are padded inside the encryption to powers of two, frames to steps on the wire.
 * Content padding is ISO/IEC 7816-4: one byte 0x80, then zeros.
 */
import { WireError } from './errors.ts';
import { LIMITS } from './limits.ts';

function powerOfTwoAtLeast(least: number, size: number): number {
  let step = least;
  while (step < size) step *= 2;
  return step;
}

/** The padded size of a content of `size` bytes: a power of two from 256. */
export function contentBucket(size: number): number {
  return powerOfTwoAtLeast(LIMITS.contentMinBytes, size + 1);
}

/** Pads a content. Throws `WireError` `too-large`. */
export function padContent(content: Uint8Array): Uint8Array<ArrayBuffer> {
  const bucket = contentBucket(content.length);
  if (bucket > LIMITS.contentMaxBytes) throw new WireError('too-large', 'content over its limit');
  const padded = new Uint8Array(bucket);
  padded.set(content);
  padded[content.length] = 0x80;
  return padded;
}

/** Takes the padding off. Throws `WireError` `malformed-frame` unless the padding is exact and its bucket the smallest that fits. */
export function unpadContent(padded: Uint8Array): Uint8Array {
  let end = padded.length - 1;
  while (end >= 0 && padded[end] === 0) end--;
  if (end < 0 || padded[end] !== 0x80 || contentBucket(end) !== padded.length) {
    throw new WireError('malformed-frame', 'bad content padding');
  }
  return padded.subarray(0, end);
}

/** The step on the wire of a frame of `size` bytes: 256 B for control frames, else a power of two from 4 KiB. */
export function frameBucket(size: number): number {
  if (size <= LIMITS.frameControlBytes) return LIMITS.frameControlBytes;
  return powerOfTwoAtLeast(LIMITS.frameStepBytes, size);
}
