/**
 * Whether the machine's clock may be believed where something is deleted by it for good. A clock that jumps (a dead battery, a wrong time
 * server) would make everything that waits years old at once: what was acknowledged would be gone when somebody sets it right. So it is
 * held against time that passes, and from one start to the next against what it last said; after a jump nothing is deleted until the
 * server has run for a week.
 */
import { uptimeMs, type Clock } from '../clock.ts';
import type { ClockNote } from '../store/server-state.ts';

const DAY_MS = 24 * 60 * 60_000;
/** A clock that goes another way than time does by this much, between two looks, has been set. A leap or a slow oscillator is far below. */
const JUMP_MS = 60 * 60_000;
/** How long the operator has to notice it: an envelope that waits a week longer harms nobody. */
const HOLD_MS = 7 * DAY_MS;

/** What a watch is given. */
export interface ClockWatchNeeds {
  readonly clock: Clock;
  /** What was noted before this start, read before anything of this start was stored; `undefined` in a new server. */
  readonly before: ClockNote | undefined;
  /** Keeps a note for the next start. */
  note(note: ClockNote): Promise<void>;
  /** Told by how much the clock was set. */
  onJump(byMs: number): void;
  /** Time that passes, in ms from anywhere, whatever the clock says: the machine's uptime unless given. */
  readonly passed?: () => number;
}

export class ClockWatch {
  readonly #needs: ClockWatchNeeds;
  readonly #passed: () => number;
  #last: { readonly now: number; readonly passed: number } | undefined;
  #heldMs: number | undefined;

  constructor(needs: ClockWatchNeeds) {
    this.#needs = needs;
    this.#passed = needs.passed ?? uptimeMs;
    this.#heldMs = needs.before?.heldMs;
  }

  /**
   * The time, if it may be believed. At the first look a server that was off for a week, or that knows of a time to come, cannot tell which
   * of its times is wrong. What is known is kept before it is given.
   */
  async believed(): Promise<number | undefined> {
    const [now, passed] = [this.#needs.clock.now(), this.#passed()];
    const byMs =
      this.#last === undefined ? absence(now, this.#needs.before?.at) : jump(this.#last, { now, passed });
    if (byMs !== 0) {
      this.#heldMs = 0;
      this.#needs.onJump(byMs);
    } else if (this.#heldMs !== undefined && this.#last !== undefined) {
      this.#heldMs += Math.round(passed - this.#last.passed);
    }
    if (this.#heldMs !== undefined && this.#heldMs >= HOLD_MS) this.#heldMs = undefined;
    this.#last = { now, passed };
    const isHeld = this.#heldMs !== undefined;
    await this.#needs.note({ at: now, heldMs: this.#heldMs });
    return isHeld ? undefined : now;
  }
}

function jump(
  before: { readonly now: number; readonly passed: number },
  { now, passed }: { readonly now: number; readonly passed: number },
): number {
  const byMs = now - before.now - (passed - before.passed);
  return Math.abs(byMs) > JUMP_MS ? byMs : 0;
}

function absence(now: number, noted: number | undefined): number {
  if (noted === undefined) return 0;
  return now - noted > HOLD_MS || noted - now > JUMP_MS ? now - noted : 0;
}
