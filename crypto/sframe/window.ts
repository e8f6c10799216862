/**
 * Which counters of one layer came already: a bit for each of the 1,024 up to the newest one, in a ring of words (RFC 6479).
 * Only frames that were authenticated move it.
 */
import { REPLAY_WINDOW_FRAMES } from '../consts.ts';

/** One word more than the window, so that the word of the newest counter can be begun without losing the oldest. */
const WORDS = REPLAY_WINDOW_FRAMES / 32 + 1;

export class ReplayWindow {
  readonly #bits = new Uint32Array(WORDS);
  #newest = -1;

  /** What a frame with this counter (from 0, below 2^31) would be. Changes nothing. */
  look(counter: number): 'fresh' | 'replayed' | 'too-old' {
    if (counter > this.#newest) return 'fresh';
    if (counter <= this.#newest - REPLAY_WINDOW_FRAMES) return 'too-old';
    const word = this.#bits[(counter >>> 5) % WORDS] ?? 0;
    return (word >>> (counter & 31)) & 1 ? 'replayed' : 'fresh';
  }

  /** Takes the counter of an authenticated frame that is `fresh`. */
  take(counter: number): void {
    if (counter > this.#newest) {
      const [from, to] = [this.#newest >> 5, counter >>> 5];
      if (to - from >= WORDS) this.#bits.fill(0);
      else for (let word = from + 1; word <= to; word += 1) this.#bits[word % WORDS] = 0;
      this.#newest = counter;
    }
    const at = (counter >>> 5) % WORDS;
    this.#bits[at] = (this.#bits[at] ?? 0) | (1 << (counter & 31));
  }
}
