/**
 * Whether the other side's keys have come over the present way. Without them nothing of him is heard or seen, whatever the way carries: the
 * call counts as not connected, and he is asked for them now and then.
 */
import type { Clock } from '../ports.ts';

/** How often they are asked for, ms. */
const ASK_MS = 2_000;

export interface KeyWatchActs {
  /** The way stands, and keys are there. */
  connected(): void;
  /** They are to be told again. */
  ask(): void;
}

export class KeyWatch {
  readonly #clock: Clock;
  readonly #acts: KeyWatchActs;
  #isUp = false;
  #isKeyed = false;
  #hasAsked = false;
  #timer: (() => void) | undefined;

  constructor(clock: Clock, acts: KeyWatchActs) {
    this.#clock = clock;
    this.#acts = acts;
  }

  /** Whether the way stands, and they were asked for without an answer. */
  get isWithout(): boolean {
    return this.#hasAsked && !this.#isKeyed;
  }

  /** The way stands. */
  up(): void {
    this.#isUp = true;
    if (this.#isKeyed) this.#acts.connected();
    else this.#askLater();
  }

  /** The way is lost; what keys were told over it stay. */
  down(): void {
    this.#isUp = false;
    this.#hasAsked = false;
    this.#timer?.();
  }

  /** A key has come. */
  keyed(): void {
    if (this.#isKeyed) return;
    this.#isKeyed = true;
    this.#timer?.();
    if (this.#isUp) this.#acts.connected();
  }

  /** Another way, with other keys, or none any more. */
  moved(): void {
    this.down();
    this.#isKeyed = false;
  }

  #askLater(): void {
    this.#timer?.();
    this.#timer = this.#clock.after(ASK_MS, () => {
      this.#hasAsked = true;
      this.#acts.ask();
      this.#askLater();
    });
  }
}
