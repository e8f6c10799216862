/**
 * Runs one program for the obtaining of the worker, without blocking the server. Everything that it starts ends with it, when it is
 * aborted, and when this process dies in whatever way: it stands in a process group of its own beside a watcher that reads a pipe
 * whose other end only this process holds, and that kills the group at the pipe's end.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';

/** How a program ended. `code` is `undefined` where a signal or a failed start ended it. */
export interface Ended {
  readonly code: number | undefined;
  /** The last lines that it printed on either stream, for the log of a failure. */
  readonly tail: readonly string[];
}

export interface RunOptions {
  readonly signal?: AbortSignal | undefined;
  /** The whole environment of the program. */
  readonly env?: Readonly<Record<string, string>>;
  readonly onLine?: ((line: string) => void) | undefined;
  /** The program is left to end by itself, whatever happens here: half of its work would be worse than all of it. */
  readonly isLeftToEnd?: boolean;
  readonly timeoutMs?: number;
}

/** Runs a program to its end. Never rejects. */
export type Run = (command: string, args: readonly string[], options?: RunOptions) => Promise<Ended>;

/** What is kept of a failed program's words. */
const TAIL_LINES = 20;
const WATCHED =
  'exec 3<&0; (cat <&3 >/dev/null; kill -s KILL -- "-$$") >/dev/null 2>&1 & exec "$@" </dev/null 3<&-';

/** The `Run` of the operating system. */
export const runProgram: Run = async (command, args, options = {}) => {
  const { signal, isLeftToEnd = false, timeoutMs } = options;
  if (signal?.aborted === true) return { code: undefined, tail: [] };
  const [program, words] = isLeftToEnd
    ? [command, args]
    : ['/bin/sh', ['-c', WATCHED, 'sh', command, ...args]];
  const child = spawn(program, words, {
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
    ...(options.env === undefined ? {} : { env: options.env }),
  });
  // A pipe that the program has closed is no error of ours.
  child.stdin.on('error', () => undefined);
  if (isLeftToEnd) child.stdin.end();
  const stop = (): void => {
    if (!isLeftToEnd) child.stdin.destroy();
  };
  signal?.addEventListener('abort', stop, { once: true });
  const timer = timeoutMs === undefined ? undefined : setTimeout(stop, timeoutMs);
  const tail: string[] = [];
  const onLine = (line: string): void => {
    tail.push(line);
    if (tail.length > TAIL_LINES) tail.shift();
    options.onLine?.(line);
  };
  const read = Promise.all([readLines(child.stdout, onLine), readLines(child.stderr, onLine)]);
  const code = await endOf(child);
  child.stdin.destroy();
  await read;
  clearTimeout(timer);
  signal?.removeEventListener('abort', stop);
  return { code, tail };
};

async function readLines(stream: Readable, onLine: (line: string) => void): Promise<void> {
  for await (const line of createInterface({ input: stream, crlfDelay: Infinity })) onLine(line);
}

/** Its status; what it left running in its group is ended by the watcher as soon as the pipe is closed. */
async function endOf(child: ChildProcess): Promise<number | undefined> {
  return new Promise((resolve) => {
    child.on('error', () => resolve(undefined));
    child.on('exit', (code) => resolve(code ?? undefined));
  });
}
