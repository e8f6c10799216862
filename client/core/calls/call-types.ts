/** Where a call between two people can stand, what can happen to it, and what is to be done then (`call-state.ts`). */
import type { CallEnd, CallMedia } from '@tacet/protocol/content/call';
import type { AccountId, CallId, DeviceId } from '@tacet/protocol/ids';

/** What is known of a call from its beginning on. */
export interface Begun {
  readonly call: CallId;
  /** The other person. */
  readonly account: AccountId;
  /** Which side this device is. */
  readonly side: 'caller' | 'callee';
  readonly media: CallMedia;
  /** When it began here, ms. */
  readonly since: number;
}

/** The caller's: it rings there, as far as is known (`isHeard`). */
export type Dialling = Begun & {
  readonly kind: 'ringing';
  readonly side: 'caller';
  readonly isHeard: boolean;
};
/** The callee's: `device` calls. */
export type Rung = Begun & { readonly kind: 'ringing'; readonly side: 'callee'; readonly device: DeviceId };
/** `device`: the other side's, which has taken the call or rings. */
export type Connecting = Begun & {
  readonly kind: 'connecting';
  readonly device: DeviceId;
  readonly takenAt: number;
};
/** `lostAt`: since when nothing comes through. */
export type Talking = Begun & {
  readonly kind: 'talking';
  readonly device: DeviceId;
  readonly connectedAt: number;
  readonly lostAt: number | undefined;
};
/** `why`: as the side says that ended it. `isMine`: this device did. */
export type Over = Begun & {
  readonly kind: 'over';
  readonly why: CallEnd;
  readonly isMine: boolean;
  readonly talkedMs: number | undefined;
};
/** The call of this device. One that is over is kept until the next one, to be shown. */
export type CallState = Dialling | Rung | Connecting | Talking | Over | undefined;

/** Something that happened; `at`: ms, by this device's clock. */
export type CallEvent = { readonly at: number } & (
  | { readonly kind: 'call'; readonly call: CallId; readonly account: AccountId; readonly media: CallMedia }
  | { readonly kind: 'take'; readonly media: CallMedia }
  | { readonly kind: 'hang-up' }
  /** Contents of the other side, by the account and device that the seal proved. `isMissed`: it does not sound. */
  | {
      readonly kind: 'ring';
      readonly call: CallId;
      readonly account: AccountId;
      readonly device: DeviceId;
      readonly media: CallMedia;
      readonly isMissed: boolean;
    }
  | { readonly kind: 'heard'; readonly call: CallId; readonly account: AccountId }
  | {
      readonly kind: 'taken';
      readonly call: CallId;
      readonly account: AccountId;
      readonly device: DeviceId;
    }
  | {
      readonly kind: 'ended';
      readonly call: CallId;
      readonly account: AccountId;
      readonly device: DeviceId;
      readonly why: CallEnd;
    }
  /** The caller says which device has the call: this one (`isHere`), or another. */
  | {
      readonly kind: 'chosen';
      readonly call: CallId;
      readonly account: AccountId;
      readonly device: DeviceId;
      readonly isHere: boolean;
    }
  /** Of the connection between the two. */
  | { readonly kind: 'connected' | 'interrupted' | 'failed' }
  /** What the other side says of the call contradicts itself: it goes no further. */
  | { readonly kind: 'broken' }
  /** Time has passed. */
  | { readonly kind: 'tick' }
);

/** Something to be done, in order. */
export type CallEffect =
  | { readonly kind: 'say-ring' | 'say-heard' | 'say-accept'; readonly call: CallId; readonly to: AccountId }
  | {
      readonly kind: 'say-end';
      readonly call: CallId;
      readonly to: AccountId;
      readonly why: CallEnd;
    }
  /** `device`: the one that has the call. */
  | {
      readonly kind: 'say-chosen';
      readonly call: CallId;
      readonly to: AccountId;
      readonly device: DeviceId;
    }
  | {
      readonly kind: 'connect';
      readonly call: CallId;
      readonly device: DeviceId;
      readonly side: 'caller' | 'callee';
    }
  | { readonly kind: 'disconnect'; readonly call: CallId }
  | { readonly kind: 'log'; readonly entry: CallEntry };

/** A line of the log of calls, which stays on this device. `missed`: somebody called, and nobody here answered. */
export interface CallEntry extends Begun {
  readonly outcome: CallEnd | 'missed';
  readonly talkedMs: number | undefined;
}

/** A state and what is to be done. */
export interface CallStep {
  readonly state: CallState;
  readonly effects: readonly CallEffect[];
}

/** A call that is not over. */
export type Running = Exclude<CallState, Over | undefined>;

/** The call that is going on, if one is. */
export function runningOf(state: CallState): Running | undefined {
  return state === undefined || state.kind === 'over' ? undefined : state;
}
