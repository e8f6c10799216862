/** How good a call is and whether all of it is encrypted, as a screen is shown it: from WebRTC's figures and the media worker's counts. */
import type { CallQuality, CallTrouble } from '../view.ts';
import type { FromCallWindow, QualityFigures } from './call-window.ts';
import type { FromMedia, ToMedia } from './media-messages.ts';
import { Watchdog, type FrameTotals } from './watchdog.ts';

/** Above these it is only fair, or poor: share of packets lost, round trip in ms (ITU-T G.114 for the delay). */
const FAIR = { lost: 0.02, roundTripMs: 250 };
const POOR = { lost: 0.08, roundTripMs: 500 };

export interface ShownFigures {
  readonly quality: CallQuality | undefined;
  readonly troubles: readonly CallTrouble[];
}

export interface FiguresEvents {
  /** The time, ms. */
  now(): number;
  tellMedia(message: ToMedia): void;
  /** Not every frame of a stream is encrypted. */
  stop(connection: number, stream: number): void;
  changed(): void;
}

function isOver({ lost, roundTripMs = 0 }: QualityFigures, limit: typeof FAIR): boolean {
  return lost > limit.lost || roundTripMs > limit.roundTripMs;
}

export class CallFigures {
  readonly #events: FiguresEvents;
  readonly #watchdog: Watchdog;
  #quality: QualityFigures | undefined;
  #totals: FrameTotals = { sealed: 0, opened: 0, refused: 0 };
  #isCaught = false;
  #isUnreadable = false;

  constructor(events: FiguresEvents) {
    this.#events = events;
    this.#watchdog = new Watchdog({
      now: () => events.now(),
      tellMedia: (message) => events.tellMedia(message),
      caught: (connection, stream) => this.caught(connection, stream),
      readable: (isReadable) => {
        this.#isUnreadable = !isReadable;
        events.changed();
      },
      totals: (totals) => {
        this.#totals = totals;
        events.changed();
      },
    });
  }

  hear(figures: Extract<FromCallWindow, { readonly kind: 'figures' }>): void {
    this.#quality = figures.quality;
    this.#watchdog.figures(figures);
  }

  counts(counts: Extract<FromMedia, { readonly kind: 'counts' }>): void {
    this.#watchdog.counts(counts);
  }

  /** Not every frame of a stream is encrypted, or would be: it ends. */
  caught(connection: number | undefined, stream: number): void {
    if (connection === undefined) return;
    this.#isCaught = true;
    this.#events.stop(connection, stream);
    this.#events.changed();
  }

  /** The streams that were counted are closed. */
  moved(): void {
    this.#quality = undefined;
    this.#watchdog.moved();
  }

  get shown(): ShownFigures {
    const figures = this.#quality;
    const level = figures && (isOver(figures, POOR) ? 'poor' : isOver(figures, FAIR) ? 'fair' : 'good');
    return {
      quality:
        figures === undefined || level === undefined ? undefined : { level, ...figures, ...this.#totals },
      troubles: [
        ...(this.#isCaught ? ['stopped-unencrypted' as const] : []),
        ...(this.#isUnreadable ? ['unreadable' as const] : []),
      ],
    };
  }
}
