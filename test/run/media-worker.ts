// mediasoup's worker, for the tests that carry calls. On a fresh machine it is built, which takes both cores for some minutes: that is
// begun first, at low priority, and only the tests that need the worker wait for it, after all others.

import { readFileSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';
import { add, none, type Outcome } from './outcome.ts';
import { root, runProgram } from './program.ts';

/** What tests find or start workers with, themselves or by something that they import. */
const FINDS_WORKER = join('test', 'support', 'media-worker.ts');

const imported = /^(?:import|export)[^;]*? from '(\.[^']+)';/gm;

/** Whether a test file needs the worker. */
export function needsMediaWorker(file: string): boolean {
  return reachable(file).has(FINDS_WORKER);
}

/** A test's file, those of the tests' that it imports, those that they import, and so on. */
function reachable(file: string, seen = new Set<string>()): ReadonlySet<string> {
  if (seen.has(file) || !file.startsWith(`test${sep}`)) return seen;
  seen.add(file);
  for (const [, path = ''] of readFileSync(join(root, file), 'utf8').matchAll(imported))
    reachable(join(dirname(file), path), seen);
  return seen;
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

/**
 * Runs the files of a suite that is begun as one: those that do not need the worker, then those that do. They are two browsers in a call each,
 * and what they say of time holds where nothing else runs: `between` settles then. It is called once the first files are through. `before`: what
 * `beginMediaWorker` gave.
 */
export async function runAroundMediaWorker(
  files: readonly string[],
  before: (file: string) => Promise<void>,
  run: (files: readonly string[]) => Promise<Outcome>,
  between: () => Promise<unknown>,
): Promise<Outcome> {
  const needing = files.filter((file) => needsMediaWorker(file));
  const others = files.filter((file) => !needing.includes(file));
  const first = others.length === 0 ? none : await run(others);
  if (needing.length === 0) return first;
  await Promise.all([between(), ...needing.map((file) => before(file))]);
  return add(first, await run(needing));
}

async function obtain(): Promise<void> {
  const onLine = (line: string): void => {
    if (!line.startsWith('/')) console.log(line);
  };
  const { code } = await runProgram(process.execPath, ['sfu/worker/main.ts'], { onLine });
  if (code !== 0) console.log('NOT OK the media worker: the tests that need it say so too');
}
