/**
 * The entries of the outbox, account by account and in order: in memory, and in the table behind it. What becomes of them is not decided
 * here.
 */
import type { AccountId } from '@tacet/protocol/ids';
import type { SealedDb, WriteTx } from '../db/sealed.ts';
import { T } from '../db/stores.ts';
import type { OutboxEntry } from '../db/stored-sending.ts';
import type { EntryKeeper } from './committing.ts';
import { RECEIPTS, WRITTEN, type Passed } from './outgoing.ts';

function isPassed(kind: string, passed: Passed | undefined): boolean {
  return passed === 'unwritten' ? !WRITTEN.has(kind) : passed === 'receipts' && RECEIPTS.has(kind);
}

/** Every transaction here holds `T.outbox`. */
export class OutboxQueue implements EntryKeeper {
  readonly #queues = new Map<AccountId, OutboxEntry[]>();
  /** Entries whose transaction has not been committed yet: nothing of them leaves, whoever looks at the queue meanwhile. */
  readonly #uncommitted = new Set<number>();
  /** Called once it is committed that an entry has gone. */
  readonly #watching: (() => void)[] = [];
  #lastSeq = 0;

  /** Reads what an earlier run left. */
  async load(db: SealedDb): Promise<void> {
    const rows = await db.read([T.outbox], (tx) => tx.range(T.outbox, {}));
    for (const { value } of rows) {
      this.#lastSeq = Math.max(this.#lastSeq, value.seq);
      this.#queue(value.to).push(value);
    }
  }

  /** Everybody for whom something was ever waiting. */
  accounts(): Iterable<AccountId> {
    return this.#queues.keys();
  }

  /** What waits for an account, in order. */
  of(account: AccountId): readonly OutboxEntry[] {
    return this.#queue(account);
  }

  /**
   * What leaves next: first what has its number already, or it would show as missing. `passed`: what has no number and is of these kinds
   * leaves only another day; what is numbered before something else goes with it, which is one entry at most.
   */
  next(account: AccountId, passed?: Passed): OutboxEntry | undefined {
    const waiting = this.#queue(account).filter(({ held }) => held !== true);
    const first = waiting.find(({ kind }) => !isPassed(kind, passed));
    return first && (waiting.find(({ number }) => number !== undefined) ?? first);
  }

  /** Calls `run` whenever an entry has left or was taken back, once that is committed. */
  onGone(run: () => void): void {
    this.#watching.push(run);
  }

  /** The number of the next entry. */
  nextSeq(): number {
    this.#lastSeq += 1;
    return this.#lastSeq;
  }

  /** Adds an entry at the end; `committed` is called once nothing can take it back. */
  push(tx: WriteTx, entry: OutboxEntry, committed: () => void): void {
    tx.put(T.outbox, [entry.seq], entry);
    this.#queue(entry.to).push(entry);
    this.#uncommitted.add(entry.seq);
    tx.after(() => {
      this.#uncommitted.delete(entry.seq);
      committed();
    });
  }

  isCommitted({ seq }: OutboxEntry): boolean {
    return !this.#uncommitted.has(seq);
  }

  holds(entry: OutboxEntry): boolean {
    return this.current(entry) !== undefined;
  }

  current(entry: OutboxEntry): OutboxEntry | undefined {
    return this.#queue(entry.to).find(({ seq }) => seq === entry.seq);
  }

  /** Puts an entry in the place of the one of its number, if that is still there. */
  replace(tx: WriteTx, entry: OutboxEntry): void {
    const queue = this.#queue(entry.to);
    const at = queue.findIndex(({ seq }) => seq === entry.seq);
    if (at < 0) return;
    queue[at] = entry;
    tx.put(T.outbox, [entry.seq], entry);
  }

  remove(tx: WriteTx, entry: OutboxEntry): void {
    const queue = this.#queue(entry.to);
    const at = queue.findIndex(({ seq }) => seq === entry.seq);
    if (at >= 0) queue.splice(at, 1);
    tx.delete(T.outbox, [entry.seq]);
    tx.after(() => this.#watching.forEach((run) => run()));
  }

  #queue(account: AccountId): OutboxEntry[] {
    let queue = this.#queues.get(account);
    if (queue === undefined) {
      queue = [];
      this.#queues.set(account, queue);
    }
    return queue;
  }
}
