/**
 * Where replies stand that quote a message which never came here, with the words of whoever replied. What is heard of that message later
 * holds for those words too: they go with its deletion, and give way to its own when it comes.
 */
import type { AccountId, MessageId } from '@tacet/protocol/ids';
import type { SealedDb, WriteTx } from '../db/sealed.ts';
import { K, T } from '../db/stores.ts';

/** Messages of one conversation of which this is kept; quotes of further ones show no words. */
const MESSAGES_MOST = 1_000;
/** Replies to one of them. */
const REPLIES_MOST = 64;

/** The quotes that were told. Every transaction given here holds `T.toldQuotes`. */
export class ToldQuotes {
  readonly #db: SealedDb;
  /** Whether there are none at all: most messages need not look. */
  #isEmpty = true;

  constructor(db: SealedDb) {
    this.#db = db;
  }

  async load(): Promise<void> {
    // The store is shared with what came early; either makes one look.
    const keys = await this.#db.read([T.toldQuotes], (tx) => tx.keys(T.toldQuotes, { limit: 1 }));
    this.#isEmpty = keys.length === 0;
  }

  /** Notes that the line of an order quotes a message. False: it is one too many. */
  async note(
    tx: WriteTx,
    account: AccountId,
    quoted: { readonly author: AccountId; readonly message: MessageId },
    order: number,
  ): Promise<boolean> {
    const db = this.#db;
    const key = K.toldQuote(db, account, quoted.author, quoted.message);
    const held = (await tx.get(T.toldQuotes, key)) ?? [];
    if (held.includes(order)) return true;
    if (held.length === 0) {
      const keys = await tx.keys(T.toldQuotes, { ...K.toldQuotes(db, account), limit: MESSAGES_MOST });
      if (keys.length >= MESSAGES_MOST) return false;
    } else if (held.length >= REPLIES_MOST) return false;
    this.#isEmpty = false;
    tx.put(T.toldQuotes, key, [...held, order]);
    return true;
  }

  /** Takes out the orders of the lines that quote a message. */
  async take(
    tx: WriteTx,
    account: AccountId,
    author: AccountId,
    message: MessageId,
  ): Promise<readonly number[]> {
    if (this.#isEmpty) return [];
    const key = K.toldQuote(this.#db, account, author, message);
    const held = await tx.get(T.toldQuotes, key);
    if (held !== undefined) tx.delete(T.toldQuotes, key);
    return held ?? [];
  }

  /** The line of an order, which quotes a message, goes. */
  async drop(
    tx: WriteTx,
    account: AccountId,
    quoted: { readonly author: AccountId; readonly message: MessageId },
    order: number,
  ): Promise<void> {
    const orders = await this.take(tx, account, quoted.author, quoted.message);
    const left = orders.filter((each) => each !== order);
    if (left.length > 0)
      tx.put(T.toldQuotes, K.toldQuote(this.#db, account, quoted.author, quoted.message), left);
  }

  /** Forgets all of a conversation. */
  async forget(tx: WriteTx, account: AccountId): Promise<void> {
    if (this.#isEmpty) return;
    for (const key of await tx.keys(T.toldQuotes, K.toldQuotes(this.#db, account))) {
      tx.delete(T.toldQuotes, key);
    }
  }
}
