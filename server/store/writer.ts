/**
 * The SQLite engine: one connection, one write queue, group commit. Everything that is asked for in one turn of the event loop
 * shares one `BEGIN … COMMIT` and so one fsync; a result is told only after that commit. A transaction that throws does not undo or
 * poison its neighbours: the whole batch is rolled back and run again with each transaction in a savepoint of its own. (Savepoints
 * only then: they would cost every message what a failure costs now and then.)
 *
 * Reads run at once on the same connection: a batch begins and ends within one turn, so a read never sees half of one.
 *
 * On the main thread, because it measured best there: a writer thread took 1.5 to 2.8 times the processor time per send and gave half the
 * throughput at 32 in flight (`bench writes`, docs/performance.md).
 */
import type { Database as SqliteDatabase, RunResult, Statement as SqliteStatement } from 'better-sqlite3';
import { openSqlite, sqliteBuilder, type Builder } from './dialect.ts';
import { StoreError } from './errors.ts';
import type { Answer, Transaction } from './transaction.ts';

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
  /** Calls back when statements that had succeeded were undone: what was remembered of them is to be forgotten. */
  onUndone(forget: () => void): void;
  /** Commits what is queued, then closes. Later calls throw `StoreError` `closed`. */
  close(): Promise<void>;
}

/** Transactions in one commit: bounds how long one batch holds the event loop (about 10 µs each). */
const BATCH_MOST = 512;
/** How long `writeSoon` waits for company. */
const LAZY_MS = 20;
/** Prepared statements kept; the cache is emptied when a program builds more different ones. */
const PREPARED_MOST = 500;

const NONE: readonly unknown[] = [];

interface Item {
  readonly work: () => Transaction<unknown>;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: unknown) => void;
}

