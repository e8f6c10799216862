/** The four streams of a connection between two. */
import type { Purpose } from '@tacet/protocol/content/call-said';

/** What each carries, in the order of a description's sections. */
export const PURPOSES: readonly Purpose[] = ['audio', 'camera', 'screen', 'screen-audio'];

export type MediaKind = 'audio' | 'video';

export const KIND_OF: { readonly [Each in Purpose]: MediaKind } = {
  audio: 'audio',
  camera: 'video',
  screen: 'video',
  'screen-audio': 'audio',
};

/** The most that each may send, bit/s: a voice, a face, letters that can be read, and music. */
export const MOST_BITS: { readonly [Each in Purpose]: number } = {
  audio: 40_000,
  camera: 1_500_000,
  screen: 2_500_000,
  'screen-audio': 96_000,
};

/** What a line is taken to carry until it is measured, kbit/s: a first picture is there soon, and a line that carries less shows it within a second. */
export const FIRST_KILOBITS = 1_000;

/** The codecs that the media worker encrypts and that every browser has, with what repairs them. RED would hold frames in the clear. */
const CODECS: { readonly [Kind in MediaKind]: readonly string[] } = {
  audio: ['audio/opus'],
  video: ['video/vp8', 'video/rtx'],
};

/** Whether a codec is offered. */
export function isOffered(kind: MediaKind, mimeType: string): boolean {
  return CODECS[kind].includes(mimeType.toLowerCase());
}

/**
 * Header extensions that are spoken: what binds packets to streams, and what measures the line. Not how loud a packet is (RFC 6464), which
 * would stand outside the encryption, nor how a camera is held.
 */
const EXTENSIONS = [
  'urn:ietf:params:rtp-hdrext:sdes:mid',
  'urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id',
  'urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id',
  'http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time',
  'http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01',
] as const;
export type SpokenExtension = (typeof EXTENSIONS)[number];

export function isSpokenExtension(uri: string): uri is SpokenExtension {
  return EXTENSIONS.some((spoken) => spoken === uri);
}
