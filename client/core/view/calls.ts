/** Calls as a screen knows them. */
import type { CallEnd, CallMedia } from '@tacet/protocol/content/call';
import type { CallId } from '@tacet/protocol/ids';
import type { ConversationId } from './conversation.ts';

export type { CallEnd, CallMedia };

/** What is on of one side. */
export interface OnNowView {
  readonly microphone: boolean;
  readonly camera: boolean;
  readonly screen: boolean;
}

/** The call of this device: one that rings, goes on, or has just ended. */
export interface CallView {
  readonly id: CallId;
  /** With whom; the conversation's summary has name and picture. */
  readonly conversation: ConversationId;
  readonly side: 'caller' | 'callee';
  /** What it began with. */
  readonly media: CallMedia;
  /** When it began, ms. */
  readonly since: number;
  readonly phase: CallPhase;
  /** Six digits that both people may compare aloud; once both joins are known. */
  readonly code: string | undefined;
  /** `relayed`: through the server, encrypted all the same. */
  readonly way: 'direct' | 'relayed' | undefined;
  /** What the other side says is on. */
  readonly theirs: OnNowView;
  readonly quality: CallQuality | undefined;
  /** What keeps a part of it from working, newest last; of one that is over, what did at its end. */
  readonly troubles: readonly CallTrouble[];
}

export type CallPhase =
  /** The caller's: `heard`, it rings there. */
  | { readonly kind: 'calling'; readonly heard: boolean }
  /** The callee's. */
  | { readonly kind: 'ringing' }
  | { readonly kind: 'connecting' }
  | { readonly kind: 'talking'; readonly since: number }
  /** It was connected, and looks for a way anew. */
  | { readonly kind: 'reconnecting'; readonly since: number; readonly lostAt: number }
  | {
      readonly kind: 'over';
      readonly why: CallEnd;
      readonly isMine: boolean;
      /** How long it lasted, if it came about, ms. */
      readonly talkedMs: number | undefined;
    };

/** Of the last seconds. */
export interface CallQuality {
  readonly level: 'good' | 'fair' | 'poor';
  readonly roundTripMs: number | undefined;
  /** Share of packets lost, 0 to 1. */
  readonly lost: number;
  /** Bits a second. */
  readonly sentBits: number;
  readonly receivedBits: number;
  /** A direct way goes through a TURN server, of either side. */
  readonly byTurn: boolean;
  /** Frames since the call began, as the media worker counts them. */
  readonly sealed: number;
  readonly opened: number;
  readonly refused: number;
}

export type CallTrouble =
  /** A stream of ours was stopped because not every frame of it was encrypted. */
  | 'stopped-unencrypted'
  /** Frames of the other side do not open: changed on the way, or under a key that this side does not have. */
  | 'unreadable'
  /** No direct way was found, and the server relays no calls. */
  | 'no-relay'
  /** The way stands, and no key of the other side's has come: nothing of his is heard or seen. He is asked for them. */
  | 'no-keys';
