/**
 * How a tab notices that the owner is silent. It counts its own beats without an answer instead of reading a clock: a tab that was
 * frozen itself, or a machine that is too busy to beat, does not take an owner for dead. A person who looks at a tab waits a second at
 * most; tabs in the background beat slowly.
 */
import type { Clock } from '../ports.ts';
import type { ViewState } from '../view.ts';

const BEAT_MS = 250;
const HIDDEN_BEAT_MS = 5_000;
/** A beat this much too late says that this tab could not run; it counts nothing. */
const LATE_MS = 200;
/** Beats without an answer until the owner is taken for dead. */
const SILENT_MOST = 3;
/** While it starts, stretches a passphrase or makes keys, an owner may not answer for long. */
const BUSY_MOST = 60;
/** A new tab does not know what the owner is doing. */
const SEEKING_MOST = 12;

/** What a watch tells. */
export interface WatchEvents {
  ping(): void;
  /** The owner did not answer: it is robbed. */
  silent(): void;
}

function isGoingOn(call: ViewState['call']): boolean {
  return call !== undefined && call.phase.kind !== 'over' && call.phase.kind !== 'ringing';
}

/** Watches the owner from a view. */
export class OwnerWatch {
  readonly #clock: Clock;
  readonly #events: WatchEvents;
  #cancel: (() => void) | undefined;
  #mode: 'seeking' | 'serving' = 'seeking';
  #missed = 0;
  #isVisible = true;
  #session: ViewState['session']['kind'] = 'starting';
  #hasProgress = false;
  #isCalling = false;

  constructor(clock: Clock, events: WatchEvents) {
    this.#clock = clock;
    this.#events = events;
  }

  /** Begins to watch; `seeking`: no owner is known yet. */
  start(mode: 'seeking' | 'serving'): void {
    this.#mode = mode;
    this.#missed = 0;
    this.#session = 'starting';
    this.#hasProgress = false;
    this.#isCalling = false;
    this.#beatSoon();
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  /** The owner has given a sign of life. */
  heard(): void {
    this.#missed = 0;
  }

  /** What the owner showed says how long it may be silent. */
  saw(slices: Partial<ViewState>): void {
    if (slices.session !== undefined) this.#session = slices.session.kind;
    if ('progress' in slices) this.#hasProgress = slices.progress !== undefined;
    // One that rings can be taken by any tab.
    if ('call' in slices) this.#isCalling = isGoingOn(slices.call);
  }

  /** Whether a call goes on at the owner, which would end with its taking. */
  get isCalling(): boolean {
    return this.#isCalling;
  }

  /** Whether the person looks at this tab. */
  attend(visible: boolean): void {
    if (visible === this.#isVisible) return;
    this.#isVisible = visible;
    this.#missed = 0;
    if (this.#cancel === undefined) return;
    if (visible) this.#events.ping();
    this.#beatSoon();
  }

  #beatSoon(): void {
    this.#cancel?.();
    const delayMs = this.#isVisible ? BEAT_MS : HIDDEN_BEAT_MS;
    const dueAt = this.#clock.now() + delayMs;
    this.#cancel = this.#clock.after(delayMs, () => this.#beat(dueAt));
  }

  #beat(dueAt: number): void {
    const isLate = this.#clock.now() - dueAt > LATE_MS;
    if (!isLate) this.#missed += 1;
    const most =
      this.#mode === 'seeking'
        ? SEEKING_MOST
        : this.#hasProgress || this.#session === 'starting'
          ? BUSY_MOST
          : SILENT_MOST;
    if (this.#missed > most) {
      this.#missed = 0;
      this.#events.silent();
    } else {
      this.#events.ping();
    }
    this.#beatSoon();
  }
}
