// Runs the programs that the suites are made of.

import { spawn, type ChildProcess } from 'node:child_process';
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

/** How long a program may run. One that is ended has failed. */
export interface Limit {
  /** Until a test file asks for another time with `t.setTimeout`, which tap tells by a message to its parent. */
  readonly ms: number;
  /** It has this long to end by itself; then SIGALRM, at which tap tells what is still open; as long again, then SIGKILL. */
  readonly graceMs: number;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Called with each line as it comes; both streams are read. */
  readonly onLine?: (line: string) => void;
  readonly limit?: Limit;
}

/** The time that a message of tap asks for; `undefined`: it asks for none. */
function askedMs(message: unknown): number | undefined {
  const isAsking = typeof message === 'object' && message !== null && 'setTimeout' in message;
  // At its end a file asks for no limit at all.
  return isAsking && Number(message.setTimeout) > 0 ? Number(message.setTimeout) : undefined;
}

function endInTime(child: ChildProcess, { ms, graceMs }: Limit): void {
  let timers: readonly NodeJS.Timeout[] = [];
  const clear = (): void => timers.forEach((timer) => clearTimeout(timer));
  const allow = (limitMs: number): void => {
    clear();
    timers = [
      setTimeout(() => child.kill('SIGALRM'), limitMs + graceMs),
      setTimeout(() => child.kill('SIGKILL'), limitMs + 2 * graceMs),
    ];
  };
  allow(ms);
  child.on('message', (message) => {
    const asked = askedMs(message);
    if (asked !== undefined) allow(asked);
  });
  child.on('close', clear);
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
    stdio: ['ignore', 'pipe', 'pipe', ...(options.limit === undefined ? [] : ['ipc' as const])],
  });
  if (options.limit !== undefined) endInTime(child, options.limit);
  let output = '';
  // Each stream has lines of its own: what one of them says does not fall into a line of the other.
  const readLines = async (stream: Readable): Promise<void> => {
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      output += chunk;
    });
    for await (const line of createInterface({ input: stream, crlfDelay: Infinity })) options.onLine?.(line);
  };
  const streams = [child.stdout, child.stderr].filter((stream) => stream !== null);
  const read = Promise.all(streams.map(readLines));
  const code = await new Promise<number>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status) => resolve(status ?? 1));
  });
  await read;
  return { code, output };
}
