/**
 * The lines of conversations as they are stored: written in a transaction of the caller and told after it, and read, singly and by
 * pages. Unread counts and summaries follow from them in `conversations.ts`.
 */
import type { AccountId, CallId, MessageId } from '@tacet/protocol/ids';
import type { SealedDb, Tx, WriteTx } from '../db/sealed.ts';
import { K, T } from '../db/stores.ts';
import type { StoredConversation } from '../db/stored-people.ts';
import type { MessagePlace, StoredLine } from '../db/stored-messages.ts';
import { PAGE_LINES, type LineChange } from '../shown/line-window.ts';
import type { Clock, DbKey } from '../ports.ts';
import type { SearchIndex } from '../search/search-index.ts';
import type { Line } from '../view.ts';
import { lastOf, type MessageLine } from './message-line.ts';

/** Tables that every change of lines needs. */
export const LINE_TABLES = [T.conversations, T.lines, T.messages, T.expiring, T.search] as const;

/** Every transaction given here holds `LINE_TABLES`, unless it only reads. */
export class Lines {
  readonly #db: SealedDb;
  readonly #clock: Clock;
  readonly #index: SearchIndex;
  readonly #changed: (account: AccountId, change: LineChange) => void;
  /** Told that a message's time runs, and until when. */
  onExpiring: ((at: number) => void) | undefined;

  constructor(
    db: SealedDb,
    clock: Clock,
    index: SearchIndex,
    changed: (account: AccountId, change: LineChange) => void,
  ) {
    this.#db = db;
    this.#clock = clock;
    this.#index = index;
    this.#changed = changed;
  }

