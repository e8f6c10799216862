/**
 * When a way is given up, or looked for anew: by how the window says that it stands, and by time. The caller looks for a direct way anew;
 * where it does not come back, both go through the media server, and stay there. Where there is none, the direct way has all the time that
 * the call has.
 */
import type { Clock } from '../ports.ts';
import type { Side } from './joins.ts';

/** A direct way that is not there by then is given up for the media server, ms. */
const DIRECT_MS = 3_000;
/** Addresses of this machine, and the message that tells them, are there by then, ms. Without any there is no direct way. */
const ADDRESSES_MS = 1_000;
/** A way that was lost for so long is looked for anew, and then given so long, ms. The callee waits for both, and a little more. */
const LOST_MS = 2_000;
const AGAIN_MS = 5_000;
const CALLEE_WAITS_MS = LOST_MS + AGAIN_MS + 1_000;
/** How often a lost way through the media server is looked for anew before another place is taken. */
const RESTARTS_MOST = 3;

export type WayState = 'connected' | 'interrupted' | 'failed';

export interface WayActs {
  /** The caller's: finds the direct way anew. */
  lookAgain(): void;
  /** False: there is no media server. */
  goRelayed(): boolean;
  /** The browser has found no direct way, and there is no other. */
  giveUp(): void;
  /** Finds the way through the media server anew, in the same place or in another one. */
  restart(): void;
  enterAnew(): void;
}

export class WayWatch {
  readonly #clock: Clock;
  readonly #side: Side;
  readonly #acts: WayActs;
  #isRelayed = false;
  #isConnected = false;
  #hasConnected = false;
  #restarts = 0;
  #timer: (() => void) | undefined;
  #isOver = false;

  constructor(clock: Clock, side: Side, acts: WayActs) {
    this.#clock = clock;
    this.#side = side;
    this.#acts = acts;
  }

  /** Whether the call has connected at all. */
  get hasConnected(): boolean {
    return this.#hasConnected;
  }

  /** Both have told descriptions: the direct way has its time, as long as `mayConnect` says that there may be one. */
  begin(mayConnect: () => boolean): void {
    if (this.#hasConnected) return;
    this.#wait(ADDRESSES_MS, () => {
      if (mayConnect()) this.#wait(DIRECT_MS - ADDRESSES_MS, () => this.#acts.goRelayed());
      else this.#acts.goRelayed();
    });
  }

  /** From now on through the media server. */
  relayed(): void {
    this.#timer?.();
    this.#isRelayed = true;
    this.#isConnected = false;
  }

  /** The window says how the present way stands. */
  heard(state: WayState): void {
    const wasConnected = this.#isConnected;
    this.#isConnected = state === 'connected';
    if (state === 'connected') {
      this.#timer?.();
      this.#hasConnected = true;
      this.#restarts = 0;
    } else if (this.#isRelayed) {
      this.#wait(state === 'failed' ? 0 : LOST_MS, () => this.#restart());
    } else if (!this.#hasConnected) {
      if (state === 'failed' && !this.#acts.goRelayed()) this.#acts.giveUp();
    } else if (this.#side === 'caller') {
      this.#wait(state === 'failed' ? 0 : LOST_MS, () => this.#lookAgain());
    } else if (wasConnected) {
      this.#wait(CALLEE_WAITS_MS, () => this.#acts.goRelayed());
    }
  }

  stop(): void {
    this.#isOver = true;
    this.#timer?.();
  }

  #lookAgain(): void {
    this.#wait(AGAIN_MS, () => {
      if (!this.#acts.goRelayed()) this.#lookAgain();
    });
    this.#acts.lookAgain();
  }

  #restart(): void {
    this.#restarts += 1;
    this.#wait(AGAIN_MS, () => this.#restart());
    if (this.#restarts <= RESTARTS_MOST) {
      this.#acts.restart();
      return;
    }
    this.#restarts = 0;
    this.#acts.enterAnew();
  }

  #wait(delayMs: number, run: () => void): void {
    this.#timer?.();
    this.#timer = this.#clock.after(delayMs, () => {
      if (!this.#isOver) run();
    });
  }
}
