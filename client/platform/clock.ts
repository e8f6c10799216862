/**
 * Time in the browser: the only file of this room that reads it. Timers keep running only while the tab or worker lives, and a page in
 * the background may be slowed by the browser; core does not count on precision.
 */
import type { Clock } from '../core/ports.ts';

/** The longest delay that `setTimeout` takes (2^31 − 1 ms); a longer one would fire at once. */
const MAX_DELAY_MS = 2_147_483_647;

/** The clock of this browser. */
export const browserClock: Clock = {
  now: () => Date.now(),
  after(delayMs, run) {
    const timer = setTimeout(run, Math.min(Math.max(0, delayMs), MAX_DELAY_MS));
    return () => clearTimeout(timer);
  },
};
