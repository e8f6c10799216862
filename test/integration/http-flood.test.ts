/**
 * Somebody who asks for more than he may over HTTP, as an account, over one connection or from an address: he is refused by the catalogue, then
 * held and cut, what he sends besides is not read and not remembered, and others are answered. How much slower is for `bench flood`.
 */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { setImmediate } from 'node:timers/promises';
import { runInNewContext } from 'node:vm';
import t, { type Test } from 'tap';
import { ANONYMOUS_PATH } from '@tacet/protocol/frames/client';
import { ERRORS } from '@tacet/protocol/errors';
import { encodeFrame } from '@tacet/protocol/frames/frame';
import { LIMITS, RATES } from '@tacet/protocol/limits';
import { lookup } from '@tacet/protocol/rest/people';
import { TRANSPORT_VERSION } from '@tacet/protocol/version';
import { MemoryLimits } from '../../server/limits/memory.ts';
import { makeAccount, makeUsername } from '../support/make-account.ts';
import { openTestServer, type TestServerOptions } from '../support/open-test-server.ts';
import { openRaw, rawRequest, type RawConnection } from '../support/raw-http.ts';
import { recordLog } from '../support/recorded-log.ts';
import { callRoute } from '../support/rest-client.ts';

t.setTimeout(240_000);

/** Time stands still: no bucket drains, however slow the machine is. */
const clock = { now: () => 1_795_000_000_000 };
const ABUSER = '127.0.0.2';
const HONEST = '127.0.0.3';
const READ = rawRequest('GET', '/v1/server');
const UPGRADE = rawRequest('GET', ANONYMOUS_PATH, [
  'connection: Upgrade',
  'upgrade: websocket',
  'sec-websocket-version: 13',
  'sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==',
]);

/** Frames of a WebSocket (RFC 6455 section 5.2), masked with zeros. The one without bytes is no frame of ours. */
const PING = Buffer.from([0x89, 0x80, 0, 0, 0, 0]);
const NO_FRAME = Buffer.from([0x82, 0x80, 0, 0, 0, 0]);
const CLOSE = Buffer.from([0x88, 0x80, 0, 0, 0, 0]);

const openLimited = (options: TestServerOptions = {}) =>
  openTestServer({
    ...options,
    settings: { TACET_RATE_FACTOR: '1', ...options.settings },
    overrides: { clock, ...options.overrides },
  });

/** Bytes in use when everything that is unreachable has gone. */
function heapBytes(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  return process.memoryUsage().heapUsed;
}

/** Asks, and is held for a while and then cut, without an answer. */
async function asksInVain(t: Test, port: number, from: string, title: string): Promise<void> {
  const since = performance.now();
  const connection = await openRaw(port, from);
  connection.socket.write(READ);
  await connection.until((text) => text.includes('}'));
  t.same([connection.statuses(), connection.isOver()], [[], true], title);
  // A timer may end within the millisecond before.
  t.ok(performance.now() - since >= LIMITS.heldMs - 1, 'which takes him time');
  connection.socket.destroy();
}

async function isAnswered(t: Test, port: number, title: string): Promise<void> {
  const connection = await openRaw(port, HONEST);
  connection.socket.write(READ);
  await connection.until((text) => text.includes('}'));
  t.same(connection.statuses(), [200], title);
  connection.socket.destroy();
}

t.test('requests sent ahead of their answers are answered in order, whatever the pieces', async (t) => {
  await using server = await openTestServer();
  const body = `{"username":"${'a'.repeat(1_100)}\\r\\n\\r\\n"}`;
  const all = [
    READ,
    rawRequest('POST', '/v1/sessions', [], body),
    '\r\n',
    rawRequest('POST', '/v1/challenges'),
    rawRequest('POST', '/v1/sessions', ['transfer-encoding: chunked'], undefined).trimEnd(),
    '\r\ncontent-type: application/json\r\n\r\n3\r\n{\r\n\r\n1\r\n}\r\n0\r\n\r\n',
    rawRequest('GET', '/v1/nothing'),
    READ,
  ].join('');
  const expected = [200, 400, 200, 400, 404, 200];
  for (const piece of [1, 7, 64, 1_000, all.length]) {
    const connection = await openRaw(server.port);
    connection.socket.setNoDelay(true);
    for (let at = 0; at < all.length; at += piece) {
      connection.socket.write(all.slice(at, at + piece));
      await setImmediate();
    }
    await connection.until(() => connection.statuses().length === expected.length);
    t.same(connection.statuses(), expected, `in pieces of ${String(piece)}`);
    connection.socket.destroy();
  }
});

