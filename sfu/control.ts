/**
 * The media server as its only user sees it: the server, which carries requests of its clients to it and the answers and events back, in
 * the same process (embedded.ts) or in another (remote.ts). Requests, answers and events are those of protocol/calls. It is told of no
 * account, name or address: a participant is a random id with a token.
 */
import type { CallAnswer, CallEvent } from '@tacet/protocol/calls/answers';

/** One client's connection. */
export interface CallChannel {
  /** One request, checked here. Requests of a channel are answered one after the other. Rejects with `CallError`. */
  request(request: unknown): Promise<CallAnswer>;
  /** The connection is lost: the participant has 30 s to come back with the resume token on another channel. Idempotent. */
  close(): void;
}

/** A media server. */
export interface Sfu {
  /** `onEvent` is called outside of any request, in the order of what happened. If it throws, the channel is closed. */
  open(onEvent: (event: CallEvent) => void): CallChannel;
  /** Closes every room. Idempotent. */
  close(): Promise<void>;
}
