/**
 * Freeing a name: for a person who has lost every device and the passphrase too. Nobody can enter that account any more; it is deleted,
 * and the name is free for a new one. The running server keeps much in memory about accounts, so it has to be stopped: the database is
 * taken for this command alone.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { buildAccountStore } from '../store/accounts.ts';
import { buildDeviceStore } from '../store/devices.ts';
import { openSqlite } from '../store/dialect.ts';
import { openSqliteEngine } from '../store/writer.ts';

/** The file of the database in a data folder. */
const DATABASE_FILE = 'tacet.sqlite';

/** How it ended. `asked`: nothing was changed, because it was not confirmed. */
export type Freed =
  | { readonly kind: 'freed' | 'asked'; readonly devices: number }
  | { readonly kind: 'unknown-name' | 'no-database' | 'in-use' };

/** Deletes the account that has a name, if `confirmed`. */
export async function freeName(dataDir: string, username: string, confirmed: boolean): Promise<Freed> {
  const path = join(dataDir, DATABASE_FILE);
  if (!existsSync(path)) return { kind: 'no-database' };
  if (isInUse(path)) return { kind: 'in-use' };
  const engine = openSqliteEngine(path);
  try {
    const accounts = buildAccountStore(engine);
    const entry = await accounts.loginOf(username);
    if (entry === undefined) return { kind: 'unknown-name' };
    const devices = (await buildDeviceStore(engine).active(entry.account)).length;
    if (!confirmed) return { kind: 'asked', devices };
    await accounts.delete(entry.account);
    return { kind: 'freed', devices };
  } finally {
    await engine.close();
  }
}

/** Whether another process has the database open: a write-ahead log can be taken exclusively only by the one that is alone with it. */
function isInUse(path: string): boolean {
  const database = openSqlite(path);
  try {
    database.pragma('busy_timeout = 0');
    database.pragma('locking_mode = EXCLUSIVE');
    database.exec('begin exclusive; commit');
    return false;
  } catch {
    return true;
  } finally {
    database.close();
  }
}
