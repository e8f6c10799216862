/**
 * Signs of life by Web Locks: a worker holds a lock of its own name as long as it lives, and whoever asks for the same lock gets it the
 * moment that the worker has ended, crashes included. Nothing is polled.
 */
import type { Lifelines } from '../core/ports.ts';

/** Lifelines of this browser, for workers and windows. */
export const browserLifelines: Lifelines = {
  hold: (name) =>
    new Promise((resolve, reject) => {
      navigator.locks
        .request(name, () => new Promise<void>((letGo) => resolve(letGo)))
        .catch((error: unknown) => reject(error instanceof Error ? error : new Error('no lock')));
    }),
  onBreak(name, run) {
    const stop = new AbortController();
    navigator.locks
      .request(name, { signal: stop.signal }, () => {
        if (!stop.signal.aborted) run();
      })
      // Rejects only when the waiting was ended.
      .catch(() => undefined);
    return () => stop.abort();
  },
};
