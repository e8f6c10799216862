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

/** What each of the window's acts is told. The port of `openMedia` is transferred with it. */
export type ActOptions = {
  readonly [Name in keyof CallWindowEnd]: Parameters<CallWindowEnd[Name]>[0];
};
/** An act of the window's, by its name. */
export type CallAct<Name extends keyof ActOptions = keyof ActOptions> = {
  readonly [Each in Name]: { readonly name: Each; readonly options: ActOptions[Each] };
}[Name];
export type CallQuestion = CallAct | { readonly name: 'canCall' };

/** From the worker. */
export interface CallAsk {
  readonly kind: 'call-ask';
  readonly re: number;
  readonly question: CallQuestion;
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

const KINDS: ReadonlySet<unknown> = new Set<CallLinkMessage['kind']>([
  'call-ask',
  'call-answered',
  'call-refused',
  'call-told',
]);

/** Whether a message is one of these, by its kind. */
export function isOfCalls(data: unknown): data is CallLinkMessage {
  return typeof data === 'object' && data !== null && 'kind' in data && KINDS.has(data.kind);
}
