// mediasoup's worker, for the tests that carry calls. On a fresh machine it is built, which takes both cores for some minutes: that is
// begun first, at low priority, and only the tests that need the worker wait for it, after all others.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root, runProgram } from './program.ts';

/** The support files that a test starts or finds workers with. */
const imported = /\/support\/(?:open-sfu|media-worker)\.ts'/;

/** Whether a test file needs the worker. */
export function needsMediaWorker(file: string): boolean {
  return imported.test(readFileSync(join(root, file), 'utf8'));
}

/** The files that do not need it, then those that do. */
export function mediaWorkerLast(files: readonly string[]): readonly string[] {
  const needing = new Set(files.filter((file) => needsMediaWorker(file)));
  return [...files.filter((file) => !needing.has(file)), ...needing];
}

/** Obtains it where one of the files needs it. What the answer gives waits for it where a file does; one that is not there is told of. */
export function beginMediaWorker(
  files: readonly string[],
  obtainIt: () => Promise<void> = obtain,
): (file: string) => Promise<void> {
  const needing = new Set(files.filter((file) => needsMediaWorker(file)));
  if (needing.size === 0) return async () => undefined;
  const obtained = obtainIt();
  return async (file) => (needing.has(file) ? obtained : undefined);
}

async function obtain(): Promise<void> {
  const onLine = (line: string): void => {
    if (!line.startsWith('/')) console.log(line);
  };
  const { code } = await runProgram(process.execPath, ['sfu/worker/main.ts'], { onLine });
  if (code !== 0) console.log('NOT OK the media worker: the tests that need it say so too');
}
