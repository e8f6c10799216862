/**
 * A server whose disk is full, read-only, failing, slow or locked says so, keeps what it acknowledged, and goes on by itself when the fault
 * is over: nothing is lost, nothing comes twice, nobody restarts anything.
 */
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import Sqlite from 'better-sqlite3';
import t, { type Test } from 'tap';
import { DATABASE_FILE } from '../../server/store/database-file.ts';
import { ERRORS } from '../../protocol/errors.ts';
import {
  canInject,
  forbidWrites,
  inject,
  lockDatabase,
  type Fault,
  type Victim,
} from '../support/disk-faults.ts';
import { sendTo } from '../support/account-requests.ts';
import { makeAccount, tryRenew, type WireAccount } from '../support/make-account.ts';
import { linesOf, makePair, openWith, reconnect, textsOf, type TestClient } from '../support/make-client.ts';
import { makeFolder } from '../support/open-store.ts';
import { startServer, type ServerProcess } from '../support/server-process.ts';
import { openAnonymous, type SocketClient } from '../support/socket-client.ts';

t.setTimeout(900_000);

/**
 * Attaching to a process, limiting it and letting go of it again has once in some thirty runs ended that process: what is done to it from
 * outside is for the long counts, which show what it said. The lock needs nothing of the kind.
 */
const withoutInjection =
  process.env['TACET_SOAK'] !== '1'
    ? 'injected faults run with `npm run soak`'
    : canInject
      ? false
      : 'strace is not installed';

interface Case {
  readonly name: string;
  readonly begin: (victim: Victim) => Promise<Fault>;
  /** Whether the process itself is interfered with, for which programs are needed. */
  readonly injected: boolean;
}

const CASES: readonly Case[] = [
  { name: 'a full disk', begin: inject('pwrite64', 'error=ENOSPC'), injected: true },
  { name: 'a read-only disk', begin: inject('pwrite64', 'error=EROFS'), injected: true },
  { name: 'a disk that does not keep', begin: inject('fdatasync,fsync', 'error=EIO'), injected: true },
  { name: 'files that may not be written', begin: forbidWrites, injected: true },
  { name: 'a database locked by another process', begin: lockDatabase, injected: false },
];

/** Asks once more where the server had just closed the connection that was kept since the request before. */
async function asked<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
  try {
    return await ask();
  } catch (error) {
    const cause = error instanceof Error ? error.cause : undefined;
    const isReset = cause instanceof Error && 'code' in cause && cause.code === 'ECONNRESET';
    if (!isReset) throw error;
    return ask();
  }
}

/** What `/health/ready` says. */
async function readiness(
  server: ServerProcess,
): Promise<{ readonly status: number; readonly code?: string }> {
  const answer = await asked(() => fetch(`${server.origin}/health/ready`));
  const { code } = (await answer.json()) as { readonly code?: string };
  return { status: answer.status, ...(code === undefined ? {} : { code }) };
}

/** Waits until the server calls itself ready, or not. */
async function becomes(server: ServerProcess, status: number): Promise<void> {
  while ((await readiness(server)).status !== status) await delay(50);
}

/** A server, and somebody on the wire. One for all tests of this file: each leaves it in health. */
interface Scene {
  readonly server: ServerProcess;
  readonly dataDir: string;
  readonly account: WireAccount;
  readonly socket: SocketClient;
}

async function openScene(t: Test): Promise<Scene> {
  const dataDir = makeFolder(t);
  const server = await startServer({ dataDir, settings: { TACET_RATE_FACTOR: '1000' } });
  t.teardown(async () => {
    if (!t.passing()) t.comment(server.output());
    await server.kill();
  });
  const account = await makeAccount({ url: server.origin }, { oneTimeKeys: 0 });
  const socket = await openAnonymous(server.socketOrigin);
  return { server, dataDir, account, socket };
}

/** Asks something that needs no writing, and waits for the answer. */
async function ping({ server }: Scene): Promise<void> {
  const other = await openAnonymous(server.socketOrigin);
  other.send({ kind: 'ping', re: 2 });
  await other.take('pong');
  await other.close();
}

async function say(from: TestClient, to: string, text: string): Promise<void> {
  await from.commands.sendText(await openWith(from, to), text);
}

async function isAllDelivered(person: TestClient): Promise<void> {
  await person.waitFor('all delivered', (state) =>
    linesOf(state).every(({ delivery }) => delivery.kind === 'delivered'),
  );
}

