/** The room's only source of time. */

/** Tells the time and wakes up. */
export interface Clock {
  /** Milliseconds since some moment; goes forward only. */
  now(): number;
  /** Calls once after `ms`; the answer cancels. Keeps no process alive. */
  after(ms: number, work: () => void): () => void;
}

/** The machine's clock. */
export const systemClock: Clock = {
  now: () => performance.now(),
  after(ms, work) {
    const timer = setTimeout(work, ms);
    timer.unref();
    return () => clearTimeout(timer);
  },
};
