/**
 * Opens the database file. SQLite with a write-ahead log and `synchronous=FULL`: a commit has reached the disk (one fsync of the log)
 * when it returns. Statements are built by Kysely for this dialect and run by the engine (writer.ts); the builder itself cannot run
 * anything, so that no statement slips past the write queue.
 */
import Sqlite, { type Database as SqliteDatabase } from 'better-sqlite3';
import { Kysely, SqliteAdapter, SqliteIntrospector, SqliteQueryCompiler, type Driver } from 'kysely';
import type { Tables } from './tables.ts';

/**
 * Pages in the log before a checkpoint copies them into the file: 8,000 of 4 KiB keep the log at 32 MB. Fewer checkpoints copy a page that
 * changes often less often (measured: 16,000 pages save a tenth of the time of 4,000, 1,000 cost another tenth).
 */
const CHECKPOINT_PAGES = 8000;
/** How long a lock held by another process (a backup, the admin command) is waited for. */
const BUSY_TIMEOUT_MS = 5_000;

/** Opens the SQLite file at `path`, creating it if need be, with the settings that durability rests on. */
export function openSqlite(path: string): SqliteDatabase {
  const database = new Sqlite(path, { timeout: BUSY_TIMEOUT_MS });
  database.pragma('journal_mode = WAL');
  database.pragma('synchronous = FULL');
  database.pragma('foreign_keys = ON');
  database.pragma('trusted_schema = OFF');
  database.pragma(`wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
  // Deleted rows are overwritten with zeros wherever that costs no further write.
  database.pragma('secure_delete = FAST');
  return database;
}

/** Builds statements and runs none: give what it builds to `all`, `first` and `run` of transaction.ts. */
export type Builder = Kysely<Tables>;

/** A statement builder for SQLite. */
export function sqliteBuilder(): Builder {
  return new Kysely<Tables>({
    dialect: {
      createAdapter: () => new SqliteAdapter(),
      createDriver: () => new BuilderOnly(),
      createIntrospector: (db) => new SqliteIntrospector(db),
      createQueryCompiler: () => new SqliteQueryCompiler(),
    },
  });
}

class BuilderOnly implements Driver {
  async init(): Promise<void> {
    // Nothing to open.
  }
  acquireConnection(): Promise<never> {
    return Promise.reject(new Error('statements run through the store engine only'));
  }
  beginTransaction(): Promise<never> {
    return this.acquireConnection();
  }
  commitTransaction(): Promise<never> {
    return this.acquireConnection();
  }
  rollbackTransaction(): Promise<never> {
    return this.acquireConnection();
  }
  async releaseConnection(): Promise<void> {
    // None is ever given.
  }
  async destroy(): Promise<void> {
    // Nothing to close.
  }
}
