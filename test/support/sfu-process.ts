/** The media server as a process of its own, the way `npm run sfu` runs it. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const root = join(import.meta.dirname, '..', '..');

export interface SfuProcess extends AsyncDisposable {
  readonly program: ChildProcess;
  /** What it has printed. */
  readonly lines: readonly string[];
  /** Its first line: where it is open, or its last words. */
  readonly line: string;
  /** The exit code. */
  readonly ended: Promise<number>;
}

/** Starts the program and waits for its first line, or for its end without one. Disposing of it ends it by SIGKILL. */
export async function startSfu(settings: Readonly<Record<string, string>>): Promise<SfuProcess> {
  const program = spawn(process.execPath, ['sfu/main.ts'], {
    cwd: root,
    env: { ...process.env, ...settings },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = once(program, 'exit').then(([code]) => Number(code));
  const lines: string[] = [];
  const first = Promise.withResolvers<string>();
  for (const stream of [program.stdout, program.stderr]) {
    createInterface({ input: stream }).on('line', (line) => {
      lines.push(line);
      first.resolve(line);
    });
  }
  return {
    program,
    lines,
    line: await Promise.race([first.promise, ended.then((code) => `ended with ${code}`)]),
    ended,
    async [Symbol.asyncDispose]() {
      program.kill('SIGKILL');
      await ended;
    },
  };
}
