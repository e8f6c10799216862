/**
 * A server that rewrites its own database: another connection to the SQLite file, behind the running server's back. What it changes is read
 * at once, but for what the server keeps in memory until it is started again: of each recipient that was ever written to the delivery
 * key's hash, the list's hash and the devices (recipient-cache.ts), how much waits in each queue (queue-states.ts), and who is signed in.
 * So most edits belong between a stop and a start (`Scene.edit`).
 */
import { join } from 'node:path';
import type { Database as SqliteDatabase } from 'better-sqlite3';
import { PrivateKey, ready } from '@tacet/crypto';
import { sha256, signLabelled } from '@tacet/crypto/vault';
import { signedDeviceList } from '@tacet/protocol/signed/device-list';
import { SIGNED_LABELS } from '@tacet/protocol/signed/signed';
import { DATABASE_FILE } from '../../server/store/database-file.ts';
import { openSqlite } from '../../server/store/dialect.ts';

type Value = string | number | bigint | Uint8Array | null;
type Row = Readonly<Record<string, Value>>;

/** Rows of tables as they were. */
export type Saved = ReadonlyMap<string, readonly Row[]>;

/** What a server says of an account. */
export interface Shown {
  readonly key: Uint8Array;
  readonly list: Uint8Array;
  readonly signature: Uint8Array;
  readonly counter: number;
  readonly hash: Uint8Array;
}

/** The database in the hands of its owner. */
export interface StoreEditor extends Disposable {
  rows(sql: string, ...values: readonly Value[]): readonly Row[];
  /** Runs a statement that changes rows. Throws when it changed none: an edit that misses proves nothing. */
  change(sql: string, ...values: readonly Value[]): void;
  /** The id of an account, 16 bytes. */
  accountOf(username: string): Uint8Array;
  /** Puts another word in the place of what the server says of an account, and gives what it said before. */
  show(username: string, change: (before: Shown) => Shown): Shown;
  /** Copies tables. */
  save(...tables: readonly string[]): Saved;
  /** Puts tables back as they were copied. */
  rollBack(saved: Saved): void;
  close(): void;
}

/** Opens the database in a data folder. */
export function openStoreEditor(dataDir: string): StoreEditor {
  const database: SqliteDatabase = openSqlite(join(dataDir, DATABASE_FILE));

  function change(sql: string, ...values: readonly Value[]): void {
    if (database.prepare(sql).run(...values).changes === 0) throw new Error(`nothing changed: ${sql}`);
  }

  function accountOf(username: string): Uint8Array {
    const row = database.prepare('select id from accounts where username = ?').get(username);
    if (row === undefined) throw new Error(`nobody is called ${username}`);
    return (row as { readonly id: Uint8Array }).id;
  }

  return {
    rows: (sql, ...values) => database.prepare(sql).all(...values) as Row[],
    change,
    accountOf,
    show(username, replace) {
      const before = database
        .prepare(
          'select account_key as key, list, list_signature as signature, list_counter as counter, list_hash as hash from accounts where id = ?',
        )
        .get(accountOf(username)) as Shown;
      const { key, list, signature, counter, hash } = replace(before);
      change(
        'update accounts set account_key = ?, list = ?, list_signature = ?, list_counter = ?, list_hash = ? where username = ?',
        key,
        list,
        signature,
        counter,
        hash,
        username,
      );
      return before;
    },
    save: (...tables) =>
      new Map(tables.map((table) => [table, database.prepare(`select * from "${table}"`).all() as Row[]])),
    rollBack(saved) {
      // Rows that others point to go and come back in one transaction.
      database.pragma('foreign_keys = OFF');
      database.transaction(() => {
        for (const [table, rows] of saved) {
          database.prepare(`delete from "${table}"`).run();
          for (const row of rows) {
            const columns = Object.keys(row);
            const names = columns.map((name) => `"${name}"`).join(', ');
            const places = columns.map(() => '?').join(', ');
            database
              .prepare(`insert into "${table}" (${names}) values (${places})`)
              .run(...Object.values(row));
          }
        }
      })();
      database.pragma('foreign_keys = ON');
    },
    close: () => void database.close(),
    [Symbol.dispose]: () => void database.close(),
  };
}

/** An account under a key of the server's own, with a list of the same devices that goes on: for `StoreEditor.show`. */
export async function underServersKey(): Promise<(before: Shown) => Shown> {
  await ready();
  const key = PrivateKey.generate();
  return (before) => {
    const bytes = Uint8Array.from(before.list);
    const parsed = signedDeviceList.parse(bytes);
    const counter = parsed.counter + 1;
    const list = signedDeviceList.encode({ ...parsed, counter, previous: sha256(bytes) });
    const signature = signLabelled(key, SIGNED_LABELS.deviceList, list);
    return { key: key.getPublicKey().serialize(), list, signature, counter, hash: sha256(list) };
  };
}
