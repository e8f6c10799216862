/** The server's only reader of the wall clock. Everything that needs the time is given a `Clock`. */

/** Tells the time. */
export interface Clock {
  /** Milliseconds since 1970 UTC. */
  now(): number;
}

/** The machine's clock. */
export const systemClock: Clock = { now: () => Date.now() };
