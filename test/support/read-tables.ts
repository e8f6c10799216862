/** Everything that a server's database holds, read beside the running server: for tests of what is, and is no longer, stored. */
import Sqlite from 'better-sqlite3';
import { join } from 'node:path';
import { DATABASE_FILE } from '../../server/store/database-file.ts';

/** Rows by table, in a form that can be compared. */
export type Tables = Readonly<Record<string, readonly Readonly<Record<string, unknown>>[]>>;

/** Reads every table that is not the engine's own. `file`: another database in the folder. */
export function readTables(dataDir: string, file = DATABASE_FILE): Tables {
  const database = new Sqlite(join(dataDir, file), { readonly: true });
  try {
    const names = database
      .prepare<[], { name: string }>("select name from sqlite_master where type = 'table' order by name")
      .all()
      .map(({ name }) => name)
      .filter((name) => !name.startsWith('sqlite_') && !name.startsWith('kysely_'));
    return Object.fromEntries(
      names.map((name) => [
        name,
        database.prepare<[], Record<string, unknown>>(`select * from "${name}"`).all(),
      ]),
    );
  } finally {
    database.close();
  }
}

/** Names of the tables in which any value contains one of the byte strings. */
export function tablesWith(tables: Tables, wanted: readonly Uint8Array[]): readonly string[] {
  const needles = wanted.map((bytes) => Buffer.from(bytes));
  const holds = (value: unknown): boolean => {
    const bytes = value instanceof Uint8Array ? Buffer.from(value) : Buffer.from(String(value));
    return needles.some((needle) => bytes.includes(needle));
  };
  return Object.entries(tables)
    .filter(([, rows]) => rows.some((row) => Object.values(row).some(holds)))
    .map(([name]) => name);
}
