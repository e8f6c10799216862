/**
 * Calls as the rest of the server sees them: a relay, which carries the requests of clients to the media server wherever it is, and what a
 * client is told of the servers that help a call to find its way. Nothing here knows a person.
 */
import type { CallAnswer, CallEvent } from '@tacet/protocol/calls/answers';
import type { CallServers } from '@tacet/protocol/frames/calls';
import type { RelayState } from '@tacet/protocol/rest/people';

/** One client's connection to the media server. */
export interface CallChannel {
  /** One request, which the media server checks. Rejects with `WireError`. */
  request(request: unknown): Promise<CallAnswer>;
  /** The client is gone; it has a while to come back over another channel. Idempotent. */
  close(): void;
}

/** What a client of the relay is told without asking. */
export interface CallListener {
  /** Something happened in its room. */
  onEvent(event: CallEvent): void;
  /** The media server cannot be reached any more: the channel is over, and a new one may find it again. */
  onLost(): void;
}

/** The way to the media server. */
export interface Relay {
  /** Whether calls can be carried, and else why not. */
  readonly state: RelayState;
  /** `undefined` unless the state is `ready`. */
  open(listener: CallListener): CallChannel | undefined;
  /** Idempotent. */
  close(): Promise<void>;
}

/** What the socket for calls works with. */
export interface CallServices {
  readonly relay: Pick<Relay, 'open' | 'state'>;
  /** What helps a call to find a way, now, with credentials of its own. */
  servers(): CallServers;
}
