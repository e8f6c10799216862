/** A sealer of media frames and an opener that has its key, and frames for them. */
import {
  FrameOpener,
  FrameSealer,
  type FrameCodec,
  type MediaTrack,
  type SealerOptions,
} from '@tacet/crypto/sframe';
import { parseHeader, writeHeader } from '../../crypto/sframe/header.ts';
import { hexText } from './mangle.ts';

type Bytes = Uint8Array<ArrayBuffer>;

/** Bytes 0 to 15. */
export const call = Uint8Array.from({ length: 16 }, (_, at) => at);
export const camera: MediaTrack = { call, purpose: 'camera' };

/** A frame that tells its number and is unlike its neighbours. */
export function frameOf(number: number, length = 40): Bytes {
  return Uint8Array.from({ length }, (_, at) => number * 31 + at * 7);
}

/** Instance 3 of the camera with three layers, unless said otherwise. */
export async function makeFramePair(options: Partial<SealerOptions> = {}) {
  const sealer = await FrameSealer.open({ ...camera, instance: 3, layers: 3, ...options });
  const opener = new FrameOpener(camera);
  await opener.addKey(sealer.share());
  return { sealer, opener };
}

/** What became of a frame: its hex, or why it was refused. */
export async function tryOpen(
  opener: FrameOpener,
  sealed: Bytes,
  codec: FrameCodec = 'vp9',
  metadata: Uint8Array = new Uint8Array(0),
): Promise<string> {
  const opened = await opener.open(codec, sealed, metadata);
  return opened.kind === 'opened' ? hexText(opened.frame) : opened.why;
}

/** A sealed frame without clear bytes whose header says another KID or counter; the rest is as it was. */
export function reheaded(sealed: Bytes, kid: number, ctr: number): Bytes {
  const head = new Uint8Array(17);
  const length = writeHeader(head, 0, kid, ctr);
  return Uint8Array.of(...head.subarray(0, length), ...sealed.subarray(parseHeader(sealed).length));
}
