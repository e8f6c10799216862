/**
 * The door `@tacet/crypto/sframe`: end-to-end encryption of media frames (RFC 9605). Nothing has to be loaded and `ready()` need not be
 * awaited: the media worker has WebCrypto and nothing else. SPEC.md says what a caller keeps.
 */
export { isCryptoError } from './errors.ts';
export { MAX_FRAME_BYTES, MAX_FRAMES_PER_KEY, MAX_INSTANCES } from './consts.ts';
export { CODECS, type FrameCodec } from './sframe/frame.ts';
export {
  BASE_KEY_BYTES,
  parseSenderKey,
  type BaseKey,
  type MediaPurpose,
  type MediaTrack,
  type SenderKey,
} from './sframe/keys.ts';
export {
  FrameOpener,
  refusals,
  type FrameCounts,
  type OpenedFrame,
  type Refusal,
} from './sframe/receiver.ts';
export { FrameSealer, type SealerOptions } from './sframe/sender.ts';
