/**
 * The SQLite engine: one connection, one write queue, group commit. Everything that is asked for in one turn of the event loop
 * shares one `BEGIN … COMMIT` and so one fsync; a result is told only after that commit.
 *
 * Reads run at once on the same connection: a batch begins and ends within one turn, so a read never sees half of one. A lock that another
 * process holds is waited for between turns, not within one: whoever reads, and everybody's sockets, go on meanwhile.
 *
 * On the main thread, because it measured best there: a writer thread took 1.5 to 2.8 times the processor time per send and gave half the
 * throughput at 32 in flight (`bench writes`, docs/performance.md).
 */
import type { Database as SqliteDatabase } from 'better-sqlite3';
import { Commits, type Outcome } from './commits.ts';
import { openSqlite, sqliteBuilder, type Builder } from './dialect.ts';
import { StoreError } from './errors.ts';
import { isBusy, isDiskFault, WriteHealth } from './write-health.ts';
import type { Statement, Transaction } from './transaction.ts';

/** The engine that statements are written for, where the dialects differ. */
export type StoreDialect = 'sqlite' | 'postgres';

/** What store files are built on. Each call is one transaction. */
export interface StoreEngine {
  readonly dialect: StoreDialect;
  /** Builds statements. */
  readonly build: Builder;
  /** Runs a writing transaction; resolves after its commit is on disk. Throws `StoreError`, or what the transaction threw. */
  write<Result>(work: () => Transaction<Result>): Promise<Result>;
  /**
   * As `write`, for changes that nobody waits for (deleting what was acknowledged): joins the next batch, which begins within `LAZY_MS`.
   * Everything written before it is committed with it or earlier.
   */
  writeSoon<Result>(work: () => Transaction<Result>): Promise<Result>;
  /** As `write`, for deletions that must leave nothing behind: freed pages are overwritten and the log is emptied into the file. */
  erase<Result>(work: () => Transaction<Result>): Promise<Result>;
  /** Runs a reading transaction on committed data. */
  read<Result>(work: () => Transaction<Result>): Promise<Result>;
  /**
   * Throws `StoreError` when the database took no write last time and takes none now: the disk is full or read-only, or another process
   * holds it. Asks the disk only then, and seldom.
   */
  check(): Promise<void>;
  /** Calls back when statements that had succeeded were undone: what was remembered of them is to be forgotten. */
  onUndone(forget: () => void): void;
  /** Commits what is queued, then closes. Later calls throw `StoreError` `closed`. */
  close(): Promise<void>;
}

/** Transactions in one commit: bounds how long one batch holds the event loop (about 10 µs each). */
const BATCH_MOST = 512;
/** How long `writeSoon` waits for company. */
const LAZY_MS = 20;
/** A lock of another process is tried for again after this. */
const BUSY_RETRY_MS = 25;
/** A log that another process is reading is emptied once it has done so. */
const LOG_RETRY_MS = 1_000;

interface Item {
  readonly work: () => Transaction<unknown>;
  /** Leaves nothing behind, and so is alone in its commit. */
  readonly erases: boolean;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** Opens the engine on the SQLite file at `path`, which `migrateSqlite` has brought to the newest schema. */
export function openSqliteEngine(path: string): SqliteEngine {
  return new SqliteEngine(openSqlite(path));
}

/** Counters of the write queue, for metrics and tests. */
export interface WriterFigures {
  /** Commits, and the transactions in them. */
  readonly commits: number;
  readonly transactions: number;
}

export class SqliteEngine implements StoreEngine {
  readonly dialect = 'sqlite';
  readonly build = sqliteBuilder();
  readonly #database: SqliteDatabase;
  readonly #commits: Commits;
  /** How long the connection was opened to wait for a lock, ms. */
  readonly #patienceMs: number;
  readonly #health: WriteHealth;
  readonly #probe: Statement;
  readonly #onUndone: (() => void)[] = [];
  #queue: Item[] = [];
  #scheduled = false;
  #lazy: NodeJS.Timeout | undefined;
  #retry: NodeJS.Timeout | undefined;
  #logRetry: NodeJS.Timeout | undefined;
  #closed = false;
  #figures: WriterFigures = { commits: 0, transactions: 0 };

  constructor(database: SqliteDatabase) {
    this.#database = database;
    this.#commits = new Commits(database, () => {
      for (const forget of this.#onUndone) forget();
    });
    this.#patienceMs = Number(database.pragma('busy_timeout', { simple: true }));
    this.#health = new WriteHealth(this.#patienceMs);
    database.pragma('busy_timeout = 0');
    // Writes the page that holds it, and changes nothing.
    const version = Number(database.pragma('user_version', { simple: true }));
    this.#probe = { sql: `pragma user_version = ${String(version)}`, parameters: [] };
  }

  get figures(): WriterFigures {
    return this.#figures;
  }

  write<Result>(work: () => Transaction<Result>): Promise<Result> {
    const result = this.#enqueue(work);
    this.#schedule();
    return result;
  }

