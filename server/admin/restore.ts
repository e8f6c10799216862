/**
 * Puts a backup in the place of a server's data. Everything is read and checked in a folder beside it first; then one change of name puts
 * it in force. The restored database begins a new epoch, by which clients know that what it shows may be older than what they have seen.
 */
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { link, mkdir, mkdtemp, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { DATABASE_FILE, databasePath, isInUse } from '../store/database-file.ts';
import { migrateSqlite } from '../store/migrate.ts';
import { beginRestoreEpoch } from '../store/server-state.ts';
import { openSqliteEngine } from '../store/writer.ts';
import { syncFolder } from './back-up.ts';
import { unpackBackup } from './backup-contents.ts';
import { faultIn } from './database-check.ts';
import { readSealed } from './sealed-file.ts';

const STAGING_FOLDER = 'restore-';

/** How it ended; everything but `restored` has changed nothing. `kept`: the name of the former database, if there was one. */
export type Restored =
  | { readonly kind: 'restored'; readonly backedUpAt: number; readonly kept: string | undefined }
  | { readonly kind: 'no-file' | 'data-exists' | 'in-use' }
  | { readonly kind: 'faulty'; readonly fault: string };

/** Restores the backup at `path`; over existing data only if `replace`. Throws `SealedFileError`. */
export async function restore(
  dataDir: string,
  path: string,
  passphrase: string,
  options: { readonly replace: boolean; readonly now: number },
): Promise<Restored> {
  if (!existsSync(path)) return { kind: 'no-file' };
  const target = databasePath(dataDir);
  const refusal = refusalOf(target, options.replace);
  if (refusal !== undefined) return { kind: refusal };
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const folder = await mkdtemp(join(dataDir, STAGING_FOLDER));
  try {
    const staged = join(folder, DATABASE_FILE);
    const { madeAt } = await unpack(path, staged, passphrase);
    const fault = faultIn(staged);
    if (fault !== undefined) return { kind: 'faulty', fault };
    await migrateSqlite(staged);
    await beginEpoch(staged, madeAt, options.now);
    // Somebody may have started the server meanwhile.
    const late = refusalOf(target, options.replace);
    if (late !== undefined) return { kind: late };
    const kept = await putInPlace(staged, target, options.now);
    return { kind: 'restored', backedUpAt: madeAt, kept };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function refusalOf(target: string, replace: boolean): 'data-exists' | 'in-use' | undefined {
  if (!existsSync(target)) return undefined;
  if (!replace) return 'data-exists';
  return isInUse(target) ? 'in-use' : undefined;
}

async function unpack(
  path: string,
  staged: string,
  passphrase: string,
): Promise<{ readonly madeAt: number }> {
  await using file = await open(path, 'r');
  await using database = await open(staged, 'wx', 0o600);
  const contents = await unpackBackup(readSealed(file, passphrase), database);
  await database.sync();
  return contents;
}

async function beginEpoch(staged: string, backedUpAt: number, restoredAt: number): Promise<void> {
  const engine = openSqliteEngine(staged);
  try {
    await beginRestoreEpoch(engine, randomBytes(32), { epoch: randomBytes(16), restoredAt, backedUpAt });
  } finally {
    await engine.close();
  }
}

/** At every moment one whole database has the name that the server opens. The former one is kept under another. */
async function putInPlace(staged: string, target: string, now: number): Promise<string | undefined> {
  await using database = await open(staged, 'r+');
  await database.sync();
  let kept: string | undefined;
  if (existsSync(target)) {
    kept = `${DATABASE_FILE}.before-restore-${new Date(now).toISOString().replaceAll(':', '-')}`;
    await link(target, join(target, '..', kept));
    // Empty since nobody has the database open; a log of the former one must not be read into this one.
    for (const tail of ['-wal', '-shm']) await rm(target + tail, { force: true });
  }
  await rename(staged, target);
  await syncFolder(join(target, '..'));
  return kept;
}
