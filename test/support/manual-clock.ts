/** A clock that is in the hands of a test. */
import type { Clock } from '../../sfu/clock.ts';

/** Time that goes on when it is told to. */
export class ManualClock implements Clock {
  #now = 0;
  readonly #due = new Set<{ readonly at: number; readonly work: () => void }>();

  now(): number {
    return this.#now;
  }

  after(ms: number, work: () => void): () => void {
    const entry = { at: this.#now + ms, work };
    this.#due.add(entry);
    return () => this.#due.delete(entry);
  }

  advance(ms: number): void {
    this.#now += ms;
    for (const entry of [...this.#due].toSorted((a, b) => a.at - b.at)) {
      if (entry.at > this.#now || !this.#due.delete(entry)) continue;
      entry.work();
    }
  }
}