  writeSoon<Result>(work: () => Transaction<Result>): Promise<Result> {
    const result = this.#enqueue(work);
    if (!this.#scheduled) this.#lazy ??= setTimeout(() => this.#schedule(), LAZY_MS);
    return result;
  }

  erase<Result>(work: () => Transaction<Result>): Promise<Result> {
    const result = this.#enqueue(work, true);
    this.#schedule();
    return result;
  }

  // oxlint-disable-next-line require-await -- asynchronous on other engines
  async read<Result>(work: () => Transaction<Result>): Promise<Result> {
    if (this.#closed) throw new StoreError('closed', 'the store is closed');
    return this.#commits.drive(work());
  }

  async check(): Promise<void> {
    if (this.#closed) throw new StoreError('closed', 'the store is closed');
    const probe = this.#probe;
    await this.#health.check(() =>
      this.write(function* () {
        yield probe;
      }),
    );
  }

  onUndone(forget: () => void): void {
    this.#onUndone.push(forget);
  }

  close(): Promise<void> {
    if (this.#closed) return Promise.resolve();
    // The last turn there is: a lock is waited for within it.
    this.#database.pragma(`busy_timeout = ${String(this.#patienceMs)}`);
    while (this.#queue.length > 0) this.#flush('last');
    this.#closed = true;
    clearTimeout(this.#lazy);
    clearTimeout(this.#retry);
    clearTimeout(this.#logRetry);
    this.#commits.close();
    this.#database.close();
    return Promise.resolve();
  }

  /** While another process reads the log, or the disk is full, it cannot be emptied; what is committed stays committed. */
  #emptyLog(): void {
    clearTimeout(this.#logRetry);
    if (this.#closed || this.#truncateLog()) return;
    this.#logRetry = setTimeout(() => this.#emptyLog(), LOG_RETRY_MS);
    this.#logRetry.unref();
  }

  #truncateLog(): boolean {
    try {
      const [outcome] = this.#database.pragma('wal_checkpoint(TRUNCATE)') as readonly {
        readonly busy: number;
      }[];
      return outcome?.busy === 0;
    } catch {
      return false;
    }
  }

  #enqueue<Result>(work: () => Transaction<Result>, erases = false): Promise<Result> {
    if (this.#closed) return Promise.reject(new StoreError('closed', 'the store is closed'));
    return new Promise<Result>((resolve, reject) => {
      this.#queue.push({ work, erases, resolve: resolve as (result: unknown) => void, reject });
    });
  }

  #schedule(): void {
    if (this.#scheduled || this.#closed) return;
    this.#scheduled = true;
    setImmediate(() => this.#flush());
  }

  #flush(turn: 'any' | 'last' = 'any'): void {
    this.#scheduled = false;
    clearTimeout(this.#lazy);
    this.#lazy = undefined;
    if (this.#closed || this.#queue.length === 0) return;
    const batch = this.#takeBatch();
    const erases = batch[0]?.erases === true;
    let outcomes: readonly Outcome[];
    try {
      outcomes = erases ? this.#erasing(batch) : this.#run(batch);
    } catch (cause) {
      if (turn === 'any' && isBusy(cause) && this.#health.mayWait()) {
        this.#queue = [...batch, ...this.#queue];
        this.#scheduled = true;
        this.#retry = setTimeout(() => this.#flush(), BUSY_RETRY_MS);
        return;
      }
      const error = new StoreError('failed', 'the database refused a commit', cause);
      this.#health.failed(error);
      if (this.#queue.length > 0) this.#schedule();
      for (const item of batch) item.reject(error);
      return;
    }
    if (this.#queue.length > 0) this.#schedule();
    const { commits, transactions } = this.#figures;
    this.#figures = { commits: commits + 1, transactions: transactions + batch.length };
    for (let i = 0; i < batch.length; i++) {
      const outcome = outcomes[i];
      if (outcome?.kind === 'done') batch[i]?.resolve(outcome.result);
      else batch[i]?.reject(outcome?.error);
    }
    if (erases) this.#emptyLog();
  }

  /** Takes what goes into the next commit out of the queue. */
  #takeBatch(): readonly Item[] {
    const queue = this.#queue;
    const most = queue[0]?.erases === true ? 1 : Math.min(BATCH_MOST, queue.length);
    let count = 1;
    while (count < most && queue[count]?.erases === false) count += 1;
    this.#queue = count === queue.length ? [] : queue.slice(count);
    return count === queue.length ? queue : queue.slice(0, count);
  }

  #erasing(batch: readonly Item[]): readonly Outcome[] {
    this.#database.pragma('secure_delete = ON');
    try {
      return this.#run(batch);
    } finally {
      this.#database.pragma('secure_delete = FAST');
    }
  }

  /** Throws, with nothing stored, when the database refuses the commit as a whole. */
  #run(batch: readonly Item[]): readonly Outcome[] {
    const together = this.#commits.together(batch);
    const outcomes = together ?? this.#commits.apart(batch);
    this.#health.gotLock();
    if (together !== undefined) return together;
    const refused = outcomes.find((outcome) => outcome.kind === 'threw' && isDiskFault(outcome.error));
    if (refused?.kind === 'threw') this.#health.failed(refused.error);
    return outcomes;
  }
}
