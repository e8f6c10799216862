/**
 * Background work, each job by itself: first soon after the start, then again after an interval, never twice at a time. A job that fails
 * is reported and tried again at its next turn. One process runs them; a server of several nodes takes a lease first.
 */

/** A piece of background work. */
export interface Job {
  readonly name: string;
  readonly everyMs: number;
  /** Does the work; stops early when `signal` is aborted. */
  run(signal: AbortSignal): Promise<void>;
}

/** Is told what a job threw, and which one did. */
type OnJobError = (error: unknown, where: { readonly job: string }) => void;

/** How long after the start jobs run first: when the rush of reconnecting clients is over. */
const FIRST_AFTER_MS = 60_000;

export class Scheduler {
  readonly #stop = new AbortController();
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #running = new Set<Promise<void>>();
  readonly #onError: OnJobError;

  /** Starts the jobs. `firstAfterMs`: for tests. */
  constructor(jobs: readonly Job[], onError: OnJobError, firstAfterMs = FIRST_AFTER_MS) {
    this.#onError = onError;
    for (const job of jobs) this.#after(firstAfterMs, job);
  }

  /** Starts no more jobs and waits for those that run. Idempotent. */
  async close(): Promise<void> {
    this.#stop.abort();
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    await Promise.all(this.#running);
  }

  #after(ms: number, job: Job): void {
    if (this.#stop.signal.aborted) return;
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      const running = this.#run(job).finally(() => this.#running.delete(running));
      this.#running.add(running);
    }, ms);
    timer.unref();
    this.#timers.add(timer);
  }

  async #run(job: Job): Promise<void> {
    try {
      await job.run(this.#stop.signal);
    } catch (error) {
      this.#onError(error, { job: job.name });
    }
    this.#after(job.everyMs, job);
  }
}