t.test('frames sent with the request for a socket, after another request, reach the socket', async (t) => {
  await using server = await openTestServer();
  const frame = Buffer.from(encodeFrame({ kind: 'hello', version: TRANSPORT_VERSION }));
  const head = Buffer.alloc(8);
  head.writeUInt16BE(0x82fe, 0);
  head.writeUInt16BE(frame.length, 2);
  const connection = await openRaw(server.port);
  connection.socket.write(Buffer.concat([Buffer.from(READ + UPGRADE), head, frame]));
  await connection.until((text) => text.includes('welcome-anonymous'));
  t.same(connection.statuses(), [200, 101]);
  connection.socket.destroy();
});

t.test('what is poured over one connection is not read on, and costs no memory', async (t) => {
  await using server = await openLimited();
  await isAnswered(t, server.port, 'somebody else is answered before');
  const abuser = await openRaw(server.port, ABUSER);
  const before = heapBytes();
  const lot = READ.repeat(1_000);
  const most = 5_000;
  let poured = 0;
  for (; poured < most && abuser.socket.writableLength < LIMITS.socketBufferedBytes; poured++) {
    abuser.socket.write(lot);
    await setImmediate();
  }
  await abuser.until(() => abuser.statuses().includes(429));
  t.ok(poured < most, `after ${String(poured)} thousand requests the server reads no more`);
  for (let i = 0; i < 5; i++) await isAnswered(t, server.port, 'somebody else is answered meanwhile');
  t.notOk(abuser.isOver(), 'he is told and kept waiting');
  t.same(abuser.statuses().slice(0, RATES.public.burst), Array(RATES.public.burst).fill(200));
  t.match(abuser.text(), /HTTP\/1\.1 429 [^]*"code":"rate-limited","retryAfterMs":\d+/);
  // What he has written and nobody has read is his own.
  const ownBytes = abuser.socket.writableLength + abuser.text().length * 2;
  abuser.socket.destroy();
  t.ok(heapBytes() - before < ownBytes + 16 * 2 ** 20);
});

t.test('an account over its limit is refused over however many connections, others are not', async (t) => {
  await using server = await openLimited();
  const [mallory, alice] = [await makeAccount(server), await makeAccount(server)];
  const [token = '', honest = ''] = [mallory, alice].map(({ devices }) => devices[0]?.token);
  const body = JSON.stringify({ username: makeUsername() });
  const request = rawRequest('POST', '/v1/lookups', [`authorization: Bearer ${token}`], body);
  const connections = await Promise.all(Array.from({ length: 20 }, () => openRaw(server.port, ABUSER)));
  for (const { socket } of connections) socket.write(request.repeat(3));
  await Promise.all(connections.map((one) => one.until(() => one.statuses().length === 3)));
  const statuses = connections.flatMap((one) => one.statuses());
  t.equal(statuses.filter((status) => status !== 429).length, RATES.lookup.burst);
  t.equal(statuses.length, 60, 'each refusal is told');
  for (const { socket } of connections) socket.destroy();
  const found = await callRoute(server.url, lookup, { token: honest, body: { username: mallory.username } });
  t.equal(found.status, 200);
});

