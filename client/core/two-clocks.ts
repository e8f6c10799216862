/**
 * This device's clock beside the server's. Either may be wrong, by accident or on purpose. What is deleted for good because of its age is
 * therefore old by both; a server that holds its time back puts that off by a year and a bit, and no longer. Where the two differ, the
 * person is told: nobody else can say which of them is right.
 */
import type { Clock } from './ports.ts';

const DAY_MS = 24 * 60 * 60_000;
/** A clock is seldom wrong by more than a year: a dead battery, a wrong digit. */
const WRONG_MOST_MS = 400 * DAY_MS;
/** A difference that is told: more than any slow clock makes, and less than a wrong time zone. */
const TOLD_MS = 30 * 60_000;

/** What both say of one moment, ms. */
export interface Difference {
  readonly here: number;
  readonly there: number;
}

/** A moment, ms: no earlier than it was by either, and by this device's clock alone. */
export interface Moment {
  readonly latest: number;
  readonly here: number;
}

export class TwoClocks {
  readonly #clock: Clock;
  #said: Difference | undefined;
  #seen: Difference | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The server says its time. */
  note(there: number): void {
    this.#said = { here: this.#clock.now(), there };
  }

  /** This device's clock was set, by this much. */
  moved(byMs: number): void {
    const said = this.#said;
    if (said !== undefined) this.#said = { here: said.here + byMs, there: said.there };
  }

  /** No later than it is by either clock. Never after `latest`. */
  get earliest(): number {
    const now = this.#clock.now();
    return Math.min(now, Math.max(this.#said?.there ?? 0, now - WRONG_MOST_MS));
  }

  /** No earlier than it is by this clock, and by the server's when it last said. */
  get latest(): number {
    const now = this.#clock.now();
    return Math.max(now, Math.min(this.#said?.there ?? 0, now + WRONG_MOST_MS));
  }

  /** Whether more than this has passed since by both. No word of a server, then or now, puts that off by more than `WRONG_MOST_MS` in all. */
  isOlder({ latest, here }: Moment, ageMs: number): boolean {
    return latest < this.earliest - ageMs || here < this.#clock.now() - WRONG_MOST_MS - ageMs;
  }

  /** The difference that the person is to be told of. */
  get told(): Difference | undefined {
    const said = this.#said;
    if (said === undefined || Math.abs(aheadMs(said)) < TOLD_MS) return undefined;
    const seen = this.#seen;
    return seen !== undefined && Math.abs(aheadMs(said) - aheadMs(seen)) < TOLD_MS ? undefined : said;
  }

  /** The person has seen it: it is told again when it is another one. */
  see(): void {
    this.#seen = this.#said;
  }
}

function aheadMs({ here, there }: Difference): number {
  return here - there;
}
