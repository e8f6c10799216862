/**
 * What a participant is told, in order. Between an answer that opens a connection and its first event everything is held; while the
 * connection is lost only messages are, within bounds, since the answer to `resume` tells the rest as it then is.
 */
import type { CallEvent } from '@tacet/protocol/calls/answers';
import { LIMITS } from '@tacet/protocol/limits';

/** Is told what happens. */
export type Listener = (event: CallEvent) => void;

export class Inbox {
  readonly #held: CallEvent[] = [];
  readonly #onFull: () => void;
  #listener: Listener | undefined;
  #isAway = false;
  #heldBytes = 0;

  /** `onFull`: more messages wait for a lost connection than may. */
  constructor(onFull: () => void) {
    this.#onFull = onFull;
  }

  get isAway(): boolean {
    return this.#isAway;
  }

  tell(event: CallEvent): void {
    if (this.#listener !== undefined) return this.#listener(event);
    if (!this.#isAway) this.#held.push(event);
    else if (event.kind === 'message') this.#hold(event);
  }

  #hold(event: CallEvent & { readonly kind: 'message' }): void {
    this.#heldBytes += event.body.length;
    if (this.#held.length >= LIMITS.callHeldMessages || this.#heldBytes > LIMITS.callHeldBytes)
      this.#onFull();
    else this.#held.push(event);
  }

  /** The connection is lost. */
  leave(): void {
    this.#listener = undefined;
    this.#isAway = true;
  }

  /** A connection is there: everything is held for it until `open`. */
  comeBack(): void {
    this.#listener = undefined;
    this.#isAway = false;
    this.#heldBytes = 0;
  }

  /** Tells what was held, and from now on everything. */
  open(listener: Listener): void {
    this.#listener = listener;
    for (const event of this.#held.splice(0)) listener(event);
  }
}
