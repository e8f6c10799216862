// What a running server offers calls beside rooms: its own STUN, credentials for a TURN server, and the state of the media server, which
// it says truly and which never keeps it from running.

import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { CallServers } from '@tacet/protocol/frames/calls';
import { LIMITS } from '@tacet/protocol/limits';
import { readServer } from '@tacet/protocol/rest/people';
import { buildTurnServer } from '../../server/calls/turn.ts';
import type { SettingTexts } from '../../server/config/env.ts';
import { openCalls, untilRelayed } from '../support/calls-client.ts';
import { openCoturn } from '../support/coturn.ts';
import { WITH_CALLS, WITHOUT_CALLS } from '../support/call-settings.ts';
import { findWorker } from '../support/media-worker.ts';
import { makeRoom } from '../support/sfu-client.ts';
import { openTestServer } from '../support/open-test-server.ts';
import { recordLog } from '../support/recorded-log.ts';
import { mustCall } from '../support/rest-client.ts';
import { allocate } from '../support/turn-client.ts';

t.setTimeout(300_000);

async function openServer(t: Test, settings: SettingTexts) {
  const log = recordLog('info');
  const server = await openTestServer({ settings, overrides: { logger: log.logger } });
  t.teardown(async () => server[Symbol.asyncDispose]());
  return {
    server,
    lines: log.lines,
    origin: server.url.replace('http', 'ws'),
    /** As people are told of it in the settings. */
    relay: async () => (await mustCall(server.url, readServer)).relay,
  };
}

async function askServers(origin: string): Promise<CallServers> {
  const connection = await openCalls(origin);
  const answer = await connection.ask({ kind: 'call-servers' });
  await connection.close();
  if (answer.kind !== 'call-servers') throw new TypeError(`answered with ${answer.kind}`);
  return answer;
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
  const { origin, relay } = await openServer(t, WITHOUT_CALLS);
  t.equal(await relay(), 'off');
  t.strictSame(await askServers(origin), { kind: 'call-servers', turn: [], relay: 'none' });
  const connection = await openCalls(origin);
  await t.rejects(connection.ask({ kind: 'admit', ...makeRoom() }), { code: 'calls-unavailable' });
  t.match(await connection.ask({ kind: 'call-servers' }), { relay: 'none' }, 'the socket goes on');
});

t.test('coturn lets in whoever has the credentials that were told, until they run out', async (t) => {
  await using coturn = await openCoturn();
  const { port, secret } = coturn;
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
    const { origin, lines, relay } = await openServer(t, {
      ...WITH_CALLS,
      TACET_MEDIA_WORKER: await findWorker(),
      TACET_SFU_PORT: port,
      TACET_STUN_PORT: String(stun.address().port),
    });
    let servers = await askServers(origin);
    while (servers.relay === 'preparing') servers = await askServers(origin);
    t.strictSame(servers, { kind: 'call-servers', turn: [], relay: 'none' });
    t.equal(await relay(), 'no-ports');
    const told = (name: string) => lines.filter((line) => line.includes(name));
    t.equal(told('TACET_SFU_PORT').length, 1);
    t.equal(told('TACET_STUN_PORT').length, 1);
    holder.close();
    await once(holder, 'close');
    while (servers.relay !== 'ready') {
      await new Promise((resolve) => setTimeout(resolve, 200));
      servers = await askServers(origin);
    }
    t.equal(await relay(), 'ready');
    const connection = await openCalls(origin);
    t.match(await connection.ask({ kind: 'admit', ...makeRoom() }), { kind: 'admitted' });
    t.equal(told('TACET_SFU_PORT').length, 1, 'nothing is said twice');
  },
);

/** Waits until it has failed, and holds what is told of it. */
async function expectFailed(t: Test, { origin, lines, relay }: Awaited<ReturnType<typeof openServer>>) {
  while ((await relay()) === 'preparing') await new Promise((resolve) => setTimeout(resolve, 50));
  t.equal(await relay(), 'failed');
  t.match(await askServers(origin), { relay: 'none' });
  t.equal(lines.filter((line) => line.includes('the media server did not start')).length, 1);
  t.notMatch(lines.join(''), 'TACET_SFU_PORT');
}

t.test('a media server that does not start for its address is not said to lack ports', async (t) => {
  const server = await openServer(t, {
    ...WITH_CALLS,
    TACET_MEDIA_WORKER: await findWorker(),
    TACET_SFU_LISTEN: '203.0.113.4',
  });
  await expectFailed(t, server);
});

t.test('a media server whose worker ends at once is tried again, without a restart', async (t) => {
  const path = join(t.testdir({}), 'worker');
  // What the worker ends with where nobody speaks to it.
  await writeFile(path, '#!/bin/sh\nexit 41\n', { mode: 0o755 });
  const server = await openServer(t, { ...WITH_CALLS, TACET_MEDIA_WORKER: path });
  await expectFailed(t, server);
  await writeFile(path, `#!/bin/sh\nexec '${await findWorker()}' "$@"\n`);
  while ((await server.relay()) !== 'ready') await new Promise((resolve) => setTimeout(resolve, 200));
  t.match(await (await openCalls(server.origin)).ask({ kind: 'admit', ...makeRoom() }), { kind: 'admitted' });
});

t.test('without a worker the server runs, and one line says why and what would change it', async (t) => {
  const { origin, lines, relay } = await openServer(t, {
    ...WITH_CALLS,
    TACET_MEDIA_WORKER: '/no/such/worker',
  });
  const connection = await openCalls(origin);
  await t.rejects(untilRelayed(connection), /no media server/);
  const told = lines.filter((line) => line.includes('calls'));
  t.equal(await relay(), 'no-worker');
  t.equal(told.length, 1);
  t.match(told[0], /group calls.*are off.*TACET_MEDIA_WORKER must be the path/);
  t.notMatch(lines.join(''), '/no/such/worker');
});

t.test('a media server apart that does not answer is said to be out of reach', async (t) => {
  const other = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1');
  await once(other, 'listening');
  t.teardown(() => other.close());
  const address = other.address();
  const port = typeof address === 'object' ? address?.port : 0;
  const { lines, relay } = await openServer(t, {
    ...WITHOUT_CALLS,
    TACET_SFU_URL: `ws://127.0.0.1:${port}`,
    TACET_SFU_SECRET: 'a-secret-of-both-processes-and-nobody-else',
  });
  const reached = async (state: string): Promise<void> => {
    while ((await relay()) !== state) await new Promise((resolve) => setTimeout(resolve, 50));
  };
  await reached('unreachable');
  t.equal(lines.filter((line) => line.includes('TACET_SFU_URL')).length, 1, 'and once in the log');
});
