/**
 * Whether the machine's clock may be believed where something is deleted by it for good. A clock that jumps (a dead battery, a wrong time
 * server) would make everything that waits years old at once: what was acknowledged would be gone when somebody sets it right. So it is
 * held against time that passes, and after a jump nothing is deleted for a week.
 */
import type { Clock } from '../clock.ts';

const DAY_MS = 24 * 60 * 60_000;
/** A clock that goes another way than time does by this much, between two looks, has been set. A leap or a slow oscillator is far below. */
const JUMP_MS = 60 * 60_000;
/** How long the operator has to notice it: an envelope that waits a week longer harms nobody. */
const HOLD_MS = 7 * DAY_MS;

export class ClockWatch {
  readonly #clock: Clock;
  readonly #passed: () => number;
  readonly #onJump: (byMs: number) => void;
  #before: { readonly now: number; readonly passed: number } | undefined;
  /** Time that had passed when the last jump was seen. */
  #jumpedAt: number | undefined;

  /** `onJump` is told by how much the clock was set; `passed`: time that passes, in ms from anywhere, whatever the clock says. */
  constructor(clock: Clock, onJump: (byMs: number) => void, passed: () => number = () => performance.now()) {
    this.#clock = clock;
    this.#passed = passed;
    this.#onJump = onJump;
  }

  /**
   * The time, if it may be believed. `newestAt`: the newest instant that was stored; at the first look a server that has heard of nothing
   * for a week, or of something to come, cannot know which of the two is wrong.
   */
  async believed(newestAt: () => Promise<number | undefined>): Promise<number | undefined> {
    const stored = this.#before === undefined ? await newestAt() : undefined;
    const now = this.#clock.now();
    const passed = this.#passed();
    const byMs = this.#before === undefined ? absence(now, stored) : jump(this.#before, { now, passed });
    this.#before = { now, passed };
    if (byMs !== 0) {
      this.#jumpedAt = passed;
      this.#onJump(byMs);
    }
    if (this.#jumpedAt !== undefined && passed - this.#jumpedAt < HOLD_MS) return undefined;
    return now;
  }
}

function jump(
  before: { readonly now: number; readonly passed: number },
  { now, passed }: { readonly now: number; readonly passed: number },
): number {
  const byMs = now - before.now - (passed - before.passed);
  return Math.abs(byMs) > JUMP_MS ? byMs : 0;
}

function absence(now: number, stored: number | undefined): number {
  if (stored === undefined) return 0;
  return now - stored > HOLD_MS || stored - now > JUMP_MS ? now - stored : 0;
}
