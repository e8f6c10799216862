/**
 * Faults of the disk under a running server, made by the kernel: system calls that fail or take long (`strace` injects them), a limit on
 * what a file may hold, a lock that another process has. Each begins and ends while the server goes on.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import Sqlite from 'better-sqlite3';
import { DATABASE_FILE } from '../../server/store/database-file.ts';

/** A fault that lasts until it is ended. */
export interface Fault {
  end(): Promise<void>;
}

/** Whom a fault befalls. */
export interface Victim {
  readonly pid: number;
  readonly dataDir: string;
}

/** Whether faults can be injected on this machine. */
export const canInject = spawnSync('strace', ['-V']).status === 0;

/** Injects into system calls: `inject('pwrite64', 'error=ENOSPC')`. */
export function inject(calls: string, what: string): (victim: Victim) => Promise<Fault> {
  return async ({ pid }) => {
    const strace = spawn('strace', [
      '-f',
      '-q',
      '-e',
      `trace=${calls}`,
      '-e',
      `inject=${calls}:${what}`,
      '-o',
      '/dev/null',
      '-p',
      String(pid),
    ]);
    await isTraced(pid);
    return {
      async end() {
        strace.kill('SIGINT');
        await once(strace, 'exit');
      },
    };
  };
}

/** Waits until a process is traced: the kernel says so. */
async function isTraced(pid: number): Promise<void> {
  for (;;) {
    const status = await readFile(`/proc/${String(pid)}/status`, 'utf8');
    if (!/^TracerPid:\s+0$/m.test(status)) return;
    await delay(20);
  }
}

/** No file of the process may grow or be written: the kernel refuses with EFBIG. */
export async function forbidWrites({ pid }: Victim): Promise<Fault> {
  const limit = (soft: string): void => {
    const { status, stderr } = spawnSync('prlimit', ['--pid', String(pid), `--fsize=${soft}:unlimited`]);
    if (status !== 0) throw new Error(String(stderr));
  };
  limit('0');
  return { end: async () => limit('unlimited') };
}

/** Another process, this one, holds the lock of the database. */
export async function lockDatabase({ dataDir }: Victim): Promise<Fault> {
  const database = new Sqlite(join(dataDir, DATABASE_FILE), { timeout: 10_000 });
  database.exec('begin immediate');
  return {
    async end() {
      database.exec('rollback');
      database.close();
    },
  };
}
