/** Locks the app after some time without anybody at any view. What counts as somebody is the views' word: they tell it now and then. */
import type { Clock } from '../ports.ts';

/** The timer of the app lock. */
export class IdleLock {
  readonly #clock: Clock;
  readonly #lock: () => void;
  #afterMs: number | undefined;
  #activeAt: number;
  #cancel: (() => void) | undefined;

  constructor(clock: Clock, lock: () => void) {
    this.#clock = clock;
    this.#lock = lock;
    this.#activeAt = clock.now();
  }

  /** Begins anew with this time; `undefined` stops it. */
  set(afterMs: number | undefined): void {
    this.#afterMs = afterMs;
    this.#cancel?.();
    this.#cancel = undefined;
    this.active();
  }

  /** Somebody is there. */
  active(): void {
    this.#activeAt = this.#clock.now();
    this.#wait();
  }

  #wait(): void {
    if (this.#afterMs === undefined || this.#cancel !== undefined) return;
    const dueAt = this.#activeAt + this.#afterMs;
    this.#cancel = this.#clock.after(Math.max(0, dueAt - this.#clock.now()), () => {
      this.#cancel = undefined;
      if (this.#afterMs === undefined) return;
      // A clock that was set back counts as time that has passed.
      const idleMs = Math.abs(this.#clock.now() - this.#activeAt);
      if (idleMs >= this.#afterMs) this.#lock();
      else this.#wait();
    });
  }
}
