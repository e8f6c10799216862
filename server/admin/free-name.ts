/**
 * Freeing a name: for a person who has lost every device and the passphrase too. Nobody can enter that account any more; it is deleted,
 * and the name is free for a new one. The running server keeps much in memory about accounts, so it has to be stopped: the database is
 * taken for this command alone.
 */
import { existsSync } from 'node:fs';
import { buildAccountStore } from '../store/accounts.ts';
import { databasePath, isInUse } from '../store/database-file.ts';
import { buildDeviceStore } from '../store/devices.ts';
import { openSqliteEngine } from '../store/writer.ts';

/** How it ended. `asked`: nothing was changed, because it was not confirmed. */
export type Freed =
  | { readonly kind: 'freed' | 'asked'; readonly devices: number }
  | { readonly kind: 'unknown-name' | 'no-database' | 'in-use' };

/** Deletes the account that has a name, if `confirmed`. */
export async function freeName(dataDir: string, username: string, confirmed: boolean): Promise<Freed> {
  const path = databasePath(dataDir);
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
