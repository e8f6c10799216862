/**
 * A lock file that holds as long as its process lives: it names the process and when that process began, since a number is given out
 * again. Of two that find a dead holder at the same moment both may come in; that may cost one of them its build, no more, since each
 * works in a folder of its own and moves its result into place whole.
 */
import { randomBytes } from 'node:crypto';
import { link, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';

const POLL_MS = 500;

/** Lets go of the lock. */
export type Release = () => Promise<void>;

/** Waits for the lock at `path`; `onWait` is called once if somebody else has it. Throws `AbortError` when `signal` is aborted. */
export async function takeLock(path: string, onWait: () => void, signal?: AbortSignal): Promise<Release> {
  const own = `${path}.${randomBytes(6).toString('hex')}`;
  await writeFile(own, (await nameOf(process.pid)) ?? '', { mode: 0o600 });
  let waits = false;
  try {
    for (;;) {
      if (await isLinked(own, path)) return async () => rm(path, { force: true });
      if (await isAbandoned(path)) await takeAway(path);
      else {
        if (!waits) onWait();
        waits = true;
        await wait(POLL_MS, undefined, { signal });
      }
    }
  } finally {
    await rm(own, { force: true });
  }
}

/** Appears whole or not at all. */
async function isLinked(own: string, path: string): Promise<boolean> {
  try {
    await link(own, path);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
}

async function isAbandoned(path: string): Promise<boolean> {
  const holder = await readText(path);
  if (holder === undefined) return false;
  return holder !== (await nameOf(Number(holder.split(' ')[0])));
}

async function takeAway(path: string): Promise<void> {
  const aside = `${path}.${randomBytes(6).toString('hex')}`;
  try {
    await rename(path, aside);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
  }
  await rm(aside, { force: true });
}

/** The process and the moment it began, in clock ticks since the machine's start where the system tells it; `undefined` if there is none. */
async function nameOf(pid: number): Promise<string | undefined> {
  if (!Number.isSafeInteger(pid) || pid <= 0) return undefined;
  // Field 22 of proc(5)'s stat; the name in field 2 may hold anything, also parentheses.
  const stat = await readText(`/proc/${pid}/stat`);
  const began = stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  if (began !== undefined) return `${pid} ${began}`;
  try {
    process.kill(pid, 0);
    return `${pid} -`;
  } catch (error) {
    return codeOf(error) === 'EPERM' ? `${pid} -` : undefined;
  }
}

async function readText(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ESRCH') return undefined;
    throw error;
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}