t.test('an address that is refused too often is cut, others are served', async (t) => {
  const { lines, logger } = recordLog('info');
  await using server = await openLimited({
    // A tenth of every limit.
    settings: { TACET_RATE_FACTOR: '0.1' },
    overrides: { logger },
  });
  const [told, answered] = [RATES.refusal.burst / 10, RATES.public.burst / 10];
  const connections = await Promise.all(
    Array.from({ length: told + answered + 20 }, () => openRaw(server.port, ABUSER)),
  );
  for (const { socket } of connections) socket.write(READ);
  await Promise.all(connections.map((one) => one.until((text) => text.includes('}'))));
  const count = (status: number): number =>
    connections.filter((one) => one.statuses().includes(status)).length;
  t.equal(count(200), answered);
  t.equal(count(429), told);
  const cut = connections.filter((one) => one.isOver());
  t.equal(cut.length, 20, 'the others are cut');
  t.ok(
    cut.every((one) => one.text() === ''),
    'without an answer',
  );
  await asksInVain(t, server.port, ABUSER, 'and so is the next one');
  await isAnswered(t, server.port, 'somebody else is answered');
  t.same(lines, [], 'no line was logged');
});

t.test('every request counts against its address, whatever it asks for', async (t) => {
  const burst = RATES.request.burst / 100;
  const client = t.testdir({ 'index.html': '<!doctype html><title>Tacet</title>' });
  for (const [title, request] of [
    ['a path that is none', rawRequest('GET', '/%zz')],
    ['another version', rawRequest('GET', '/v1/server', ['tacet-version: 99'])],
    ['a page', rawRequest('GET', '/')],
    ['health', rawRequest('GET', '/health/live')],
  ] as const) {
    await using server = await openLimited({
      settings: { TACET_CLIENT_DIR: client },
      overrides: { limits: new MemoryLimits(clock, 0.01) },
    });
    const connection = await openRaw(server.port, ABUSER);
    connection.socket.write(request.repeat(burst + 1));
    await connection.until((text) => text.includes(' 429 '));
    t.equal(connection.statuses().indexOf(429), burst, title);
    connection.socket.destroy();
    await isAnswered(t, server.port, 'somebody else is answered');
  }
});

t.test('a body counts by its size, and one that is refused is not waited for', async (t) => {
  await using server = await openLimited({ settings: { TACET_RATE_FACTOR: '0.1' } });
  const burst = RATES.request.burst / 10;
  const body = 'x'.repeat((LIMITS.bodyMaxBytes / 4) * 3);
  const cost = 1 + body.length / LIMITS.countedRequestBytes;
  const statuses: number[] = [];
  while (!statuses.includes(429)) {
    const connection = await openRaw(server.port, ABUSER);
    // The last of it never comes.
    connection.socket.write(rawRequest('POST', '/v1/challenges', [], body).slice(0, -1));
    connection.socket.write('x');
    await connection.until((text) => text.includes('}'));
    statuses.push(...connection.statuses());
    connection.socket.destroy();
  }
  t.equal(statuses.length, Math.floor(burst / cost) + 1, 'how many such bodies an address may send');
  const waiting = await openRaw(server.port, ABUSER);
  waiting.socket.write(rawRequest('POST', '/v1/challenges', [], body).slice(0, -1));
  await waiting.until(() => false);
  t.same(waiting.statuses(), [429], 'answered and closed');
  await isAnswered(t, server.port, 'somebody else is answered');
});

/** Gives the server's end of a connection, once it has come. */
function watchConnections(t: Test): (connection: RawConnection) => Promise<Socket> {
  const came = new Map<number | undefined, Socket>();
  const note = (message: unknown): void => {
    const { socket } = message as { socket: Socket };
    came.set(socket.remotePort, socket);
  };
  subscribe('net.server.socket', note);
  t.teardown(() => unsubscribe('net.server.socket', note));
  return async ({ socket: { localPort } }) => {
    for (;;) {
      const socket = came.get(localPort);
      if (socket !== undefined) return socket;
      await setImmediate();
    }
  };
}

