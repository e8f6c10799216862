/** What a call has of the media worker: streams for each way, in numbers that are used once, and what becomes of their frames. */
import type { Purpose, StreamKey } from '@tacet/protocol/content/call-said';
import type { CallId } from '@tacet/protocol/ids';
import type { Clock, RandomBytes } from '../ports.ts';
import { CallFigures, type ShownFigures } from './call-figures.ts';
import type { CallWindowPort, FromCallWindow } from './call-window.ts';
import type { FromMedia } from './media-messages.ts';
import { CallNumbers, CallStreams } from './streams.ts';

/** Media workers of one call. */
const WORKERS_MOST = 4;

/** A connection's number and its streams. */
export interface NumberedStreams {
  readonly connection: number;
  readonly streams: CallStreams;
}

export interface MediaNeeds {
  readonly call: CallId;
  readonly window: CallWindowPort;
  readonly random: RandomBytes;
  readonly clock: Clock;
}

export interface MediaEvents {
  /** There is a key that the other side was not told. */
  keyed(): void;
  changed(): void;
}

export class CallMedia {
  readonly #n: MediaNeeds;
  readonly #events: MediaEvents;
  readonly #numbers: CallNumbers;
  readonly #figures: CallFigures;
  #open: NumberedStreams | undefined;
  #workers = 0;

  constructor(needs: MediaNeeds, events: MediaEvents) {
    this.#n = needs;
    this.#events = events;
    this.#numbers = new CallNumbers(needs.random);
    this.#figures = new CallFigures({
      now: () => needs.clock.now(),
      tellMedia: (message) => needs.window.tellMedia(message),
      stop: (connection, stream) => this.#stop(connection, stream),
      changed: () => events.changed(),
    });
  }

  get shown(): ShownFigures {
    return this.#figures.shown;
  }

  /** Starts the media worker. */
  async start(): Promise<void> {
    this.#workers += 1;
    await this.#n.window.openMedia();
  }

  /** Starts another one in place of one that has ended. False: it does not come, or there were too many. */
  async startAnew(): Promise<boolean> {
    if (this.#workers === 0 || this.#workers >= WORKERS_MOST) return false;
    try {
      await this.start();
      return true;
    } catch {
      return false;
    }
  }

  /** Streams of a new connection, in place of those before. */
  open(options: { readonly receives: boolean }): NumberedStreams {
    this.close();
    const { call, window } = this.#n;
    const connection = this.#numbers.next();
    const needs = {
      call,
      numbers: this.#numbers,
      tellMedia: window.tellMedia.bind(window),
      keyed: () => this.#events.keyed(),
      release: (purpose: Purpose) => {
        // A connection that is there no more sends nothing.
        window.release({ connection, purpose }).catch(() => undefined);
      },
    };
    this.#open = { connection, streams: new CallStreams(needs, options) };
    return this.#open;
  }

  /** Ends the present streams. */
  close(): void {
    this.#open?.streams.close();
    this.#open = undefined;
    this.#figures.moved();
  }

  /**
   * The call is over. `goesOn`: what it has in the window goes over to another one, but for its connection. `hasDevices`: the person has turned
   * some on for it.
   */
  end({ goesOn, hasDevices }: { readonly goesOn: boolean; readonly hasDevices: boolean }): void {
    const { connection } = this;
    const { window } = this.#n;
    this.close();
    if (!goesOn) {
      if (this.#workers > 0 || hasDevices) window.endCall().catch(() => undefined);
    } else if (connection !== undefined) window.closeConnection({ connection }).catch(() => undefined);
  }

  get connection(): number | undefined {
    return this.#open?.connection;
  }

  /** A key of the other side's, for what is received now. */
  learn(key: StreamKey): void {
    this.#open?.streams.learn(key);
  }

  figures(figures: Extract<FromCallWindow, { readonly kind: 'figures' }>): void {
    if (figures.connection === this.connection) this.#figures.hear(figures);
  }

  /** What the media worker says. */
  heard(message: FromMedia): void {
    switch (message.kind) {
      case 'counts':
        this.#figures.counts(message);
        return;
      case 'sender-key':
      case 'attached':
        this.#open?.streams.heard(message);
        return;
      case 'stopped':
        if (message.why !== 'closed') this.#figures.caught(this.connection, message.stream);
        return;
      case 'failed':
    }
  }

  #stop(connection: number, stream: number): void {
    const purpose = connection === this.connection ? this.#open?.streams.purposeOf(stream) : undefined;
    if (purpose === undefined) return;
    // Whatever else is asked of the window has to wait, this has not.
    this.#n.window.stopStream({ connection, purpose }).catch(() => undefined);
  }
}
