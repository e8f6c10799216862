/** The room's clock, the only place that asks for the time. `ready({ now })` may replace it (tests). */

/** Milliseconds since 1970, UTC. */
export type Clock = () => number;

let clock: Clock = Date.now;

/** Replaces the clock; `undefined` restores the system's. Called by `ready` only. */
export function setClock(now: Clock | undefined): void {
  clock = now ?? Date.now;
}

/** The present in milliseconds since 1970, UTC. */
export function now(): number {
  return clock();
}
