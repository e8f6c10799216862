/** Two ends of a port inside one worker: what `serve` takes for a view, joined to a channel or to the own window. */
import type { PortLike } from '../worker-messages.ts';

type Listener = (event: { readonly data: unknown }) => void;

/** A port for `serve`. What core says goes to `out`; what a view says comes in by `deliver`. */
export class Pipe implements PortLike {
  readonly #out: (message: unknown) => void;
  readonly #listeners = new Set<Listener>();

  constructor(out: (message: unknown) => void) {
    this.#out = out;
  }

  postMessage(message: unknown): void {
    this.#out(message);
  }

  addEventListener(_type: 'message', listener: Listener): void {
    this.#listeners.add(listener);
  }

  removeEventListener(_type: 'message', listener: Listener): void {
    this.#listeners.delete(listener);
  }

  deliver(message: unknown): void {
    for (const listener of this.#listeners) listener({ data: message });
  }
}
