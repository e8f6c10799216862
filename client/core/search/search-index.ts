/**
 * The index of all messages: chunks of folded words, sealed in the local database and changed in the very transaction that changes a
 * line, so that what is deleted is gone from both at once. The first search reads the chunks into memory and they are kept up to date
 * there; until then nothing is held. Messages from before there was an index are added on demand, in small transactions that can be
 * stopped and gone on with.
 */
import type { AccountId } from '@tacet/protocol/ids';
import type { SealedDb, WriteTx } from '../db/sealed.ts';
import { K, T } from '../db/stores.ts';
import type { StoredConversation } from '../db/stored-people.ts';
import type { Line } from '../view.ts';
import {
  changeChunk,
  CHUNK_ORDERS,
  chunkOf,
  findInChunk,
  newestOf,
  type Entry,
  type Find,
  type SearchState,
  type StoredChunk,
} from './chunk.ts';
import { wordsOf, WORDS_VERSION } from './words.ts';

/** Orders that one transaction of a building covers. */
const BUILD_ORDERS = 8 * CHUNK_ORDERS;
const STATE = 'search';

interface Held {
  readonly chunk: StoredChunk;
  readonly newest: number;
}

/** What `lines` give to be found. */
function entryOf(line: Line): Entry {
  if (line.kind !== 'message') return { order: line.order, at: line.at, words: '' };
  return { order: line.order, at: line.receivedAt, words: wordsOf(line.text) };
}

/** The index of one device. */
export class SearchIndex {
  readonly #db: SealedDb;
  readonly #pending = new WeakMap<
    WriteTx,
    Map<string, { account: AccountId; chunk: number; entries: Entry[] }>
  >();
  /** Chunks by account and number, once read. */
  #held: Map<string, Held> | undefined;
  /** What changed while they are read; no chunk: gone. */
  #changedMeanwhile: Map<string, Held | undefined> | undefined;
  #byTime: readonly Held[] | undefined;
  #loading: Promise<void> | undefined;
  #complete = false;
  #building: { stopped: boolean } | undefined;

  constructor(db: SealedDb) {
    this.#db = db;
  }

  /** Whether every message can be found. Known once `load` has resolved. */
  get isComplete(): boolean {
    return this.#complete;
  }

  /** A line was written in this transaction, which holds `T.search`: what it says can be found from the commit on. */
  put(tx: WriteTx, account: AccountId, line: Line): void {
    if (line.kind === 'message') this.#change(tx, account, entryOf(line));
  }

  /** A line went: its words leave the index with it. */
  remove(tx: WriteTx, account: AccountId, order: number): void {
    this.#change(tx, account, { order, at: 0, words: '' });
  }

  /** A database without conversations has nothing to be added: its index is complete from the first message on. */
  async begin(tx: WriteTx): Promise<void> {
    if ((await tx.get(T.searchState, STATE)) !== undefined) return;
    tx.put(T.searchState, STATE, { version: WORDS_VERSION, done: [], complete: true });
  }

