/** Requests to the media server, which core carries: each is answered, refused or given up. */
import type { CallAnswer } from '@tacet/protocol/calls/answers';
import type { CallRequest } from '@tacet/protocol/calls/requests';
import { CallWindowError } from '../../core/calls/call-window.ts';

/** How long an answer may take, ms: longer than core needs to come back to the server by another line. */
const ANSWER_LIMIT_MS = 20_000;

interface Waiting {
  readonly connection: number;
  readonly end: (answer: CallAnswer | undefined) => void;
}

export class RelayRequests {
  readonly #tell: (asked: {
    readonly connection: number;
    readonly re: number;
    readonly request: CallRequest;
  }) => void;
  readonly #waiting = new Map<number, Waiting>();
  #asked = 0;

  constructor(
    tell: (asked: {
      readonly connection: number;
      readonly re: number;
      readonly request: CallRequest;
    }) => void,
  ) {
    this.#tell = tell;
  }

  /** Rejects with `CallWindowError` `failed` where it is refused, or its connection is closed. */
  ask(connection: number, request: CallRequest): Promise<CallAnswer> {
    this.#asked += 1;
    const re = this.#asked;
    return new Promise((resolve, reject) => {
      const limit = setTimeout(() => this.take(re, undefined), ANSWER_LIMIT_MS);
      this.#waiting.set(re, {
        connection,
        end(answer) {
          clearTimeout(limit);
          if (answer === undefined) reject(new CallWindowError('failed'));
          else resolve(answer);
        },
      });
      this.#tell({ connection, re, request });
    });
  }

  take(re: number, answer: CallAnswer | undefined): void {
    const waiting = this.#waiting.get(re);
    this.#waiting.delete(re);
    waiting?.end(answer);
  }

  /** A connection is closed. */
  forget(connection: number): void {
    for (const [re, waiting] of this.#waiting)
      if (waiting.connection === connection) this.take(re, undefined);
  }
}