t.test('a long body that is refused is not read', async (t) => {
  const otherEnd = watchConnections(t);
  // The first one is more than an address may send at once, and is taken because nothing was sent before.
  await using server = await openLimited({ overrides: { limits: new MemoryLimits(clock, 0.01) } });
  const body = 'x'.repeat(LIMITS.recordMaxBytes);
  for (const [status, isRead] of [
    [401, true],
    [429, false],
  ] as const) {
    const connection = await openRaw(server.port, ABUSER);
    const socket = await otherEnd(connection);
    connection.socket.write(rawRequest('PUT', '/v1/account/record', [], body));
    await connection.until((text) => text.includes('}'));
    t.same(connection.statuses(), [status]);
    if (!isRead) {
      if (!socket.destroyed) await once(socket, 'close');
      t.ok(socket.bytesRead < body.length / 2, `${String(socket.bytesRead)} bytes were read`);
    }
    connection.socket.destroy();
  }
  await isAnswered(t, server.port, 'somebody else is answered');
});

t.test('connections that one address opens are counted, whatever it asks for over them', async (t) => {
  await using server = await openLimited({ overrides: { limits: new MemoryLimits(clock, 0.01) } });
  const burst = RATES.connection.burst / 100;
  for (let i = 0; i < burst; i++) {
    const connection = await openRaw(server.port, ABUSER);
    // Not even HTTP.
    connection.socket.write('?\r\n\r\n');
    await connection.until((text) => text.includes('}'));
    t.same(connection.statuses(), [400]);
    connection.socket.destroy();
  }
  await asksInVain(t, server.port, ABUSER, 'one more is not answered');
  await isAnswered(t, server.port, 'somebody else is answered');
});

t.test('connections of one address are bounded, those of others stay open to them', async (t) => {
  await using server = await openLimited();
  const open = (): Promise<RawConnection[]> =>
    Promise.all(Array.from({ length: LIMITS.connectionsPerAddress }, () => openRaw(server.port, ABUSER)));
  const mine = await open();
  await asksInVain(t, server.port, ABUSER, 'one more is held');
  await isAnswered(t, server.port, 'somebody else is answered');
  t.notOk(mine.some((one) => one.isOver()));
  const gone = Promise.all(mine.map((one) => one.until(() => false)));
  for (const { socket } of mine) socket.end();
  await gone;
  const again = await openRaw(server.port, ABUSER);
  again.socket.write(READ);
  await again.until((text) => text.includes('}'));
  t.same(again.statuses(), [200], 'when they have gone there is room');
  again.socket.destroy();
});

t.test(
  'sockets that one address opens are counted, and one that had to be closed counts as many',
  async (t) => {
    await using server = await openLimited({ overrides: { limits: new MemoryLimits(clock, 0.01) } });
    const open = async (from: string): Promise<RawConnection> => {
      const connection = await openRaw(server.port, from);
      connection.socket.write(UPGRADE);
      await connection.until((text) => text.includes('\r\n\r\n'));
      return connection;
    };
    const refused = '127.0.0.4';
    const burst = RATES.socket.burst / 100;
    for (let i = 0; i < burst; i++) t.same((await open(refused)).statuses(), [101]);
    t.same((await open(refused)).statuses(), [429]);
    // One that asks too often counts as 20, one that is wrong as 5: of those the second leaves nothing.
    for (const [from, sent, times, code, sockets] of [
      [ABUSER, PING, RATES.control.burst + 1, 'rate-limited', 1],
      ['127.0.0.5', NO_FRAME, 1, 'malformed-frame', 2],
    ] as const) {
      for (let n = 0; n < sockets; n++) {
        const abuser = await open(from);
        for (let i = 0; i < times; i++) abuser.socket.write(sent);
        await abuser.until((text) => text.includes(code));
      }
      t.same((await open(from)).statuses(), [429], 'he gets no other');
    }
    t.same((await open(HONEST)).statuses(), [101], 'somebody else does');
  },
);

t.test('what is poured into a socket that is over is not read', async (t) => {
  const otherEnd = watchConnections(t);
  await using server = await openLimited();
  for (const [why, first] of [
    ['it closes itself', CLOSE],
    ['it sent what is no frame', NO_FRAME],
    ['it asked too often', Buffer.concat(Array.from({ length: RATES.control.burst + 1 }, () => PING))],
  ] as const) {
    const connection = await openRaw(server.port, ABUSER);
    const socket = await otherEnd(connection);
    connection.socket.write(UPGRADE);
    await connection.until((text) => text.includes('\r\n\r\n'));
    connection.socket.write(first);
    const more = Buffer.concat(Array.from({ length: 20_000 }, () => PING));
    for (let i = 0; i < 200; i++) connection.socket.write(more);
    if (!socket.destroyed) await once(socket, 'close');
    t.ok(socket.bytesRead < 2 ** 20, `${why}: ${String(socket.bytesRead)} bytes were read`);
    connection.socket.destroy();
  }
  await isAnswered(t, server.port, 'somebody else is answered');
});

