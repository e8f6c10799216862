/**
 * The folder beside the database in which a backup or a restore has its copy until it is done. One that was killed leaves its folder behind,
 * with everything that the server keeps in it: a later command clears it away. Nothing else in the data folder is ever deleted here.
 */
import { lstat, mkdtemp, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { DATABASE_FILE } from '../store/database-file.ts';

const PREFIX = '.tacet-at-work-';
/** As `mkdtemp` completes it. */
const NAME = /^\.tacet-at-work-[A-Za-z0-9]{6}$/;
const ABANDONED_MS = 24 * 60 * 60_000;

/** Where the copy lies; its disposal deletes the folder. */
export interface WorkFolder extends AsyncDisposable {
  /** Path of the copy. Nothing is there yet. */
  readonly copy: string;
}

/** Makes the folder, after it has cleared away those that were abandoned a day ago. */
export async function openWorkFolder(dataDir: string, now: number): Promise<WorkFolder> {
  await clearAbandoned(dataDir, now);
  const path = await mkdtemp(join(dataDir, PREFIX));
  return {
    copy: join(path, DATABASE_FILE),
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }),
  };
}

async function clearAbandoned(dataDir: string, now: number): Promise<void> {
  for (const name of await readdir(dataDir)) {
    if (!NAME.test(name)) continue;
    const path = join(dataDir, name);
    const found = await lstat(path);
    if (!found.isDirectory() || now - found.mtimeMs < ABANDONED_MS) continue;
    // The copy, and what SQLite writes beside it.
    const isOurs = (await readdir(path)).every((each) => each.startsWith(DATABASE_FILE));
    if (isOurs) await rm(path, { recursive: true, force: true });
  }
}
