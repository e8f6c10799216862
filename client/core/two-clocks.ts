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
  /** When the server last said its time. */
  #there: number | undefined;
  #told: Difference | undefined;
  /** How far this device's clock is ahead of the server's, when it was last said, ms. */
  #aheadMs = 0;
  /** Not over a start: a difference that lasts is worth a word each time. */
  #seen: Difference | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The server says its time. */
  note(there: number): void {
    this.#there = there;
    const said = { here: this.#clock.now(), there };
    this.#aheadMs = aheadMs(said);
    if (Math.abs(aheadMs(said)) < TOLD_MS) this.#told = undefined;
    else if (!isAlike(said, this.#told)) this.#told = said;
  }

  /** No later than it is by either clock. Never after `latest`. */
  get earliest(): number {
    const now = this.#clock.now();
    return Math.min(now, Math.max(this.#there ?? 0, now - WRONG_MOST_MS));
  }

  /** No earlier than it is by this clock, and by the server's when it last said. */
  get latest(): number {
    const now = this.#clock.now();
    return Math.max(now, Math.min(this.#there ?? 0, now + WRONG_MOST_MS));
  }

  /** How long ago, by the server's clock, it was what the server says that it was, ms. */
  ageOf(there: number): number {
    return this.#clock.now() - this.#aheadMs - there;
  }

  /** Whether more than this has passed since by both. No word of a server, then or now, puts that off by more than `WRONG_MOST_MS` in all. */
  isOlder({ latest, here }: Moment, ageMs: number): boolean {
    return latest < this.earliest - ageMs || here < this.#clock.now() - WRONG_MOST_MS - ageMs;
  }

  /** The difference that the person is to be told of. */
  get told(): Difference | undefined {
    const told = this.#told;
    return told === undefined || isAlike(told, this.#seen) ? undefined : told;
  }

  /** The person has seen it: it is told again when it is another one. */
  see(): void {
    this.#seen = this.#told ?? this.#seen;
  }
}

/** Whether a difference is much the same as one before. */
function isAlike(difference: Difference, before: Difference | undefined): boolean {
  return before !== undefined && Math.abs(aheadMs(difference) - aheadMs(before)) < TOLD_MS;
}

function aheadMs({ here, there }: Difference): number {
  return here - there;
}
