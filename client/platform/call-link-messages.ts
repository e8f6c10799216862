/** What a worker and its window say to each other of a call. Both ends come from one build. */
import type { CallWindow, CallWindowRefusal, FromCallWindow } from '../core/calls/call-window.ts';

/**
 * What the window does of what core asks: all but the media worker's port, which goes through it. No DOM types: the worker's end is compiled
 * without them.
 */
export type CallWindowEnd = Omit<CallWindow, 'openMedia' | 'tellMedia'> & {
  /** `port`: core's, for the media worker alone; it carries keys. */
  openMedia(port: MessagePort): Promise<void>;
};
export type CallAskName = keyof CallWindowEnd | 'canCall';

/** From the worker. `options`: of that name; the port of `openMedia` is transferred with it. */
export interface CallAsk {
  readonly kind: 'call-ask';
  readonly re: number;
  readonly name: CallAskName;
  readonly options: unknown;
}
/** From the window. */
export interface CallAnswered {
  readonly kind: 'call-answered';
  readonly re: number;
  readonly value: unknown;
}
export interface CallRefused {
  readonly kind: 'call-refused';
  readonly re: number;
  readonly code: CallWindowRefusal;
}
export interface CallTold {
  readonly kind: 'call-told';
  readonly told: FromCallWindow;
}

export type CallLinkMessage = CallAsk | CallAnswered | CallRefused | CallTold;
