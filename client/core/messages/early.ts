/**
 * Contents about messages that have not come yet. They wait, a bounded number for each conversation, and are applied when the message
 * comes. Whose message it would be is part of the key, so that nobody's content ever waits for a message of somebody else.
 */
import type { AccountId, MessageId } from '@tacet/protocol/ids';
import type { SealedDb, WriteTx } from '../db/sealed.ts';
import { K, T } from '../db/stores.ts';
import type { Clock } from '../ports.ts';
import { amend, type Amendment, type Amendments } from './amendments.ts';

/** Messages of one conversation that are waited for; the oldest is given up. */
export const EARLY_MOST = 64;

/** What waits for messages. */
export class EarlyContents {
  readonly #db: SealedDb;
  readonly #clock: Clock;
  /** Whether anything waits at all: most messages need not look. */
  #isEmpty = true;

  constructor(db: SealedDb, clock: Clock) {
    this.#db = db;
    this.#clock = clock;
  }

  async load(): Promise<void> {
    const keys = await this.#db.read([T.early], (tx) => tx.keys(T.early, { limit: 1 }));
    this.#isEmpty = keys.length === 0;
  }

  /** Keeps a content in a transaction that holds `T.early`. */
  async add(
    tx: WriteTx,
    account: AccountId,
    author: AccountId,
    message: MessageId,
    next: Amendment,
  ): Promise<void> {
    this.#isEmpty = false;
    const key = K.early(this.#db, account, author, message);
    const held = await tx.get(T.early, key);
    if (held === undefined) {
      const rows = await tx.range(T.early, K.earlyOf(this.#db, account));
      const surplus = rows.toSorted((a, b) => a.value.at - b.value.at).slice(0, rows.length + 1 - EARLY_MOST);
      if (rows.length >= EARLY_MOST) for (const row of surplus) tx.delete(T.early, row.key);
    }
    const at = held?.at ?? this.#clock.now();
    tx.put(T.early, key, { author, message, at, amendments: amend(held?.amendments ?? {}, next) });
  }

  /** Takes out what waits for a message that has come. */
  async take(
    tx: WriteTx,
    account: AccountId,
    author: AccountId,
    message: MessageId,
  ): Promise<Amendments | undefined> {
    if (this.#isEmpty) return undefined;
    const key = K.early(this.#db, account, author, message);
    const held = await tx.get(T.early, key);
    if (held !== undefined) tx.delete(T.early, key);
    return held?.amendments;
  }

  /** Whether a message that has not come was deleted by its author. */
  async isDeleted(tx: WriteTx, account: AccountId, author: AccountId, message: MessageId): Promise<boolean> {
    if (this.#isEmpty) return false;
    const held = await tx.get(T.early, K.early(this.#db, account, author, message));
    return held?.amendments.deletedAt !== undefined;
  }

  /** Forgets all that waits in a conversation. */
  async clear(tx: WriteTx, account: AccountId): Promise<void> {
    if (this.#isEmpty) return;
    for (const key of await tx.keys(T.early, K.earlyOf(this.#db, account))) tx.delete(T.early, key);
  }
}
