/**
 * Between core and the media worker, over a port of their own that the page hands on and cannot read: which tracks there are, and their
 * keys. The page attaches transforms by the numbers of streams (`StreamOptions`) and sees no key.
 */
import type { FrameCounts, MediaPurpose } from '@tacet/crypto/sframe';

/** What the page gives to the transform of an RTCRtpSender or RTCRtpReceiver. */
export interface StreamOptions {
  readonly side: 'send' | 'receive';
  /** Number of the stream, as core gave it. */
  readonly stream: number;
}

/** A stream that sends or receives one track. */
interface Track {
  readonly stream: number;
  /** Id of the call, 16 bytes. */
  readonly call: Uint8Array;
  readonly purpose: MediaPurpose;
}

/** What core tells the media worker. Numbers of streams are used once in the worker's life. */
export type ToMedia =
  /** `instance`, `layers`: as `FrameSealer` has them. Answered by `sender-key`. */
  | (Track & { readonly kind: 'open-sender'; readonly instance: number; readonly layers: number })
  /** Somebody joins: one step on. Answered by `sender-key`. */
  | { readonly kind: 'ratchet'; readonly stream: number }
  | (Track & { readonly kind: 'open-receiver' })
  | {
      readonly kind: 'add-key';
      readonly stream: number;
      readonly instance: number;
      readonly step: number;
      readonly baseKey: Uint8Array;
    }
  | { readonly kind: 'drop-instance'; readonly stream: number; readonly instance: number }
  | { readonly kind: 'close'; readonly stream: number }
  /** Answered by `counts`. */
  | { readonly kind: 'count'; readonly re: number };

/**
 * `codec`: one that is not encrypted. `layers`: more of them than were told. `spent`: its counters or ratchet steps are. `attached-twice`: by a
 * second transform. `closed`: a transform came when it was closed, or for the other side.
 */
export type StopReason = 'codec' | 'layers' | 'spent' | 'attached-twice' | 'closed';

/** Frames of a sender since it was opened. `refused`: not sealed and so not sent. */
export interface SentCounts {
  readonly stream: number;
  readonly sealed: number;
  readonly refused: number;
}
/** Frames of a receiver since it was opened. `foreign`: of a codec that is not encrypted, or after the end; dropped. */
export interface ReceivedCounts {
  readonly stream: number;
  readonly counts: FrameCounts;
  readonly foreign: number;
}

/** What the media worker tells core. */
export type FromMedia =
  | {
      readonly kind: 'sender-key';
      readonly stream: number;
      readonly instance: number;
      readonly step: number;
      readonly baseKey: Uint8Array;
    }
  /** A transform is attached to the stream and holds every frame of it: the track may be released. */
  | { readonly kind: 'attached'; readonly stream: number }
  /** Nothing of the stream passes any more: it must be made anew. */
  | { readonly kind: 'stopped'; readonly stream: number; readonly why: StopReason }
  /** Something that core said makes no sense, or a key has no place (`FrameOpener.addKey`); nothing has changed. */
  | { readonly kind: 'failed'; readonly stream: number; readonly what: ToMedia['kind'] }
  | {
      readonly kind: 'counts';
      readonly re: number;
      readonly senders: readonly SentCounts[];
      readonly receivers: readonly ReceivedCounts[];
    };
