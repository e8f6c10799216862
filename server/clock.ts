/** The server's only reader of the wall clock. Everything that needs the time is given a `Clock`. */
import { uptime } from 'node:os';

/** Tells the time. */
export interface Clock {
  /** Milliseconds since 1970 UTC. */
  now(): number;
}

/** The machine's clock. */
export const systemClock: Clock = { now: () => Date.now() };

/** Milliseconds since the machine was started, whatever its clock says, and with its sleep, in which `performance.now` stands still. */
export function uptimeMs(): number {
  return uptime() * 1_000;
}
