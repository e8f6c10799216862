/**
 * The socket for calls: no credential, a connection of its own for each call, opened when something is asked and again when it was lost.
 * What comes back is parsed and matched to what was asked; anything else ends the socket.
 */
import { isErrorCode, WireError } from '@tacet/protocol/errors';
import type { CallEvent } from '@tacet/protocol/calls/answers';
import type { CallRequest } from '@tacet/protocol/calls/requests';
import {
  CALLS_PATH,
  encodeCallsRequest,
  parseCallsReply,
  type CallsAnswer,
  type CallsReplyFrame,
  type CallsRequest,
} from '@tacet/protocol/frames/calls';
import { CoreError } from '../failure.ts';
import type { Clock, OpenSocket, Socket } from '../ports.ts';

/** An answer that takes longer is given up, and the socket with it. */
const ANSWER_MS = 10_000;
/** Requests that wait at a time. */
const PENDING_MOST = 64;

/** Requests of a window: all but those that take, keep or leave a place, and what the call says. */
const OF_WINDOW: ReadonlySet<CallRequest['kind']> = new Set([
  'open-transport',
  'connect-transport',
  'restart-ice',
  'produce',
  'consume',
  'set-producer',
  'set-consumer',
  'set-layers',
  'close-producer',
  'close-consumer',
]);

interface Pending {
  readonly resolve: (answer: CallsAnswer) => void;
  readonly reject: (error: Error) => void;
}

export interface RelayLinkEvents {
  event(event: CallEvent): void;
  /** The socket that was open is lost; the next request opens another. */
  lost(): void;
}

export class RelayLink {
  readonly #openSocket: OpenSocket;
  readonly #clock: Clock;
  readonly #events: RelayLinkEvents;
  readonly #pending = new Map<number, Pending>();
  #socket: Socket | undefined;
  #isOpen = false;
  /** Counts sockets: what an earlier one still says is passed over. */
  #opening = 0;
  /** Requests that wait for the socket to open. */
  #unsent: Uint8Array[] = [];
  #lastRe = 0;
  #isOver = false;

  constructor(openSocket: OpenSocket, clock: Clock, events: RelayLinkEvents) {
    this.#openSocket = openSocket;
    this.#clock = clock;
    this.#events = events;
  }

  /** Throws `WireError` where the server refuses, `CoreError` `offline` where no answer comes. */
  request(request: CallsRequest): Promise<CallsAnswer> {
    if (this.#isOver || this.#pending.size >= PENDING_MOST) return Promise.reject(offline());
    this.#lastRe = (this.#lastRe + 1) >>> 0;
    const re = this.#lastRe;
    return new Promise((resolve, reject) => {
      let bytes: Uint8Array;
      try {
        bytes = encodeCallsRequest(re, request);
      } catch (error) {
        reject(error instanceof Error ? error : offline());
        return;
      }
      const cancel = this.#clock.after(ANSWER_MS, () => this.#drop());
      this.#pending.set(re, {
        resolve: (answer) => {
          cancel();
          resolve(answer);
        },
        reject: (error) => {
          cancel();
          reject(error);
        },
      });
      this.#send(bytes);
    });
  }

  /** Ends the socket; a later request opens another. Nobody is told. */
  rest(): void {
    this.#end(false);
  }

  close(): void {
    this.#isOver = true;
    this.#end(false);
  }

  #send(bytes: Uint8Array): void {
    if (this.#isOpen) {
      this.#socket?.send(bytes);
      return;
    }
    this.#unsent.push(bytes);
    if (this.#socket !== undefined) return;
    this.#opening += 1;
    const opening = this.#opening;
    const isMine = (): boolean => this.#opening === opening;
    this.#socket = this.#openSocket(CALLS_PATH, {
      opened: () => {
        if (!isMine()) return;
        this.#isOpen = true;
        for (const waiting of this.#unsent.splice(0)) this.#socket?.send(waiting);
      },
      message: (received) => {
        if (isMine()) this.#receive(received);
      },
      closed: () => {
        if (isMine()) this.#end(true);
      },
    });
  }

  #receive(bytes: Uint8Array): void {
    let frame: CallsReplyFrame;
    try {
      frame = parseCallsReply(bytes);
    } catch {
      this.#drop();
      return;
    }
    switch (frame.kind) {
      case 'answer':
        this.#take(frame.re)?.resolve(frame.answer);
        return;
      case 'event':
        this.#events.event(frame.event);
        return;
      case 'refused': {
        const { re, code, retryAfterMs } = frame;
        if (re === undefined) return;
        const known = isErrorCode(code) ? code : 'calls-unavailable';
        const options = retryAfterMs === undefined ? {} : { retryAfterMs };
        this.#take(re)?.reject(new WireError(known, 'a request of a call was refused', options));
      }
    }
  }

  #take(re: number): Pending | undefined {
    const pending = this.#pending.get(re);
    this.#pending.delete(re);
    return pending;
  }

  #drop(): void {
    this.#end(true);
  }

  #end(isLost: boolean): void {
    const socket = this.#socket;
    this.#socket = undefined;
    this.#opening += 1;
    this.#isOpen = false;
    this.#unsent = [];
    const waiting = [...this.#pending.values()];
    this.#pending.clear();
    for (const { reject } of waiting) reject(offline());
    if (socket === undefined) return;
    socket.close(1000);
    if (isLost) this.#events.lost();
  }
}

function offline(): CoreError {
  return new CoreError('offline', 'no connection to the media server');
}

/** The answer of the kind that was asked for. Throws `CoreError` `server-dishonest` for another one. */
export function answerOf<Kind extends CallsAnswer['kind']>(
  answer: CallsAnswer,
  kind: Kind,
): Extract<CallsAnswer, { readonly kind: Kind }> {
  if (!isKind(answer, kind)) throw new CoreError('server-dishonest', 'an answer to something else');
  return answer;
}

function isKind<Kind extends CallsAnswer['kind']>(
  answer: CallsAnswer,
  kind: Kind,
): answer is Extract<CallsAnswer, { readonly kind: Kind }> {
  return answer.kind === kind;
}

/** Whether a window may ask this of the media server by itself. */
export function mayWindowAsk({ kind }: CallRequest): boolean {
  return OF_WINDOW.has(kind);
}
