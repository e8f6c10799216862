/** The server as a process of its own, on a free port of this machine, the way `npm start` runs it. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { WITHOUT_CALLS } from './call-settings.ts';

/** The process entry. */
export const MAIN = fileURLToPath(new URL('../../server/main.ts', import.meta.url));
const COMPILE_CACHE = fileURLToPath(new URL('../../.cache/compile', import.meta.url));

/** A running server. */
export interface ServerProcess {
  /** `http://host:port` */
  readonly origin: string;
  /** `ws://host:port` */
  readonly socketOrigin: string;
  readonly pid: number;
  /** Everything it printed. */
  readonly output: () => string;
  /** Drains and waits for the end; resolves to the exit code. */
  stop(): Promise<number | null>;
  /** SIGKILL, and waits for the end. */
  kill(): Promise<void>;
}

/** What the process is started with. */
export interface ServerProcessOptions {
  readonly dataDir: string;
  readonly settings?: Readonly<Record<`TACET_${string}`, string>>;
  /** Arguments for Node, such as a profiler's. */
  readonly nodeArguments?: readonly string[];
  /** A program that runs Node, with its arguments. */
  readonly wrapper?: readonly string[];
}

/** Starts the server and waits until it is open. Throws with its output when it ends instead. */
export async function startServer(options: ServerProcessOptions): Promise<ServerProcess> {
  const [program, ...rest] = [
    ...(options.wrapper ?? []),
    process.execPath,
    ...(options.nodeArguments ?? []),
    MAIN,
  ];
  const child = spawn(program, rest, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: process.env['PATH'] ?? '',
      NODE_COMPILE_CACHE: COMPILE_CACHE,
      TACET_HOST: '127.0.0.1',
      TACET_PORT: '0',
      TACET_DATA_DIR: options.dataDir,
      TACET_OPEN_SIGN_UP: 'yes',
      TACET_LOG_LEVEL: 'error',
      ...WITHOUT_CALLS,
      ...options.settings,
    },
  });
  let output = '';
  const ended = once(child, 'exit');
  const origin = await new Promise<string>((resolve, reject) => {
    const read = (chunk: Buffer): void => {
      output += chunk.toString();
      const found = /Tacet is open at (http:\/\/\S+)/.exec(output)?.[1];
      if (found !== undefined) resolve(found);
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    child.once('error', reject);
    child.once('exit', () => reject(new Error(`the server did not start:\n${output}`)));
  });
  const port = new URL(origin).port;
  return {
    origin,
    socketOrigin: `ws://127.0.0.1:${port}`,
    pid: child.pid ?? 0,
    output: () => output,
    async stop() {
      end(child, 'SIGTERM');
      await ended;
      return child.exitCode;
    },
    async kill() {
      end(child, 'SIGKILL');
      await ended;
    },
  };
}

function end(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.exitCode === null && child.signalCode === null) child.kill(signal);
}
