/**
 * Makes a backup while the server runs: a consistent copy of the database (`VACUUM INTO`, which reads one state of it, waits for no
 * writer, and leaves behind what was deleted), checked, sealed into one file, and that file read again before it gets its name. SQLite's
 * online backup would begin anew with each write of the server, and copies deleted rows with the pages that they lay in.
 */
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { link, open, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { databasePath } from '../store/database-file.ts';
import { packBackup, unpackBackup } from './backup-contents.ts';
import { faultIn } from './database-check.ts';
import { readSealed, writeSealed } from './sealed-file.ts';
import { openWorkFolder } from './work-folder.ts';

/** How it ended. `faulty`: the database itself is damaged, and in which way. */
export type BackedUp =
  | { readonly kind: 'made'; readonly bytes: number }
  | { readonly kind: 'no-database' | 'file-exists' | 'no-folder' }
  | { readonly kind: 'faulty'; readonly fault: string };

/** Writes a backup to `path`, where nothing is yet. */
export async function backUp(
  dataDir: string,
  path: string,
  passphrase: string,
  now: number,
): Promise<BackedUp> {
  if (!existsSync(databasePath(dataDir))) return { kind: 'no-database' };
  if (existsSync(path)) return { kind: 'file-exists' };
  if (!existsSync(dirname(path))) return { kind: 'no-folder' };
  await using folder = await openWorkFolder(dataDir, now);
  const { copy } = folder;
  const unnamed = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}`);
  try {
    copyDatabase(databasePath(dataDir), copy);
    const fault = faultIn(copy);
    if (fault !== undefined) return { kind: 'faulty', fault };
    const bytes = await seal(copy, unnamed, passphrase, now);
    // Unlike a change of name, a link never takes the place of a file that has appeared meanwhile.
    await link(unnamed, path);
    await syncFolder(dirname(path));
    return { kind: 'made', bytes };
  } finally {
    await rm(unnamed, { force: true });
  }
}

function copyDatabase(from: string, to: string): void {
  const database = new Sqlite(from, { readonly: true, fileMustExist: true });
  try {
    database.prepare('vacuum into ?').run(to);
  } finally {
    database.close();
  }
}

/** Seals a copy into a file, and reads it again to its end. */
async function seal(copy: string, path: string, passphrase: string, now: number): Promise<number> {
  await using database = await open(copy, 'r');
  await using file = await open(path, 'wx+', 0o600);
  await writeSealed(file, passphrase, packBackup(database, now));
  await file.sync();
  await unpackBackup(readSealed(file, passphrase), undefined);
  return (await file.stat()).size;
}

/** Makes names in a folder last. */
export async function syncFolder(path: string): Promise<void> {
  await using folder = await open(path, 'r');
  await folder.sync();
}
