/**
 * Timers of disappearing messages, pure: which of two is in force, and how long a message stays. A timer of 0 seconds is none. On any
 * doubt the shorter one wins.
 */
import { TIMER_REVISION_STEP, type Timer } from '@tacet/protocol/content/timer';

/** The shorter of two times, seconds; 0 is for ever. */
export function shorter(a: number, b: number): number {
  if (a === 0 || b === 0) return Math.max(a, b);
  return Math.min(a, b);
}

/**
 * The timer in force once `told` was heard; gives `held` itself when nothing changes. `own`: told by a device of this account, whose
 * numbers are believed.
 */
export function laterTimer(held: Timer | undefined, told: Timer, own: boolean): Timer | undefined {
  const revision = held?.revision ?? 0;
  if (!own && told.revision > revision + TIMER_REVISION_STEP) return held;
  if (told.revision > revision) return { seconds: told.seconds, revision: told.revision };
  if (held === undefined || told.revision < revision) return held;
  const seconds = shorter(held.seconds, told.seconds);
  return seconds === held.seconds ? held : { seconds, revision };
}

/** How long a message stays that came under `said` where `held` is in force, seconds. */
export function lifetimeOf(held: Timer | undefined, said: Timer | undefined): number {
  return shorter(held?.seconds ?? 0, said?.seconds ?? 0);
}
