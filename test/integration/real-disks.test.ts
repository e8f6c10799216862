/**
 * The server as a process on a file system that really is read-only or full: a start ends with one line and a code, and a server that
 * runs refuses what needs writing, says so in a line and not with every request, and goes on once there is room.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import t from 'tap';
import { sendTo } from '../support/account-requests.ts';
import { WITHOUT_CALLS } from '../support/call-settings.ts';
import { makeAccount, tryRenew } from '../support/make-account.ts';
import { MAIN, startServer } from '../support/server-process.ts';
import { mountDisk, withoutDisks } from '../support/small-disk.ts';
import { openAnonymous } from '../support/socket-client.ts';

t.setTimeout(600_000);

const MIB = 1_048_576;
const SENDS = 200;

/** Starts a server that is to end by itself. */
function failToStart(dataDir: string): { readonly status: number | null; readonly lines: readonly string[] } {
  const env = {
    PATH: process.env['PATH'] ?? '',
    TACET_PORT: '0',
    TACET_DATA_DIR: dataDir,
    ...WITHOUT_CALLS,
  };
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN], { env, timeout: 120_000 });
  return { status, lines: `${String(stdout)}${String(stderr)}`.split('\n').filter((line) => line !== '') };
}

t.test('a start on a read-only disk ends with one line', { skip: withoutDisks }, async (t) => {
  const disk = mountDisk(t, 8 * MIB);
  await (await startServer({ dataDir: disk.path })).stop();
  disk.lock();
  for (const dataDir of [disk.path, join(disk.path, 'new')]) {
    const { status, lines } = failToStart(dataDir);
    t.equal(status, 1);
    t.equal(lines.length, 1, 'no stack');
    t.match(lines[0], /^Tacet could not use TACET_DATA_DIR \(\w+\); allowed is .*written to\.$/);
  }
});

t.test(
  'a start on a full disk ends with one line, and succeeds once there is room',
  { skip: withoutDisks },
  async (t) => {
    const disk = mountDisk(t, 8 * MIB);
    disk.fill();
    const expectFull = () => {
      const { status, lines } = failToStart(disk.path);
      t.equal(status, 1);
      t.equal(lines.length, 1, 'no stack');
      t.match(
        lines[0],
        /^There is no room for Tacet in TACET_DATA_DIR \(\w+\); make some and start it again\.$/,
      );
    };
    expectFull();
    disk.clear();
    await (await startServer({ dataDir: disk.path })).stop();
    disk.fill();
    expectFull();
    disk.clear();
    t.equal(await (await startServer({ dataDir: disk.path })).stop(), 0);
  },
);

t.test('a full disk is one line in the log, however many are refused', { skip: withoutDisks }, async (t) => {
  const disk = mountDisk(t, 8 * MIB);
  const server = await startServer({ dataDir: disk.path, settings: { TACET_RATE_FACTOR: '1000' } });
  t.teardown(() => server.kill());
  const at = { url: server.origin };
  const account = await makeAccount(at);
  const [device] = account.devices;
  if (device === undefined) throw new Error('no device');
  const socket = await openAnonymous(server.socketOrigin);
  const before = server.output();
  const since = performance.now();
  disk.fill();
  let refused = 0;
  for (let re = 1; re <= SENDS; re += 1) {
    // The log has some room of its own.
    socket.send(sendTo(account, { re, body: Buffer.alloc(30_000, re) }));
    const answer = await socket.next();
    if (answer.kind !== 'sent') {
      t.match(answer, { kind: 'refused', re, code: 'storage-failed' });
      refused += 1;
    }
  }
  t.ok(refused > SENDS / 2);
  for (let i = 0; i < 20; i += 1) t.equal((await tryRenew(at, device)).code, 'storage-failed');
  const told = server.output().slice(before.length).trim().split('\n');
  const texts = told.map((line) => {
    const { level, msg } = JSON.parse(line) as { readonly level: string; readonly msg: string };
    t.equal(level, 'error');
    return msg;
  });
  const first = texts.filter((text) => text === 'failure').length;
  t.ok(first > 0 && first <= 2, 'a line for each word that the database has for it');
  // A machine that is slow enough hears of each again, once a minute.
  const again = texts.filter((text) => text === 'the same failure again').length;
  t.ok(again <= 2 * Math.floor((performance.now() - since) / 60_000), 'and one a minute for all that follow');
  t.equal(first + again, texts.length);

  disk.clear();
  while ((await fetch(`${server.origin}/health/ready`)).status !== 200) await delay(50);
  socket.send(sendTo(account, { re: 0 }));
  t.match(await socket.next(), { kind: 'sent', re: 0 });
  t.equal(await server.stop(), 0);
  const last = server
    .output()
    .trim()
    .split('\n')
    .filter((line) => line.includes('the same failure again'));
  const times = last.map((line) => (JSON.parse(line) as { readonly times: number }).times);
  t.ok(times.reduce((sum, each) => sum + each, 0) >= refused, 'the rest is told by its number');
});
