/** Exclusion inside one worker: work under the same key runs one after the other, in the order in which it asked. */

/** Locks by key. */
export class KeyedLocks {
  readonly #tails = new Map<string, Promise<void>>();

  /** Takes the keys if nobody holds or awaits any of them; the caller gives them back by calling what is returned. */
  tryHold(keys: readonly string[]): (() => void) | undefined {
    if (keys.some((key) => this.#tails.has(key))) return undefined;
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    for (const key of keys) this.#tails.set(key, held);
    return () => {
      release();
      for (const key of keys) if (this.#tails.get(key) === held) this.#tails.delete(key);
    };
  }

  /** Runs `work` when nobody holds any of the keys. All keys are asked for at once, so that two callers never wait for each other. */
  async run<Value>(keys: readonly string[], work: () => Promise<Value>): Promise<Value> {
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const before = [...new Set(keys)].map((key) => {
      const tail = this.#tails.get(key) ?? Promise.resolve();
      const mine = tail.then(() => held);
      this.#tails.set(key, mine);
      return { key, tail, mine };
    });
    try {
      await Promise.all(before.map(({ tail }) => tail));
      return await work();
    } finally {
      release();
      for (const { key, mine } of before) if (this.#tails.get(key) === mine) this.#tails.delete(key);
    }
  }
}
