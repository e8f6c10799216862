// What a running server offers calls beside rooms: its own STUN, credentials for a TURN server, and the state of the media server, which
// it says truly and which never keeps it from running.

import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { CallServers } from '@tacet/protocol/frames/calls';
import { LIMITS } from '@tacet/protocol/limits';
import { buildTurnServer } from '../../server/calls/turn.ts';
import type { SettingTexts } from '../../server/config/env.ts';
import { openCalls, untilRelayed } from '../support/calls-client.ts';
import { WITH_CALLS, WITHOUT_CALLS } from '../support/call-settings.ts';
import { findWorker } from '../support/media-worker.ts';
import { makeRoom } from '../support/open-sfu.ts';
import { openTestServer } from '../support/open-test-server.ts';
import { recordLog } from '../support/recorded-log.ts';
import { allocate } from '../support/turn-client.ts';

t.setTimeout(300_000);

async function openServer(t: Test, settings: SettingTexts) {
  const log = recordLog('info');
  const server = await openTestServer({ settings, overrides: { logger: log.logger } });
  t.teardown(async () => server[Symbol.asyncDispose]());
  return { server, lines: log.lines, origin: server.url.replace('http', 'ws') };
}

async function askServers(origin: string): Promise<CallServers> {
  const connection = await openCalls(origin);
  const answer = await connection.ask({ kind: 'call-servers' });
  await connection.close();
  if (answer.kind !== 'call-servers') throw new TypeError(`answered with ${answer.kind}`);
  return answer;
}

/** A free port of this machine that some program may be given. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}

t.test('the STUN port that is told answers, at the address that the server listens at', async (t) => {
  const { origin } = await openServer(t, { ...WITHOUT_CALLS, TACET_STUN_PORT: '0' });
  const { stun } = await askServers(origin);
  const socket = createSocket('udp4');
  t.teardown(() => socket.close());
  const answered = once(socket, 'message');
  const request = Buffer.from('000100002112a442000102030405060708090a0b', 'hex');
  socket.send(request, stun?.port ?? 0, '127.0.0.1');
  const [answer] = (await answered) as [Buffer];
  t.equal(answer.readUInt16BE(0), 0x0101);
  t.equal(answer.readUInt16BE(26) ^ 0x2112, socket.address().port, 'with the port that was asked from');
});

t.test('without anything for calls the server says so, and refuses what it cannot carry', async (t) => {
  const { origin } = await openServer(t, WITHOUT_CALLS);
  t.strictSame(await askServers(origin), { kind: 'call-servers', turn: [], relay: 'none' });
  const connection = await openCalls(origin);
  await t.rejects(connection.ask({ kind: 'admit', ...makeRoom() }), { code: 'calls-unavailable' });
  t.match(await connection.ask({ kind: 'call-servers' }), { relay: 'none' }, 'the socket goes on');
});

t.test('coturn lets in whoever has the credentials that were told, until they run out', async (t) => {
  const [port, secret] = [await freePort(), 'a-secret-shared-with-coturn'];
  const folder = mkdtempSync(join(tmpdir(), 'tacet-turn-'));
  const turnserver = spawn(
    'turnserver',
    (
      '--no-cli --no-tls --no-dtls --no-tcp --log-file stdout --simple-log --use-auth-secret --realm tacet.example ' +
      `--listening-ip 127.0.0.1 --relay-ip 127.0.0.1 --listening-port ${port} --static-auth-secret ${secret} ` +
      `--pidfile ${join(folder, 'pid')} --userdb ${join(folder, 'db')} -c ${join(folder, 'none')}`
    ).split(' '),
    { stdio: 'ignore' },
  );
  const ended = once(turnserver, 'exit');
  t.teardown(async () => {
    turnserver.kill('SIGKILL');
    await ended;
    rmSync(folder, { recursive: true });
  });
  const urls = [`turn:127.0.0.1:${port}?transport=udp`];
  const { origin } = await openServer(t, {
    ...WITHOUT_CALLS,
    TACET_TURN_URLS: urls.join(','),
    TACET_TURN_SECRET: secret,
  });
  const [{ turn }, { turn: others }] = [await askServers(origin), await askServers(origin)];
  const [told] = turn;
  if (told === undefined) throw new Error('no TURN server was told');
  t.match(told, { urls, lifetimeMs: LIMITS.turnCredentialAgeMs });
  t.match(told.username, /^\d{10}:[\w-]{12}$/, 'a time and chance');
  t.not(others[0]?.username, told.username, 'nobody is told apart by it');
  t.equal(await allocate(port, told.username, told.credential), 'allocated');
  t.equal(await allocate(port, told.username, others[0]?.credential ?? ''), 401, 'of another username');
  const forged = buildTurnServer(urls, 'another secret', Date.now());
  t.equal(await allocate(port, forged.username, forged.credential), 401);
  const old = buildTurnServer(urls, secret, Date.now() - LIMITS.turnCredentialAgeMs - 60_000);
  t.equal(await allocate(port, old.username, old.credential), 401, 'an hour and a minute later');
});

t.test(
  'ports that are taken are told of in one line, the server runs, and takes them when it can',
  async (t) => {
    const holder = createServer().listen(0, '127.0.0.1');
    await once(holder, 'listening');
    const address = holder.address();
    const port = String(typeof address === 'object' ? address?.port : 0);
    const stun = createSocket('udp4').bind(0, '127.0.0.1');
    await once(stun, 'listening');
    t.teardown(() => stun.close());
    const { origin, lines } = await openServer(t, {
      ...WITH_CALLS,
      TACET_MEDIA_WORKER: await findWorker(),
      TACET_SFU_PORT: port,
      TACET_STUN_PORT: String(stun.address().port),
    });
    let servers = await askServers(origin);
    while (servers.relay === 'preparing') servers = await askServers(origin);
    t.strictSame(servers, { kind: 'call-servers', turn: [], relay: 'none' });
    const told = (name: string) => lines.filter((line) => line.includes(name));
    t.equal(told('TACET_SFU_PORT').length, 1);
    t.equal(told('TACET_STUN_PORT').length, 1);
    holder.close();
    await once(holder, 'close');
    while (servers.relay !== 'ready') {
      await new Promise((resolve) => setTimeout(resolve, 200));
      servers = await askServers(origin);
    }
    const connection = await openCalls(origin);
    t.match(await connection.ask({ kind: 'admit', ...makeRoom() }), { kind: 'admitted' });
    t.equal(told('TACET_SFU_PORT').length, 1, 'nothing is said twice');
  },
);

t.test('without a worker the server runs, and one line says why and what would change it', async (t) => {
  const { origin, lines } = await openServer(t, { ...WITH_CALLS, TACET_MEDIA_WORKER: '/no/such/worker' });
  const connection = await openCalls(origin);
  await t.rejects(untilRelayed(connection), /no media server/);
  const told = lines.filter((line) => line.includes('calls'));
  t.equal(told.length, 1);
  t.match(told[0], /group calls.*are off.*TACET_MEDIA_WORKER must be the path/);
  t.notMatch(lines.join(''), '/no/such/worker');
});
