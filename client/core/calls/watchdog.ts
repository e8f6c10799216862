/**
 * Holds what WebRTC has sent and decoded against what the media worker has sealed and opened. Its counts are asked for after WebRTC's were
 * taken, so that a stream whose every frame passes the worker never has fewer: one that has, has a way past it and is stopped.
 */
import type { FromCallWindow, StreamFigures } from './call-window.ts';
import type { FromMedia, ReceivedCounts, ToMedia } from './media-messages.ts';

type Figures = Extract<FromCallWindow, { readonly kind: 'figures' }>;
type Counts = Extract<FromMedia, { readonly kind: 'counts' }>;

/** Looks in a row at which frames of the other side came and none opened. */
const UNREADABLE_LOOKS = 3;
/** Looks whose answer is still to come: the worker answers in order. */
const ASKED_MOST = 8;
/** A worker that has left so many unanswered and answers none for so long, ms, shows of no stream that it is encrypted. */
const SILENT_MS = 4_000;

const NOTHING: ReadonlyMap<number, number> = new Map();

/** Frames since the call began. */
export interface FrameTotals {
  readonly sealed: number;
  readonly opened: number;
  readonly refused: number;
}

export interface WatchdogEvents {
  /** The time, ms. */
  now(): number;
  tellMedia(message: ToMedia): void;
  /** A stream has a way past the media worker, or nobody shows that it has none. */
  caught(connection: number, stream: number): void;
  /** Nothing of the other side opens, or it does again. */
  readable(isReadable: boolean): void;
  totals(totals: FrameTotals): void;
}

export class Watchdog {
  readonly #events: WatchdogEvents;
  readonly #asked = new Map<number, Figures>();
  #lastRe = 0;
  /** Since when as many looks as may be are unanswered, ms. */
  #fullSince: number | undefined;
  /** Of streams that are closed. */
  #before: FrameTotals = { sealed: 0, opened: 0, refused: 0 };
  #now: FrameTotals = { sealed: 0, opened: 0, refused: 0 };
  #unreadable = 0;

  constructor(events: WatchdogEvents) {
    this.#events = events;
  }

  /** WebRTC's figures have come. */
  figures(figures: Figures): void {
    const at = this.#events.now();
    if (this.#asked.size >= ASKED_MOST) {
      this.#fullSince ??= at;
      // A core that was held up itself has many to look at at once, and no answer yet.
      if (at - this.#fullSince < SILENT_MS) return;
      this.#compare(figures.connection, figures.sent, NOTHING);
      this.#compare(figures.connection, figures.received, NOTHING);
      return;
    }
    this.#lastRe += 1;
    this.#asked.set(this.#lastRe, figures);
    this.#events.tellMedia({ kind: 'count', re: this.#lastRe });
  }

  /** The media worker's counts have come. */
  counts({ re, senders, receivers }: Counts): void {
    const figures = this.#asked.get(re);
    if (this.#asked.delete(re)) this.#fullSince = undefined;
    if (figures === undefined) return;
    const sealed = new Map(senders.map((sender) => [sender.stream, sender.sealed]));
    const opened = new Map(receivers.map(({ stream, counts }) => [stream, counts.opened]));
    this.#compare(figures.connection, figures.sent, sealed);
    this.#compare(figures.connection, figures.received, opened);
    const now = {
      sealed: sum([...sealed.values()]),
      opened: sum([...opened.values()]),
      refused: sum(receivers.map(refusedOf)),
    };
    this.#look(now);
    this.#now = now;
    const { sealed: s, opened: o, refused: r } = this.#before;
    this.#events.totals({ sealed: s + now.sealed, opened: o + now.opened, refused: r + now.refused });
  }

  /** The streams of a connection are closed: the worker counts them no more. */
  moved(): void {
    const { sealed, opened, refused } = this.#before;
    this.#before = {
      sealed: sealed + this.#now.sealed,
      opened: opened + this.#now.opened,
      refused: refused + this.#now.refused,
    };
    this.#now = { sealed: 0, opened: 0, refused: 0 };
    this.#asked.clear();
    this.#fullSince = undefined;
    this.#unreadable = 0;
  }

  #compare(
    connection: number,
    figures: readonly StreamFigures[],
    counted: ReadonlyMap<number, number>,
  ): void {
    for (const { stream, frames } of figures) {
      if (frames > (counted.get(stream) ?? 0)) this.#events.caught(connection, stream);
    }
  }

  #look({ opened, refused }: FrameTotals): void {
    if (opened > this.#now.opened) {
      if (this.#unreadable >= UNREADABLE_LOOKS) this.#events.readable(true);
      this.#unreadable = 0;
      return;
    }
    if (refused <= this.#now.refused) return;
    this.#unreadable += 1;
    if (this.#unreadable === UNREADABLE_LOOKS) this.#events.readable(false);
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}

function refusedOf({ counts, foreign }: ReceivedCounts): number {
  const { opened: _, ...refused } = counts;
  return foreign + sum(Object.values(refused));
}