  /** `isSameText`: nothing that could be found has changed. */
  put(tx: WriteTx, account: AccountId, stored: StoredLine, isSameText = false): void {
    if (!isSameText) this.#index.put(tx, account, stored.line);
    tx.put(T.lines, K.line(this.#db, account, stored.line.order), stored);
    tx.after(() => this.#changed(account, { kind: 'put', line: stored.line }));
  }

  /** Keeps something else beside a line; nothing that is shown changes. */
  putBeside(tx: WriteTx, account: AccountId, stored: StoredLine): void {
    tx.put(T.lines, K.line(this.#db, account, stored.line.order), stored);
  }

  /** Takes an event's line away. */
  removeEvent(tx: WriteTx, account: AccountId, order: number): void {
    tx.delete(T.lines, K.line(this.#db, account, order));
    tx.after(() => this.#changed(account, { kind: 'removed', order }));
  }

  /** Takes a message's line away, with its words and its time. Its place stays known. */
  removeMessage(tx: WriteTx, account: AccountId, { order, expiresAt }: MessageLine): void {
    tx.delete(T.lines, K.line(this.#db, account, order));
    this.#index.remove(tx, account, order);
    if (expiresAt !== undefined) tx.delete(T.expiring, K.expiring(this.#db, expiresAt, account, order));
    tx.after(() => this.#changed(account, { kind: 'removed', order }));
  }

  /** A message with its time running from now, if it has one and it does not run yet. */
  begin(tx: WriteTx, account: AccountId, line: MessageLine): MessageLine {
    const { timer, order } = line;
    if (timer === undefined || line.expiresAt !== undefined) return line;
    const expiresAt = this.#clock.now() + timer * 1_000;
    tx.put(T.expiring, K.expiring(this.#db, expiresAt, account, order), { account, order, seconds: timer });
    tx.after(() => this.onExpiring?.(expiresAt));
    return { ...line, expiresAt };
  }

  /** Gives a message whose time runs its whole time again: the clock was set back. */
  async beginAgain(tx: WriteTx, account: AccountId, order: number): Promise<void> {
    const stored = await this.storedIn(tx, account, order);
    if (stored?.line.kind !== 'message' || stored.line.expiresAt === undefined) return;
    const { expiresAt, ...line } = stored.line;
    tx.delete(T.expiring, K.expiring(this.#db, expiresAt, account, order));
    this.put(tx, account, { ...stored, line: this.begin(tx, account, line) }, true);
  }

  /** Where a message stands. */
  async placeOf(tx: Tx, author: AccountId, id: MessageId): Promise<MessagePlace | undefined> {
    return tx.get(T.messages, K.message(this.#db, author, id));
  }

  /** Where the line of a missed call stands. */
  async callPlaceOf(tx: Tx, account: AccountId, call: CallId): Promise<MessagePlace | undefined> {
    return tx.get(T.messages, K.call(this.#db, account, call));
  }

  /** A line with what is kept beside it. */
  storedIn(tx: Tx, account: AccountId, order: number): Promise<StoredLine | undefined> {
    return tx.get(T.lines, K.line(this.#db, account, order));
  }

  /** One line. */
  async lineIn(tx: Tx, account: AccountId, order: number): Promise<Line | undefined> {
    return (await this.storedIn(tx, account, order))?.line;
  }

  /** Lines between two orders, both included, ascending. */
  async linesBetween(tx: Tx, account: AccountId, from: number, to: number): Promise<readonly StoredLine[]> {
    const rows = await tx.range(T.lines, this.#orders(account, from, to));
    return rows.map(({ value }) => value);
  }

  /** At most so many lines from an order on, ascending. */
  async linesFrom(tx: Tx, account: AccountId, order: number, limit: number): Promise<readonly StoredLine[]> {
    const rows = await tx.range(T.lines, { ...this.#orders(account, order, Number.MAX_SAFE_INTEGER), limit });
    return rows.map(({ value }) => value);
  }

  /** The newest message below an order, for the summary. */
  async newestBelow(
    tx: Tx,
    account: AccountId,
    below: number,
  ): Promise<StoredConversation['last'] | undefined> {
    const rows = await tx.range(T.lines, {
      ...this.#orders(account, 0, below - 1),
      limit: PAGE_LINES,
      descending: true,
    });
    const found = rows.find(({ value }) => value.line.kind === 'message')?.value.line;
    return found?.kind === 'message' ? lastOf(found) : undefined;
  }

  /** Lines here and there, in the order asked for. */
  async linesAt(
    places: readonly { readonly account: AccountId; readonly order: number }[],
  ): Promise<readonly (Line | undefined)[]> {
    return this.#db.read([T.lines], (tx) =>
      Promise.all(places.map(({ account, order }) => this.lineIn(tx, account, order))),
    );
  }

  /** The same as `storedIn`, outside any transaction. */
  stored(account: AccountId, order: number): Promise<StoredLine | undefined> {
    return this.#db.read([T.lines], (tx) => this.storedIn(tx, account, order));
  }

  /** At most `limit` lines with orders below `before`, ascending. */
  async page(account: AccountId, before: number, limit: number): Promise<readonly Line[]> {
    if (before <= 1) return [];
    const start = Math.max(1, before - limit);
    return this.#db.read([T.lines], async (tx) => {
      // Orders are nearly dense, and reading upwards is one step; only where lines have gone the way down is needed.
      const near = await tx.range(T.lines, this.#orders(account, start, before - 1));
      if (near.length >= limit || start === 1) return near.map(({ value }) => value.line);
      const rows = await tx.range(T.lines, {
        ...this.#orders(account, 0, before - 1),
        limit,
        descending: true,
      });
      return rows.map(({ value }) => value.line).reverse();
    });
  }

  /** At most `limit` lines with orders from `from` on, ascending. */
  async pageFrom(account: AccountId, from: number, limit: number): Promise<readonly Line[]> {
    const rows = await this.#db.read([T.lines], (tx) =>
      tx.range(T.lines, { ...this.#orders(account, from, Number.MAX_SAFE_INTEGER), limit }),
    );
    return rows.map(({ value }) => value.line);
  }

  /**
   * Order of the first line that came at `at` or later; `end`, one past the newest, if none did. Lines stand in the order of their
   * coming, so it is found by halving: a few reads however long the history is.
   */
  async orderAt(account: AccountId, at: number, end: number): Promise<number> {
    return this.#db.read([T.lines], async (tx) => {
      let [low, high] = [1, end];
      while (low < high) {
        const middle = Math.floor((low + high) / 2);
        const [row] = await tx.range(T.lines, { ...this.#orders(account, middle, high - 1), limit: 1 });
        if (row === undefined || arrivedAt(row.value.line) >= at) high = middle;
        else low = row.value.line.order + 1;
      }
      return low;
    });
  }

  #orders(account: AccountId, from: number, to: number): { readonly from: DbKey; readonly to: DbKey } {
    return { from: K.line(this.#db, account, from), to: K.line(this.#db, account, to) };
  }
}

/** When a line came to stand where it stands. */
function arrivedAt(line: Line): number {
  return line.kind === 'event' ? line.at : line.receivedAt;
}
