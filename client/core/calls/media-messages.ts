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

/** Frames of a sender since it was opened. `refused`: not sealed and so not sent. */
export interface SentCounts {
  readonly stream: number;
  readonly sealed: number;
  readonly refused: number;
}
export interface ReceivedCounts {
  readonly stream: number;
  readonly counts: FrameCounts;
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
  /** Nothing of the stream passes any more: it must be made anew. `codec`: one that is not encrypted. `spent`: its counters are. */
  | { readonly kind: 'stopped'; readonly stream: number; readonly why: 'codec' | 'spent' | 'attached-twice' }
  | {
      readonly kind: 'counts';
      readonly re: number;
      readonly senders: readonly SentCounts[];
      readonly receivers: readonly ReceivedCounts[];
    };
