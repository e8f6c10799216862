/** Which of the codecs that are offered a frame is of. */
import type { FrameCodec } from '@tacet/crypto/sframe';

const codecs: Readonly<Record<string, FrameCodec>> = {
  'audio/opus': 'opus',
  'video/vp8': 'vp8',
  'video/vp9': 'vp9',
};

/** The codec of a frame; `undefined` for any other, which does not pass. */
export function codecOf(frame: RTCEncodedVideoFrame | RTCEncodedAudioFrame): FrameCodec | undefined {
  const { mimeType } = frame.getMetadata();
  return mimeType === undefined ? undefined : codecs[mimeType.toLowerCase()];
}
