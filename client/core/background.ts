/** Work that nobody waits for. Its failures are counted under its name and never stop the program; tests and diagnostics read them. */

/** A task's failures so far. */
export interface BackgroundFailure {
  readonly name: string;
  readonly error: unknown;
}

/** Runs tasks apart. One for each client. */
export class Background {
  readonly failures: BackgroundFailure[] = [];
  readonly #running = new Set<Promise<void>>();
  readonly #onFailure: ((failure: BackgroundFailure) => void) | undefined;

  constructor(onFailure?: (failure: BackgroundFailure) => void) {
    this.#onFailure = onFailure;
  }

  /** Lets `task` run on its own. */
  run(task: Promise<unknown>, name: string): void {
    const watched = task.then(
      () => undefined,
      (error: unknown) => {
        const failure = { name, error };
        if (this.failures.length < 100) this.failures.push(failure);
        this.#onFailure?.(failure);
      },
    );
    this.#running.add(watched);
    watched.then(
      () => this.#running.delete(watched),
      () => this.#running.delete(watched),
    );
  }

  /** Resolves when everything that runs now has ended. */
  async settled(): Promise<void> {
    await Promise.all(this.#running);
  }
}
