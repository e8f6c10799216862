// `npm start` as an operator meets it: the real command in this checkout, with a data folder and a port of its own. A
// wrapper that stayed between npm and the server would die of the signal in the server's place; these tests would see it.

import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { readServer } from '@tacet/protocol/rest/people';
import { WITH_CALLS, WITHOUT_CALLS } from './support/call-settings.ts';
import { findWorker } from './support/media-worker.ts';
import { mustCall } from './support/rest-client.ts';

const root = join(import.meta.dirname, '..');

interface Started {
  readonly npm: ChildProcess;
  readonly ended: Promise<number | null>;
  /** Everything printed until now. */
  readonly output: () => string;
  /** Waits until something has been printed; fails when the program ends without it. */
  readonly printed: (pattern: RegExp) => Promise<RegExpExecArray>;
}

/** Starts Tacet by npm, in a process group of its own as a terminal would. */
function startByNpm(settings: Readonly<Record<string, string>>): Started {
  const npm = spawn('npm', ['start'], {
    cwd: root,
    detached: true,
    env: { ...process.env, ...WITHOUT_CALLS, ...settings },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  const waiting = new Set<() => void>();
  const take = (chunk: Buffer): void => {
    text += chunk.toString('utf8');
    for (const check of waiting) check();
  };
  npm.stdout.on('data', take);
  npm.stderr.on('data', take);
  const ended = new Promise<number | null>((resolve) => npm.once('close', resolve));
  const printed = (pattern: RegExp): Promise<RegExpExecArray> =>
    new Promise((resolve, reject) => {
      const check = (): void => {
        const found = pattern.exec(text);
        if (found === null) return;
        waiting.delete(check);
        resolve(found);
      };
      waiting.add(check);
      check();
      ended.then(() => reject(new Error(`ended without ${String(pattern)}:\n${text}`)), reject);
    });
  return { npm, ended, output: () => text, printed };
}

function dataFolder(t: Test): string {
  const folder = mkdtempSync(join(tmpdir(), 'tacet-start-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  return folder;
}

/** An open anonymous socket and the code that it is closed with. */
async function openSocket(origin: string): Promise<{ readonly closed: Promise<number> }> {
  const socket = new WebSocket(`${origin.replace('http', 'ws')}/v1/anonymous`);
  const closed = new Promise<number>((resolve) => {
    socket.addEventListener('close', ({ code }) => resolve(code), { once: true });
  });
  await new Promise((resolve, reject) => {
    socket.addEventListener('open', resolve, { once: true });
    socket.addEventListener('error', reject, { once: true });
  });
  return { closed };
}

async function isRefused(origin: string): Promise<boolean> {
  try {
    await fetch(`${origin}/health/live`);
    return false;
  } catch {
    return true;
  }
}

/** Sees a running server through the end that `end` brings about. */
async function seeDrain(t: Test, started: Started, folder: string, end: () => void): Promise<number | null> {
  const [, origin = ''] = await started.printed(/Tacet is open at (http:\S+)/);
  t.equal((await fetch(`${origin}/health/ready`)).status, 200, 'it is ready');
  t.match((await (await fetch(origin)).text()).toLowerCase(), '<!doctype html>', 'it serves the client');
  const { closed } = await openSocket(origin);
  end();
  t.equal(await closed, 1012, 'the socket is told why it closes');
  const status = await started.ended;
  t.match(started.output(), 'Tacet is closing.');
  t.ok(await isRefused(origin), 'nothing is left that listens');
  t.ok(existsSync(join(folder, 'tacet.sqlite')));
  t.notOk(existsSync(join(folder, 'tacet.sqlite-wal')), 'the database was closed in order');
  return status;
}

t.test('a SIGTERM to npm alone reaches the server, which drains', async (t) => {
  const folder = dataFolder(t);
  const started = startByNpm({ TACET_DATA_DIR: folder, TACET_PORT: '0' });
  const [, code = ''] = await started.printed(/First invite[^\n]*\/i\/(\S+)/);
  t.match(code, /^[\w-]{16,}$/, 'the first invite is printed');
  const status = await seeDrain(t, started, folder, () => started.npm.kill('SIGTERM'));
  t.equal(status, 0, 'npm ends without an error');
});

t.test('Ctrl+C in a terminal, which reaches npm and the server both, drains too', async (t) => {
  const folder = dataFolder(t);
  const started = startByNpm({ TACET_DATA_DIR: folder, TACET_PORT: '0' });
  const { pid } = started.npm;
  t.ok(pid);
  // npm's own status is not looked at: the copy that it passes on may come when the server has just ended.
  await seeDrain(t, started, folder, () => process.kill(-(pid ?? 0), 'SIGINT'));
});

t.test('a second start does no set-up again and shows the same first invite', async (t) => {
  const folder = dataFolder(t);
  const invites: string[] = [];
  for (let round = 0; round < 2; round += 1) {
    const started = startByNpm({ TACET_DATA_DIR: folder, TACET_PORT: '0' });
    const [, code = ''] = await started.printed(/First invite[^\n]*\/i\/(\S+)/);
    invites.push(code);
    started.npm.kill('SIGTERM');
    t.equal(await started.ended, 0);
    if (round === 1) t.notMatch(started.output(), /^tacet: /m, 'set-up has nothing to do and nothing to say');
  }
  t.equal(invites[0], invites[1]);
});

t.test('a wrong setting stops the start with one sentence and touches nothing', async (t) => {
  const folder = dataFolder(t);
  const started = startByNpm({ TACET_DATA_DIR: folder, TACET_PORT: '99999' });
  t.not(await started.ended, 0);
  t.match(started.output(), 'TACET_PORT is "99999"; allowed is a whole number from 0 to 65535.');
  t.notMatch(started.output(), /^\s+at /m, 'no stack');
  t.strictSame(readdirSync(folder), []);
});

t.test(
  'without a media worker the server serves while one is obtained, says how far it is, and drains in the middle of that',
  async (t) => {
    t.setTimeout(300_000);
    // Where it was built, what that needs of the system is there.
    await findWorker();
    const [folder, cache] = [dataFolder(t), dataFolder(t)];
    const started = startByNpm({
      ...WITH_CALLS,
      TACET_DATA_DIR: folder,
      TACET_PORT: '0',
      XDG_CACHE_HOME: cache,
      TACET_MEDIA_WORKER: '',
    });
    await started.printed(/media worker: downloading/);
    const [, origin = ''] = await started.printed(/Tacet is open at (http:\S+)/);
    t.equal((await fetch(`${origin}/health/ready`)).status, 200);
    const relay = async () => (await mustCall(origin, readServer)).relay;
    // Where it can be downloaded it is there in a moment. Whoever asks more often is refused.
    while (!/media worker: building, \d+ %/.test(started.output()) && (await relay()) === 'preparing')
      await new Promise((resolve) => setTimeout(resolve, 1_000));
    t.match(await relay(), /^(?:preparing|ready)$/);
    started.npm.kill('SIGTERM');
    t.equal(await started.ended, 0);
    const left = readdirSync(cache, { recursive: true, encoding: 'utf8' });
    t.strictSame(
      left.filter((name) => /mediasoup-worker\.|lock$/.test(name)),
      [],
      'nothing unfinished is left',
    );
  },
);