type Outcome =
  { readonly kind: 'done'; readonly result: unknown } | { readonly kind: 'threw'; readonly error: unknown };

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
  readonly #prepared = new Map<string, SqliteStatement<unknown[]>>();
  readonly #begin: SqliteStatement;
  readonly #commit: SqliteStatement;
  readonly #rollback: SqliteStatement;
  readonly #onUndone: (() => void)[] = [];
  #queue: Item[] = [];
  #scheduled = false;
  #lazy: NodeJS.Timeout | undefined;
  #closed = false;
  #commits = 0;
  #transactions = 0;

  constructor(database: SqliteDatabase) {
    this.#database = database;
    this.#begin = database.prepare('begin immediate');
    this.#commit = database.prepare('commit');
    this.#rollback = database.prepare('rollback');
  }

  get figures(): WriterFigures {
    return { commits: this.#commits, transactions: this.#transactions };
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

  async erase<Result>(work: () => Transaction<Result>): Promise<Result> {
    while (this.#queue.length > 0) this.#flush();
    const result = this.#enqueue(work);
    if (!this.#closed) {
      this.#database.pragma('secure_delete = ON');
      this.#flush();
      this.#database.pragma('secure_delete = FAST');
      this.#emptyLog();
    }
    return result;
  }

  // oxlint-disable-next-line require-await -- asynchronous on other engines
  async read<Result>(work: () => Transaction<Result>): Promise<Result> {
    if (this.#closed) throw new StoreError('closed', 'the store is closed');
    return this.#drive(work());
  }

  onUndone(forget: () => void): void {
    this.#onUndone.push(forget);
  }

  close(): Promise<void> {
    if (this.#closed) return Promise.resolve();
    while (this.#queue.length > 0) this.#flush();
    this.#closed = true;
    clearTimeout(this.#lazy);
    this.#prepared.clear();
    this.#database.close();
    return Promise.resolve();
  }

  /** The log is emptied by a later checkpoint when this one cannot. */
  #emptyLog(): void {
    try {
      this.#database.pragma('wal_checkpoint(TRUNCATE)');
    } catch {
      // Another connection holds the file, or the disk is full: neither undoes what is committed.
    }
  }

  #enqueue<Result>(work: () => Transaction<Result>): Promise<Result> {
    if (this.#closed) return Promise.reject(new StoreError('closed', 'the store is closed'));
    return new Promise<Result>((resolve, reject) => {
      this.#queue.push({ work, resolve: resolve as (result: unknown) => void, reject });
    });
  }

  #schedule(): void {
    if (this.#scheduled || this.#closed) return;
    this.#scheduled = true;
    setImmediate(() => this.#flush());
  }

  #flush(): void {
    this.#scheduled = false;
    clearTimeout(this.#lazy);
    this.#lazy = undefined;
    if (this.#closed || this.#queue.length === 0) return;
    const batch = this.#queue.length <= BATCH_MOST ? this.#queue : this.#queue.slice(0, BATCH_MOST);
    this.#queue = this.#queue.length <= BATCH_MOST ? [] : this.#queue.slice(BATCH_MOST);
    if (this.#queue.length > 0) this.#schedule();
    let outcomes: readonly Outcome[];
    try {
      outcomes = this.#together(batch) ?? this.#apart(batch);
    } catch (cause) {
      const error = new StoreError('failed', 'the database refused a commit', cause);
      for (const item of batch) item.reject(error);
      return;
    }
    this.#commits += 1;
    this.#transactions += batch.length;
    for (let i = 0; i < batch.length; i++) {
      const outcome = outcomes[i];
      if (outcome?.kind === 'done') batch[i]?.resolve(outcome.result);
      else batch[i]?.reject(outcome?.error);
    }
  }

  /** The whole batch in one transaction; `undefined`, with nothing stored, if one of them threw. */
  #together(batch: readonly Item[]): readonly Outcome[] | undefined {
    this.#begin.run();
    const outcomes: Outcome[] = [];
    try {
      for (const item of batch) outcomes.push({ kind: 'done', result: this.#drive(item.work()) });
      this.#commit.run();
    } catch (error) {
      this.#undo();
      if (outcomes.length === batch.length) throw error;
      return undefined;
    }
    return outcomes;
  }

  /** As `#together`, each in a savepoint, so that the one which throws is the only one undone. */
  #apart(batch: readonly Item[]): readonly Outcome[] {
    this.#begin.run();
    try {
      const outcomes = batch.map((item) => this.#inSavepoint(item));
      this.#commit.run();
      return outcomes;
    } catch (error) {
      this.#undo();
      throw error;
    }
  }

  #undo(): void {
    if (this.#database.inTransaction) this.#rollback.run();
    for (const forget of this.#onUndone) forget();
  }

  #inSavepoint(item: Item): Outcome {
    this.#database.exec('savepoint item');
    try {
      const result = this.#drive(item.work());
      this.#database.exec('release item');
      return { kind: 'done', result };
    } catch (error) {
      this.#database.exec('rollback to item; release item');
      for (const forget of this.#onUndone) forget();
      return { kind: 'threw', error };
    }
  }

  #drive<Result>(work: Transaction<Result>): Result {
    let step = work.next();
    while (step.done !== true) {
      let answer: Answer;
      try {
        const { sql, parameters, one } = step.value;
        const statement = this.#prepare(sql);
        if (statement.reader) answer = { rows: read(statement, parameters, one === true), changes: 0 };
        else answer = written(statement.run(parameters));
      } catch (cause) {
        step = work.throw(new StoreError('failed', 'the database refused a statement', cause));
        continue;
      }
      step = work.next(answer);
    }
    return step.value;
  }

  #prepare(sql: string): SqliteStatement<unknown[]> {
    const known = this.#prepared.get(sql);
    if (known !== undefined) return known;
    if (this.#prepared.size >= PREPARED_MOST) this.#prepared.clear();
    const statement = this.#database.prepare<unknown[]>(sql);
    this.#prepared.set(sql, statement);
    return statement;
  }
}

function written({ changes, lastInsertRowid }: RunResult): Answer {
  return { rows: NONE, changes, inserted: Number(lastInsertRowid) };
}

function read(
  statement: SqliteStatement<unknown[]>,
  parameters: readonly unknown[],
  one: boolean,
): readonly unknown[] {
  if (!one) return statement.all(parameters);
  const row = statement.get(parameters);
  return row === undefined ? NONE : [row];
}