  /** Reads the index into memory, once. */
  load(): Promise<void> {
    this.#loading ??= this.#load().catch((error: unknown) => {
      this.#loading = undefined;
      throw error;
    });
    return this.#loading;
  }

  /** The newest messages that hold every term, newest first, at most `limit`, of the conversations that `isWanted` names. */
  find(terms: readonly string[], limit: number, isWanted: (account: AccountId) => boolean): readonly Find[] {
    if (this.#held === undefined || terms.length === 0) return [];
    this.#byTime ??= [...this.#held.values()].toSorted((a, b) => b.newest - a.newest);
    let finds: Find[] = [];
    for (const { chunk, newest } of this.#byTime) {
      const last = finds.length < limit ? undefined : finds.at(-1);
      if (last !== undefined && newest < last.at) break;
      if (!isWanted(chunk.account)) continue;
      const more = findInChunk(chunk, terms, last?.at);
      if (more.length === 0) continue;
      finds = [...finds, ...more].toSorted((a, b) => b.at - a.at || b.order - a.order).slice(0, limit);
    }
    return finds;
  }

  /**
   * Adds the messages that are not in the index. Resolves to whether it came to its end; `stop` ends it early and what was done stays.
   * `progress` hears of lines done and lines in all.
   */
  async build(
    conversations: readonly StoredConversation[],
    progress: (done: number, total: number) => void,
  ): Promise<boolean> {
    await this.load();
    if (this.#complete) return true;
    if (this.#building !== undefined) return false;
    const building = { stopped: false };
    this.#building = building;
    try {
      const total = conversations.reduce((sum, { nextOrder }) => sum + nextOrder, 0);
      const state = await this.#state();
      const done = new Set(state.done);
      let lines = 0;
      for (const { account, nextOrder } of conversations) {
        for (let from = 0; from < nextOrder && !done.has(account); from += BUILD_ORDERS) {
          if (building.stopped) return false;
          await this.#buildRange(account, from);
          progress(Math.min(total, lines + from), total);
        }
        lines += nextOrder;
        if (done.has(account)) continue;
        done.add(account);
        await this.#keepState({ version: WORDS_VERSION, done: [...done], complete: false });
      }
      await this.#keepState({ version: WORDS_VERSION, done: [], complete: true });
      this.#complete = true;
      return true;
    } finally {
      this.#building = undefined;
    }
  }

  /** Ends a building under way. */
  stop(): void {
    if (this.#building !== undefined) this.#building.stopped = true;
  }

  async #load(): Promise<void> {
    this.#changedMeanwhile = new Map();
    const [rows, state] = await this.#db.read([T.search, T.searchState], (tx) =>
      Promise.all([tx.range(T.search, {}), tx.get(T.searchState, STATE)]),
    );
    const held = new Map<string, Held>();
    for (const { value } of rows) {
      held.set(nameOf(value.account, chunkOf(value.orders[0] ?? 0)), {
        chunk: value,
        newest: newestOf(value),
      });
    }
    for (const [name, changed] of this.#changedMeanwhile) {
      if (changed === undefined) held.delete(name);
      else held.set(name, changed);
    }
    this.#changedMeanwhile = undefined;
    this.#held = held;
    this.#complete = state?.complete === true && state.version === WORDS_VERSION;
  }

  async #state(): Promise<SearchState> {
    const held = await this.#db.read([T.searchState], (tx) => tx.get(T.searchState, STATE));
    return held?.version === WORDS_VERSION ? held : { version: WORDS_VERSION, done: [], complete: false };
  }

  #keepState(state: SearchState): Promise<void> {
    return this.#db.write([T.searchState], async (tx) => tx.put(T.searchState, STATE, state));
  }

  /** Makes the chunks from an order on anew from the lines themselves. */
  async #buildRange(account: AccountId, from: number): Promise<void> {
    await this.#db.write([T.lines, T.search], async (tx) => {
      const rows = await tx.range(T.lines, {
        from: K.line(this.#db, account, from),
        to: K.line(this.#db, account, from + BUILD_ORDERS - 1),
      });
      for (let chunk = chunkOf(from); chunk < chunkOf(from + BUILD_ORDERS); chunk += 1) {
        const entries = rows
          .map(({ value }) => entryOf(value.line))
          .filter(({ order }) => chunkOf(order) === chunk);
        this.#write(tx, account, chunk, changeChunk(undefined, account, entries));
      }
    });
  }

  #change(tx: WriteTx, account: AccountId, entry: Entry): void {
    let pending = this.#pending.get(tx);
    if (pending === undefined) {
      pending = new Map();
      this.#pending.set(tx, pending);
      tx.last(() => this.#flush(tx));
    }
    const chunk = chunkOf(entry.order);
    const name = nameOf(account, chunk);
    const held = pending.get(name);
    if (held === undefined) pending.set(name, { account, chunk, entries: [entry] });
    else held.entries.push(entry);
  }

  async #flush(tx: WriteTx): Promise<void> {
    for (const { account, chunk, entries } of this.#pending.get(tx)?.values() ?? []) {
      const before = await tx.get(T.search, K.search(this.#db, account, chunk));
      const after = changeChunk(before, account, entries);
      if (after !== before) this.#write(tx, account, chunk, after);
    }
  }

  #write(tx: WriteTx, account: AccountId, chunk: number, value: StoredChunk | undefined): void {
    const key = K.search(this.#db, account, chunk);
    if (value === undefined) tx.delete(T.search, key);
    else tx.put(T.search, key, value);
    const name = nameOf(account, chunk);
    tx.after(() => {
      const changed = value === undefined ? undefined : { chunk: value, newest: newestOf(value) };
      this.#changedMeanwhile?.set(name, changed);
      if (this.#held === undefined) return;
      if (changed === undefined) this.#held.delete(name);
      else this.#held.set(name, changed);
      this.#byTime = undefined;
    });
  }
}

function nameOf(account: AccountId, chunk: number): string {
  return `${account} ${chunk}`;
}
