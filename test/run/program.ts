// Runs the programs that the suites are made of.

import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';

/** The root of the repository. */
export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** Where Node keeps what it has compiled, for the programs here and for the servers that tests start. */
const COMPILE_CACHE = join(root, '.cache', 'compile');

/** A file that a package runs itself by, below node_modules. */
export function programOf(...path: readonly string[]): string {
  return join(root, 'node_modules', ...path);
}

export interface Ended {
  readonly code: number;
  readonly output: string;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Called with each line as it comes; both streams are read. */
  readonly onLine?: (line: string) => void;
  /** It is killed when it runs longer, and has failed. */
  readonly endAfterMs?: number;
}

/** Runs a program to its end and keeps what it printed, standard output and error together. */
export async function runProgram(
  command: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<Ended> {
  const env = { ...process.env, NODE_COMPILE_CACHE: COMPILE_CACHE, ...options.env };
  const child = spawn(command, args, {
    cwd: root,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: options.endAfterMs,
    killSignal: 'SIGKILL',
  });
  let output = '';
  // Each stream has lines of its own: what one of them says does not fall into a line of the other.
  const readLines = async (stream: Readable): Promise<void> => {
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      output += chunk;
    });
    for await (const line of createInterface({ input: stream, crlfDelay: Infinity })) options.onLine?.(line);
  };
  const read = Promise.all([readLines(child.stdout), readLines(child.stderr)]);
  const code = await new Promise<number>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status) => resolve(status ?? 1));
  });
  await read;
  return { code, output };
}
