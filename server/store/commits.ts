/**
 * Running transactions on a SQLite connection, many in one commit. A transaction that throws does not undo or poison its neighbours: the
 * whole batch is rolled back and run again with each transaction in a savepoint of its own. (Savepoints only then: they would cost every
 * message what a failure costs now and then.)
 */
import type { Database as SqliteDatabase, RunResult, Statement as SqliteStatement } from 'better-sqlite3';
import { StoreError } from './errors.ts';
import type { Answer, Transaction } from './transaction.ts';

/** Prepared statements kept; the cache is emptied when a program builds more different ones. */
const PREPARED_MOST = 500;

const NONE: readonly unknown[] = [];

/** How one transaction of a batch ended. */
export type Outcome =
  { readonly kind: 'done'; readonly result: unknown } | { readonly kind: 'threw'; readonly error: unknown };

type Work = () => Transaction<unknown>;

export class Commits {
  readonly #database: SqliteDatabase;
  readonly #onUndone: () => void;
  readonly #prepared = new Map<string, SqliteStatement<unknown[]>>();
  readonly #begin: SqliteStatement;
  readonly #commit: SqliteStatement;
  readonly #rollback: SqliteStatement;

  /** `onUndone`: statements that had succeeded were undone. */
  constructor(database: SqliteDatabase, onUndone: () => void) {
    this.#database = database;
    this.#onUndone = onUndone;
    this.#begin = database.prepare('begin immediate');
    this.#commit = database.prepare('commit');
    this.#rollback = database.prepare('rollback');
  }

  /** The whole batch in one transaction; `undefined`, with nothing stored, if one of them threw. Throws when the database refuses it all. */
  together(batch: readonly { readonly work: Work }[]): readonly Outcome[] | undefined {
    this.#begin.run();
    const outcomes: Outcome[] = [];
    try {
      for (const { work } of batch) outcomes.push({ kind: 'done', result: this.drive(work()) });
      this.#commit.run();
    } catch (error) {
      this.#undo();
      if (outcomes.length === batch.length) throw error;
      return undefined;
    }
    return outcomes;
  }

  /** As `together`, each in a savepoint, so that the one which throws is the only one undone. */
  apart(batch: readonly { readonly work: Work }[]): readonly Outcome[] {
    this.#begin.run();
    try {
      const outcomes = batch.map(({ work }) => this.#inSavepoint(work));
      this.#commit.run();
      return outcomes;
    } catch (error) {
      this.#undo();
      throw error;
    }
  }

  /** Runs a transaction statement by statement within whatever is open. */
  drive<Result>(work: Transaction<Result>): Result {
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

  /** Lets go of the prepared statements, before the connection is closed. */
  close(): void {
    this.#prepared.clear();
  }

  #undo(): void {
    try {
      // A full disk may have rolled back already.
      if (this.#database.inTransaction) this.#rollback.run();
    } finally {
      this.#onUndone();
    }
  }

  #inSavepoint(work: Work): Outcome {
    this.#database.exec('savepoint item');
    try {
      const result = this.drive(work());
      this.#database.exec('release item');
      return { kind: 'done', result };
    } catch (error) {
      this.#database.exec('rollback to item; release item');
      this.#onUndone();
      return { kind: 'threw', error };
    }
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
