/**
 * Whether the passphrase is still at hand, asked now and then after growing times, and the word that another own device has changed it.
 * Kept on this device alone; nothing waits for an answer, and the passphrase itself is not kept.
 */
import type { DeviceId } from '@tacet/protocol/ids';
import type { SealedDb, WriteTx } from '../db/sealed.ts';
import { T } from '../db/stores.ts';
import type { StoredCare } from '../db/stored-device.ts';
import type { Clock } from '../ports.ts';

const KEY = 'passphrase';
const HOUR_MS = 60 * 60_000;
const DAY_MS = 24 * HOUR_MS;
/** Days until the next question, by right answers in a row. The longest leaves room for a clock that is put right. */
const ASK_AFTER_DAYS = [1, 3, 7, 14, 30] as const;
const LONGEST_MS = 31 * DAY_MS;
/** A device that slept has late timers: it looks at least this often. */
const LOOK_EVERY_MS = 6 * HOUR_MS;

function timeAfter(answers: number): number {
  return (ASK_AFTER_DAYS[answers] ?? 30) * DAY_MS;
}

/** The care of one signed-in device for its passphrase. */
export class PassphraseCare {
  readonly #db: SealedDb;
  readonly #clock: Clock;
  readonly #changed: () => void;
  #stored: StoredCare = { answers: 0, askAt: Infinity };
  #told = false;
  #cancel: (() => void) | undefined;

  /** `changed`: what is to be shown is another now. */
  constructor(db: SealedDb, clock: Clock, changed: () => void) {
    this.#db = db;
    this.#clock = clock;
    this.#changed = changed;
  }

  /** Reads what is kept. Whoever has just signed up or in has used the passphrase: the first question comes a day later. */
  async load(): Promise<void> {
    const stored = await this.#db.read([T.passphraseCare], (tx) => tx.get(T.passphraseCare, KEY));
    if (stored === undefined)
      await this.#write(() => ({ answers: 0, askAt: this.#clock.now() + timeAfter(0) }));
    else this.#stored = stored;
    this.look();
  }

  /** Whether it is time to ask. A time that lies too far ahead was written under another clock. */
  get isDue(): boolean {
    const left = this.#stored.askAt - this.#clock.now();
    return left <= 0 || left > LONGEST_MS;
  }

  /** The last change that another own device told of, until it was seen. */
  get changed(): StoredCare['changed'] {
    return this.#stored.changed;
  }

  /** Looks at the clock, now and again when it may be time. */
  look(): void {
    this.#cancel?.();
    const left = Math.max(0, this.#stored.askAt - this.#clock.now());
    this.#cancel = this.isDue
      ? undefined
      : this.#clock.after(Math.min(left, LOOK_EVERY_MS), () => this.look());
    if (this.isDue === this.#told) return;
    this.#told = this.isDue;
    this.#changed();
  }

  /** It was just used here. Whoever was asked is asked later the next time. */
  async atHand(): Promise<void> {
    const isAnswer = this.isDue;
    await this.#write((stored) => {
      const answers = Math.min(stored.answers + (isAnswer ? 1 : 0), ASK_AFTER_DAYS.length - 1);
      return { ...stored, answers, askAt: this.#clock.now() + timeAfter(answers) };
    });
  }

  /** Something else was given in its place: the times between two questions are short again. */
  async notAtHand(): Promise<void> {
    await this.#write((stored) => ({ ...stored, answers: 0 }));
  }

  /** Not now: the same time passes once more. */
  async postpone(): Promise<void> {
    await this.#write((stored) => ({ ...stored, askAt: this.#clock.now() + timeAfter(stored.answers) }));
  }

  /** Another one is in force, set by this device. */
  renewed(tx: WriteTx): void {
    this.#put(tx, { answers: 0, askAt: this.#clock.now() + timeAfter(0) });
  }

  /** Another own device says that it has put another one in force. */
  renewedBy(tx: WriteTx, device: DeviceId, at: number): void {
    const now = this.#clock.now();
    this.#put(tx, { answers: 0, askAt: now + timeAfter(0), changed: { device, at: Math.min(at, now) } });
  }

  /** The person has seen that it was changed elsewhere. */
  async seen(): Promise<void> {
    const shown = this.#stored.changed;
    await this.#write((stored) => {
      // Another change that was told of meanwhile has not been seen.
      if (stored.changed !== shown) return stored;
      const { changed: _seen, ...rest } = stored;
      return rest;
    });
  }

  stop(): void {
    this.#cancel?.();
  }

  /** `change` is asked in the turn of the write: what came before it stays. */
  async #write(change: (stored: StoredCare) => StoredCare): Promise<void> {
    await this.#db.write([T.passphraseCare], async (tx) => this.#put(tx, change(this.#stored)));
  }

  #put(tx: WriteTx, stored: StoredCare): void {
    tx.put(T.passphraseCare, KEY, stored);
    tx.after(() => {
      this.#stored = stored;
      // Told in any case: a view that looked by itself may have seen what came due before this did.
      this.#told = this.isDue;
      this.#changed();
      this.look();
    });
  }
}
