/** A file system of its own for a test, made by the kernel in memory: small, to be filled, or read-only. Needs a user who may mount. */
import { spawnSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Test } from 'tap';
import { makeFolder } from './open-store.ts';

export interface SmallDisk {
  /** Its root. */
  readonly path: string;
  /** Takes all the room that is left. */
  fill(): void;
  /** Gives it back. */
  clear(): void;
  /** Makes it read-only; nobody may have a file open. */
  lock(): void;
}

/** Why there is none here; `false`: there is. */
export const withoutDisks = canMount() ? false : 'file systems may not be mounted here';

function canMount(): boolean {
  return spawnSync('unshare', ['--mount', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt']).status === 0;
}

function must(program: string, ...words: readonly string[]): void {
  const { status, stderr } = spawnSync(program, words);
  if (status !== 0) throw new Error(`${program}: ${String(stderr)}`);
}

/** Mounts one of `sizeBytes`; it goes with the test. */
export function mountDisk(t: Test, sizeBytes: number): SmallDisk {
  const path = makeFolder(t);
  must('mount', '-t', 'tmpfs', '-o', `size=${String(sizeBytes)},mode=700`, 'tmpfs', path);
  t.teardown(() => must('umount', '--lazy', path));
  const filler = join(path, 'filler');
  return {
    path,
    fill() {
      // Down to the last page.
      for (let bytes = sizeBytes; bytes >= 4_096; bytes /= 2) {
        try {
          for (;;) writeFileSync(filler, Buffer.alloc(bytes), { flag: 'a' });
        } catch (error) {
          if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error;
        }
      }
    },
    clear: () => rmSync(filler),
    lock: () => must('mount', '-o', 'remount,ro', path),
  };
}
