/** The server of a browser test: in the process of the tests or a process of its own, on a folder that is empty or a copy. */
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findLastingPort } from '../support/lasting-port.ts';
import { openTestServer } from '../support/open-test-server.ts';
import { recordLog } from '../support/recorded-log.ts';
import { startServer } from '../support/server-process.ts';

/** A server that can be ended and started again on the same address and data. */
export interface Host {
  readonly origin: string;
  readonly dataDir: string;
  /** The link that the server prints while nobody has an account. */
  readonly firstInvite: string;
  /** Ends it as SIGTERM does: it drains. */
  stop(): Promise<void>;
  /** SIGKILL; only of a process of its own. */
  kill(): Promise<void>;
  /** `clientDir`: with another build of the client. */
  startAgain(clientDir?: string): Promise<void>;
  /** Everything that it has logged and printed, at its wordiest. */
  log(): string;
  /** What its metrics say, and said when it was last ended. */
  metrics(): Promise<string>;
}

/** A server that runs. */
interface Running {
  readonly origin: string;
  readonly firstInvite: string | undefined;
  log(): string;
  stop(): Promise<unknown>;
  kill(): Promise<void>;
}

const CLIENT = join(import.meta.dirname, '..', '..', 'client', 'dist');

async function runHere(
  dataDir: string,
  texts: Readonly<Record<`TACET_${string}`, string>>,
): Promise<Running> {
  const settings = { TACET_CLIENT_DIR: CLIENT, TACET_RATE_FACTOR: '1', TACET_LOG_LEVEL: 'debug', ...texts };
  const { lines, logger } = recordLog('debug');
  const server = await openTestServer({ dataDir, settings, overrides: { logger } });
  return {
    log: () => lines.join(''),
    origin: server.origin,
    firstInvite: server.firstInviteLink,
    stop: () => server.close(),
    kill: () => Promise.reject(new Error('a test that kills its server asks for `ownProcess`')),
  };
}

async function runProcess(
  dataDir: string,
  settings: Readonly<Record<`TACET_${string}`, string>>,
): Promise<Running> {
  const server = await startServer({ dataDir, settings: { TACET_LOG_LEVEL: 'debug', ...settings } });
  const firstInvite = /https?:\/\/\S+\/i\/\S+/.exec(server.output())?.[0];
  return { ...server, firstInvite, log: server.output };
}

export interface HostOptions {
  /** The server is a process, as `npm start` runs it. */
  readonly ownProcess: boolean;
  /** A data folder that it begins with a copy of. */
  readonly copyOf: string | undefined;
  /** More of its settings. */
  readonly texts?: Readonly<Record<`TACET_${string}`, string>>;
}

export interface OpenHost extends Host, AsyncDisposable {}

/** Opens it; disposing of it deletes the folder. */
export async function openHost({ ownProcess, copyOf, texts = {} }: HostOptions): Promise<OpenHost> {
  const dataDir = await mkdtemp(join(tmpdir(), 'tacet-e2e-'));
  if (copyOf !== undefined) await cp(copyOf, dataDir, { recursive: true });
  const run = ownProcess ? runProcess : runHere;
  const settings = { TACET_OPEN_SIGN_UP: 'no', TACET_PORT: await findLastingPort(), ...texts };
  let running: Running | undefined = await run(dataDir, settings);
  const { origin, firstInvite = '' } = running;
  let [measured, logged] = ['', ''];
  /** Ends what runs, and keeps what it said. */
  async function end(how: (server: Running) => Promise<unknown>): Promise<void> {
    if (running === undefined) return;
    measured = await metrics();
    await how(running);
    logged += running.log();
    running = undefined;
  }
  async function metrics(): Promise<string> {
    if (running === undefined) return measured;
    // The last word of a server that its test has brought to refuse everything may be missing.
    const answer = await fetch(`${origin}/metrics`).catch(() => undefined);
    return measured + (answer === undefined ? '' : await answer.text());
  }
  return {
    origin,
    dataDir,
    firstInvite,
    kill: () => end((server) => server.kill()),
    stop: () => end((server) => server.stop()),
    log: () => logged + (running?.log() ?? ''),
    metrics,
    async startAgain(clientDir) {
      const other = clientDir === undefined ? {} : { TACET_CLIENT_DIR: clientDir };
      running = await run(dataDir, { ...settings, ...other });
    },
    async [Symbol.asyncDispose]() {
      await running?.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
