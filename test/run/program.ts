// Runs the programs that the suites are made of.

import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
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
}

/** Runs a program to its end and keeps what it printed, standard output and error together. */
export async function runProgram(
  command: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<Ended> {
  const env = { ...process.env, NODE_COMPILE_CACHE: COMPILE_CACHE, ...options.env };
  const child = spawn(command, args, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  let rest = '';
  const take = (chunk: string): void => {
    output += chunk;
    rest += chunk;
    const lines = rest.split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) options.onLine?.(line);
  };
  child.stdout.setEncoding('utf8').on('data', take);
  child.stderr.setEncoding('utf8').on('data', take);
  const code = await new Promise<number>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status) => resolve(status ?? 1));
  });
  if (rest !== '') options.onLine?.(rest);
  return { code, output };
}
