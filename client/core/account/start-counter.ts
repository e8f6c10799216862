/**
 * The start counter: raised and saved before each hello, so that a device which runs on an older copy of its data finds out. The old
 * sessions are then put aside, a new numbering begins, and the person is told; a server that claims it again and again is not believed.
 */
import { LINE_TABLES } from '../conversations/lines.ts';
import { T } from '../db/stores.ts';
import type { Services } from '../services.ts';

const DAY_MS = 24 * 60 * 60_000;
/** A server may claim that this device's state is old this often a day; more often it is not believed. */
const RESTORES_PER_DAY = 2;

/** The start counter of this device. */
export class StartCounter {
  readonly #s: Services;

  constructor(services: Services) {
    this.#s = services;
  }

  /** Raises and saves it, and gives it. */
  async raise(): Promise<number> {
    return this.#s.db.write([T.start], async (tx) => {
      const start = await tx.get(T.start, 'start');
      const counter = (start?.counter ?? 0) + 1;
      tx.put(T.start, 'start', { ...start, counter });
      return counter;
    });
  }

  /** The server was told this counter or a higher one before: this device runs on an older copy of its state. */
  async compare(told: number): Promise<void> {
    const { db, clock, random } = this.#s;
    const now = clock.now();
    const start = await db.read([T.start], (tx) => tx.get(T.start, 'start'));
    if (start === undefined || told < start.counter) return;
    const recent = (start.restoredAt ?? []).filter((at) => Math.abs(now - at) < DAY_MS);
    const isBelieved = recent.length < RESTORES_PER_DAY;
    const tables = [T.start, T.own, T.sessions, ...LINE_TABLES];
    await db.write(tables, async (tx) => {
      // An absurd counter must not leave this device without a next one.
      const counter = told < Number.MAX_SAFE_INTEGER / 2 ? told : start.counter;
      tx.put(T.start, 'start', { counter, restoredAt: isBelieved ? [...recent, now] : recent });
      if (!isBelieved) return;
      await this.#s.sessions.putAsideAll(tx);
      this.#s.own.change(tx, (own) => ({ ...own, epoch: random(16) }));
      for (const { account } of this.#s.conversations.all()) {
        this.#s.conversations.addEvent(tx, account, { what: 'restored' });
      }
    });
  }
}
