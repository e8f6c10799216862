/** Whether a database file is whole, one that this program knows, and of which server. */
import Sqlite from 'better-sqlite3';
import { knowsMigrations } from '../store/migrate.ts';

/** What is wrong with the database at `path`, in a few words; `undefined`: nothing. */
export function faultIn(path: string): string | undefined {
  try {
    const database = new Sqlite(path, { readonly: true, fileMustExist: true });
    try {
      const whole = database.pragma('integrity_check(1)', { simple: true });
      if (whole !== 'ok') return 'its pages do not fit together';
      if ((database.pragma('foreign_key_check') as readonly unknown[]).length > 0) {
        return 'rows name others that are missing';
      }
      const names = database.prepare<[], { name: string }>('select name from kysely_migration').all();
      if (!knowsMigrations(names.map(({ name }) => name))) return 'it comes from a newer version of Tacet';
      return undefined;
    } finally {
      database.close();
    }
  } catch {
    return 'it is no database of Tacet';
  }
}

/**
 * Whether two databases are of one server, as far as they tell: by the secret that it made at its first start. One that is damaged, or
 * older than such secrets, may be of any.
 */
export function isSameServer(one: string, other: string): boolean {
  const [first, second] = [receiptKeyIn(one), receiptKeyIn(other)];
  return first === undefined || second === undefined || first.equals(second);
}

function receiptKeyIn(path: string): Buffer | undefined {
  return readFrom(path, (database) => columnOf(database, 'select receipt_key from server_state')[0]);
}

/**
 * Hashes of the accounts that a database remembers as deleted. `undefined`: they cannot be read, or it is of a version that remembered none, or
 * none of a server.
 */
export function deletedIn(path: string): readonly Uint8Array[] | undefined {
  return readFrom(path, (database) => columnOf(database, 'select hash from deleted_accounts'));
}

function columnOf(database: Sqlite.Database, query: string): readonly Buffer[] {
  return database.prepare<[], Buffer>(query).pluck().all();
}

/** `undefined`: it cannot be read. */
function readFrom<Value>(path: string, read: (database: Sqlite.Database) => Value): Value | undefined {
  try {
    const database = new Sqlite(path, { fileMustExist: true });
    try {
      database.pragma('query_only = ON');
      return read(database);
    } finally {
      database.close();
    }
  } catch {
    return undefined;
  }
}