t.test('a message in more than 512 pieces ends its socket', async (t) => {
  await using server = await openLimited();
  // The close codes of RFC 6455 section 7.4.1 for what breaks a rule, and of the catalogue for what is no frame.
  for (const [pieces, code] of [
    [513, 1008],
    [512, ERRORS['malformed-frame'].close],
  ] as const) {
    const connection = await openRaw(server.port, ABUSER);
    connection.socket.write(UPGRADE);
    await connection.until((text) => text.includes('\r\n\r\n'));
    const first = Buffer.from([0x02, 0x80, 0, 0, 0, 0]);
    const middle = Array.from({ length: pieces - 2 }, () => Buffer.from([0x00, 0x80, 0, 0, 0, 0]));
    connection.socket.write(Buffer.concat([first, ...middle, Buffer.from([0x80, 0x80, 0, 0, 0, 0])]));
    await connection.until(() => false);
    const close = Buffer.from(connection.text(), 'latin1').lastIndexOf(0x88);
    t.equal(
      Buffer.from(connection.text(), 'latin1').readUInt16BE(close + 2),
      code,
      `${String(pieces)} pieces`,
    );
  }
});

t.test(
  'of those who are told no more some are held, and what they open besides is cut at once',
  async (t) => {
    await using server = await openLimited({
      settings: { TACET_RATE_FACTOR: '0.1', TACET_TRUST_PROXY: 'loopback' },
    });
    const ask = async (): Promise<{ readonly tookMs: number; readonly isTold: boolean }> => {
      const connection = await openRaw(server.port, ABUSER);
      const since = performance.now();
      connection.socket.write(READ);
      await connection.until((text) => text.includes('}'));
      const [tookMs, isTold] = [performance.now() - since, connection.text() !== ''];
      connection.socket.destroy();
      return { tookMs, isTold };
    };
    const askAll = (times: number) => Promise.all(Array.from({ length: times }, ask));
    await askAll((RATES.refusal.burst + RATES.public.burst) / 10);
    let [held, cut] = [0, 0];
    // A machine that is slow enough lets the first go before the last have asked.
    for (let round = 0; round < 10 && cut === 0; round += 1) {
      const asked = await askAll(2 * LIMITS.heldPerAddress);
      t.notOk(asked.some(({ isTold }) => isTold));
      cut = asked.filter(({ tookMs }) => tookMs < LIMITS.heldMs - 1).length;
      held = asked.length - cut;
    }
    t.ok(cut > 0 && held >= LIMITS.heldPerAddress, `${String(cut)} were cut, ${String(held)} held`);
  },
);

t.test('behind a proxy its connections are everybody’s, and addresses are those that it names', async (t) => {
  await using server = await openLimited({
    settings: { TACET_RATE_FACTOR: '0.1', TACET_TRUST_PROXY: 'loopback' },
  });
  const count = LIMITS.connectionsPerAddress + 1;
  const connections = await Promise.all(Array.from({ length: count }, () => openRaw(server.port, ABUSER)));
  const ask = (from: string): string => rawRequest('GET', '/v1/server', [`x-forwarded-for: ${from}`]);
  for (const { socket } of connections) socket.write(ask('192.0.2.1'));
  await Promise.all(connections.map((one) => one.until((text) => text.includes('}'))));
  const honest = await openRaw(server.port, ABUSER);
  honest.socket.write(ask('192.0.2.2'));
  await honest.until((text) => text.includes('}'));
  t.same(honest.statuses(), [200]);
  t.ok(
    connections.some((one) => one.isOver()),
    'who asks too often through it is cut',
  );
  honest.socket.destroy();
  for (const { socket } of connections) socket.destroy();
});