/** A new connection tries at once what would be tried again later. */
async function hurry(...people: readonly TestClient[]): Promise<void> {
  for (const person of people) await reconnect(person);
}

async function testLocks(t: Test, scene: Scene): Promise<void> {
  const { server, dataDir, account, socket } = scene;
  const lock = () => lockDatabase({ pid: server.pid, dataDir });
  await t.test(
    'while another process holds the database, whatever needs no writing is answered',
    async (t) => {
      const held = await lock();
      const order: string[] = [];
      socket.send(sendTo(account));
      const refused = socket.take('refused').then(({ code }) => order.push(code));
      await ping(scene);
      order.push('pong');
      await refused;
      t.strictSame(order, ['pong', 'storage-failed']);
      await held.end();
      await becomes(server, 200);
    },
  );
  await t.test('a lock that is let go in time refuses nothing', async (t) => {
    const held = await lock();
    socket.send(sendTo(account));
    await ping(scene);
    await held.end();
    t.match(await socket.next(), { kind: 'sent', re: 1 });
    t.match(await readiness(server), { status: 200 });
  });
}

t.test('faults of the disk are told, lose nothing, and pass', async (t) => {
  const scene = await openScene(t);
  const { server, dataDir, account, socket } = scene;
  await testLocks(t, scene);
  const { ada, ben } = await makePair(server.origin);
  t.teardown(() => Promise.all([ada.close(), ben.close()]));
  await openWith(ada, 'Ben');
  await openWith(ben, 'Ada');
  const said: string[] = [];
  for (const [i, { name, begin, injected }] of CASES.entries()) {
    await t.test(name, { skip: injected && withoutInjection }, async (t) => {
      await say(ada, 'Ben', `before ${name}`);
      await ben.waitFor('the text before', (state) => textsOf(state).includes(`before ${name}`));
      const fault = await begin({ pid: server.pid, dataDir });
      try {
        // On the wire: a typed refusal, and the connection goes on.
        socket.send(sendTo(account, { re: i }));
        t.match(await socket.next(), { kind: 'refused', re: i, code: 'storage-failed' });
        t.match(await readiness(server), { status: ERRORS['storage-failed'].status, code: 'storage-failed' });
        const alive = await asked(() => fetch(`${server.origin}/health/live`));
        t.equal(alive.status, 200, 'it lives');
        const [device] = account.devices;
        if (device === undefined) throw new Error('no device');
        t.equal(
          (await asked(() => tryRenew({ url: server.origin }, device))).code,
          'storage-failed',
          'a route says it too',
        );

        // People: what they write is kept, and shown as on its way.
        await say(ada, 'Ben', `ada during ${name}`);
        await say(ben, 'Ada', `ben during ${name}`);
        for (const person of [ada, ben]) t.equal(linesOf(person.state).at(-1)?.delivery.kind, 'sending');
      } finally {
        await fault.end();
      }
      await becomes(server, 200);
      socket.send(sendTo(account, { re: i }));
      t.match(await socket.next(), { kind: 'sent', re: i });
      await hurry(ada, ben);
      await ada.waitFor('ben’s text', (state) => textsOf(state).includes(`ben during ${name}`));
      await ben.waitFor('ada’s text', (state) => textsOf(state).includes(`ada during ${name}`));
      for (const person of [ada, ben]) await isAllDelivered(person);
      said.push(`before ${name}`, `ada during ${name}`, `ben during ${name}`);
      for (const person of [ada, ben]) t.strictSame(textsOf(person.state).toSorted(), said.toSorted());
    });
  }
  const slow = inject('fdatasync,fsync', 'delay_enter=200000');
  await t.test('a slow disk', { skip: withoutInjection }, async (t) => {
    const fault = await slow({ pid: server.pid, dataDir });
    const texts = Array.from({ length: 5 }, (_, i) => `slow ${String(i)}`);
    for (const text of texts) await say(ada, 'Ben', text);
    await ben.waitFor('all of them', (state) => textsOf(state).at(-1) === texts.at(-1));
    t.match(await readiness(server), { status: 200 }, 'slow is not broken');
    await fault.end();
    await isAllDelivered(ada);
    t.strictSame(textsOf(ben.state).slice(-texts.length), texts);
  });
  t.equal(await server.stop(), 0);
  const database = new Sqlite(join(dataDir, DATABASE_FILE), { readonly: true });
  t.equal(database.pragma('integrity_check', { simple: true }), 'ok');
  database.close();
});
