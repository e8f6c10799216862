/**
 * Puts a backup in the place of a server's data. Everything is read and checked in a folder beside it first; then one change of name puts
 * it in force. The restored database begins a new epoch, by which clients know that what it shows may be older than what they have seen.
 */
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { link, mkdir, open, rename, stat, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { DATABASE_FILE, databasePath, isInUse } from '../store/database-file.ts';
import { deleteAgain } from '../store/deleted-accounts.ts';
import { migrateSqlite } from '../store/migrate.ts';
import { beginRestoreEpoch } from '../store/server-state.ts';
import { isDamaged } from '../store/write-health.ts';
import { openSqliteEngine } from '../store/writer.ts';
import { syncFolder } from './back-up.ts';
import { unpackBackup } from './backup-contents.ts';
import { deletedIn, faultIn, isSameServer } from './database-check.ts';
import { readSealed } from './sealed-file.ts';
import { openWorkFolder } from './work-folder.ts';

/**
 * How it ended; everything but `restored` has changed nothing. `kept`: the name of the former database, if there was one, and whether it
 * could be read which accounts were deleted in it: if not, those that the backup has are there again. `unreadable`: the database that is
 * there cannot be read, so nobody can say whether a server has it open. `other-server`: it is not of the server whose backup this is.
 */
export type Restored =
  | { readonly kind: 'restored'; readonly backedUpAt: number; readonly kept: Kept | undefined }
  | { readonly kind: 'no-file' | Refusal | 'other-server' }
  | { readonly kind: 'faulty'; readonly fault: string };

interface Kept {
  readonly name: string;
  readonly toldDeletions: boolean;
}

type Refusal = 'data-exists' | 'in-use' | 'unreadable';

/** Restores the backup at `path`; over existing data only if `replace`. Throws `SealedFileError`, or what the file system or SQLite says. */
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
  await using folder = await openWorkFolder(dataDir, options.now);
  const staged = folder.copy;
  const { madeAt } = await unpack(path, staged, passphrase);
  const fault = faultIn(staged);
  if (fault !== undefined) return { kind: 'faulty', fault };
  if (existsSync(target) && !isSameServer(staged, target)) return { kind: 'other-server' };
  await migrateSqlite(staged);
  const deleted = existsSync(target) ? deletedIn(target) : [];
  await beginEpoch(staged, { backedUpAt: madeAt, restoredAt: options.now, deleted: deleted ?? [] });
  // Somebody may have started the server meanwhile.
  const late = refusalOf(target, options.replace);
  if (late !== undefined) return { kind: late };
  const name = await putInPlace(staged, target, options.now);
  const kept = name === undefined ? undefined : { name, toldDeletions: deleted !== undefined };
  return { kind: 'restored', backedUpAt: madeAt, kept };
}

function refusalOf(target: string, replace: boolean): Refusal | undefined {
  if (!existsSync(target)) return undefined;
  if (!replace) return 'data-exists';
  try {
    return isInUse(target) ? 'in-use' : undefined;
  } catch (error) {
    if (isDamaged(error)) return 'unreadable';
    throw error;
  }
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

async function beginEpoch(
  staged: string,
  {
    backedUpAt,
    restoredAt,
    deleted,
  }: { backedUpAt: number; restoredAt: number; deleted: readonly Uint8Array[] },
): Promise<void> {
  const engine = openSqliteEngine(staged);
  try {
    await beginRestoreEpoch(engine, randomBytes(32), { epoch: randomBytes(16), restoredAt, backedUpAt });
    await engine.erase(() => deleteAgain(engine.build, deleted));
  } finally {
    await engine.close();
  }
}

/**
 * At every moment one whole database has the name that the server opens. The former one is kept under another, with what was left of its
 * log: the new one must not be read with that.
 */
async function putInPlace(staged: string, target: string, now: number): Promise<string | undefined> {
  await using database = await open(staged, 'r+');
  await database.sync();
  const mark = `.before-restore-${new Date(now).toISOString().replaceAll(':', '-')}`;
  const isReplaced = existsSync(target);
  if (isReplaced) await link(target, target + mark);
  const log = await stat(`${target}-wal`).catch(() => undefined);
  if (log !== undefined && log.size > 0) await rename(`${target}-wal`, `${target}${mark}-wal`);
  for (const tail of ['-wal', '-shm']) await rm(target + tail, { force: true });
  await rename(staged, target);
  await syncFolder(dirname(target));
  return isReplaced ? DATABASE_FILE + mark : undefined;
}
