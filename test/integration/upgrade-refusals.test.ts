/** Upgrades: the socket paths alone take them, from this server's own pages and from programs. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import t from 'tap';
import WebSocket from 'ws';
import { CALLS_PATH } from '@tacet/protocol/frames/calls';
import { ANONYMOUS_PATH, SOCKET_PATH } from '@tacet/protocol/frames/client';
import { openTestServer, type TestServer } from '../support/open-test-server.ts';

const PATHS = [SOCKET_PATH, ANONYMOUS_PATH, CALLS_PATH];

const upgradeRequest = (path: string): string =>
  [
    `GET ${path} HTTP/1.1`,
    'host: localhost',
    'connection: Upgrade',
    'upgrade: websocket',
    'sec-websocket-version: 13',
    'sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==',
    '\r\n',
  ].join('\r\n');

async function dial({ port }: TestServer): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  return socket;
}

async function statusLine(socket: Socket): Promise<string> {
  const [chunk] = (await once(socket, 'data')) as [Buffer];
  return chunk.toString('latin1').split('\r\n')[0] ?? '';
}

t.test('a path that is no socket answers an upgrade as it answers any request, and lets go', async (t) => {
  await using server = await openTestServer();
  for (const path of ['/v1/server', '/', '/no-such.path', '/health/live', `${SOCKET_PATH}/`]) {
    const socket = await dial(server);
    socket.write(upgradeRequest(path));
    const first = await statusLine(socket);
    t.match(first, /^HTTP\/1\.1 (200|404) /, path);
    // The connection is still one that requests can be made on, so it has their time limits and their end.
    socket.write(upgradeRequest(path));
    t.equal(await statusLine(socket), first, `${path} once more`);
    socket.end();
    await once(socket, 'close');
  }
});

t.test('an upgrade that is refused is answered, and its connection ends', async (t) => {
  await using server = await openTestServer();
  for (const header of ['origin: https://elsewhere.example', 'tacet-version: 99']) {
    for (const path of PATHS) {
      const socket = await dial(server);
      socket.write(upgradeRequest(path).replace('host:', `${header}\r\nhost:`));
      t.match(await statusLine(socket), /^HTTP\/1\.1 4(01|26) /, `${path} with ${header}`);
      await once(socket, 'close');
    }
  }
});

t.test('a socket path that is asked for without an upgrade is not found, by the catalogue', async (t) => {
  await using server = await openTestServer();
  for (const path of PATHS) {
    const answer = await fetch(server.url + path);
    t.equal(answer.status, 404, path);
    t.same(await answer.json(), { code: 'not-found' });
  }
});

t.test('a socket opens to own pages and to programs, not to pages from elsewhere', async (t) => {
  await using server = await openTestServer();
  for (const path of PATHS) {
    for (const [origin, expected] of [
      [undefined, 'open'],
      [server.url, 'open'],
      ['https://elsewhere.example', 401],
      ['null', 401],
    ] as const) {
      const socket = new WebSocket(
        `ws://127.0.0.1:${String(server.port)}${path}`,
        origin === undefined ? {} : { origin },
      );
      const outcome = await new Promise((resolve) => {
        socket.once('open', () => resolve('open'));
        socket.once('unexpected-response', (_request, response) => resolve(response.statusCode));
      });
      t.equal(outcome, expected, `${path} from ${origin ?? 'a program'}`);
      socket.on('error', () => undefined);
      socket.terminate();
    }
  }
});
