// The media server as a process of its own: its link to the server, and the whole program with its settings.

import { once } from 'node:events';
import t, { type Test } from 'tap';
import { WebSocket, WebSocketServer } from 'ws';
import { LINK_PATH, LinkRequest } from '@tacet/protocol/calls/link';
import { encodeCbor, parseCbor } from '@tacet/protocol/cbor';
import { openLink } from '../../sfu/link.ts';
import { openRemoteSfu } from '../../sfu/remote.ts';
import { findLastingPort } from '../support/lasting-port.ts';
import { findWorker } from '../support/media-worker.ts';
import { openTestSfu } from '../support/open-sfu.ts';
import { makeRoom, SfuClient } from '../support/sfu-client.ts';
import { startSfu } from '../support/sfu-process.ts';

const SECRET = 'a secret of at least 32 characters'.replaceAll(' ', '-');

async function openBoth(t: Test) {
  const sfu = await openTestSfu(t);
  const link = await openLink({ sfu, secret: SECRET, host: '127.0.0.1', port: 0 });
  t.teardown(async () => link.close());
  return { sfu, link, origin: `ws://127.0.0.1:${link.port}` };
}

const connect = async (origin: string, secret = SECRET, onLost: () => void = () => undefined) =>
  openRemoteSfu({ origin, secret, onLost });

t.test('over the link a room is as in the same process', async (t) => {
  const { origin } = await openBoth(t);
  const remote = await connect(origin);
  const room = makeRoom();
  const [a, b] = [new SfuClient(remote), new SfuClient(remote)];
  const atA = await a.join(room, 'a');
  t.match(await b.join(room, 'b'), { others: [{ participant: atA.participant, producers: [] }] });
  await a.next('participant-entered');
  await b.ask('done', { kind: 'message', to: atA.participant, body: Uint8Array.of(1, 2) });
  t.same((await a.next('message')).body, Uint8Array.of(1, 2));
  await a.ask('transport', { kind: 'open-transport', direction: 'send' });
  t.equal(await a.refusal({ kind: 'nonsense' }), 'malformed-frame');
  t.equal(await a.refusal({ kind: 'close-producer', producer: new Uint8Array(16) }), 'call-unknown');
  await remote.close();
});

t.test(
  'an answer reaches who asked before the event that follows it, also when both come at once',
  async (t) => {
    const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
    await once(server, 'listening');
    t.teardown(() => server.close());
    server.on('connection', (link, { socket }) => {
      link.on('message', (data: Buffer) => {
        const frame = parseCbor(LinkRequest, data);
        if (frame.kind !== 'request') return;
        const { channel, re } = frame;
        socket.cork();
        link.send(encodeCbor({ kind: 'answer', channel, re, answer: { kind: 'done' } }));
        link.send(encodeCbor({ kind: 'event', channel, event: { kind: 'room-closed' } }));
        socket.uncork();
      });
    });
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    const remote = await connect(`ws://127.0.0.1:${port}`);
    const order: string[] = [];
    const told = Promise.withResolvers<void>();
    const channel = remote.open((event) => {
      order.push(event.kind);
      told.resolve();
    });
    order.push((await channel.request({ kind: 'leave' })).kind);
    await told.promise;
    t.strictSame(order, ['done', 'room-closed']);
    await remote.close();
  },
);

t.test('a link that is lost costs nobody the place', async (t) => {
  const { origin, link, sfu } = await openBoth(t);
  const lost = Promise.withResolvers<void>();
  const remote = await connect(origin, SECRET, () => lost.resolve());
  const a = new SfuClient(remote);
  const { participant, resume } = await a.join(makeRoom());
  const waiting = a.refusal({ kind: 'nonsense' });
  await link.close();
  await lost.promise;
  t.match(await waiting, /^(malformed-frame|calls-unavailable)$/);
  t.equal(await a.refusal({ kind: 'leave' }), 'calls-unavailable');
  const again = await openLink({ sfu, secret: SECRET, host: '127.0.0.1', port: 0 });
  t.teardown(async () => again.close());
  const back = new SfuClient(await connect(`ws://127.0.0.1:${again.port}`));
  t.match(await back.ask('resumed', { kind: 'resume', token: resume }), { others: [] });
  t.ok(participant);
});

t.test('without the secret there is no link, and what is no frame ends it', async (t) => {
  const { origin, sfu } = await openBoth(t);
  for (const secret of ['', `${SECRET}x`, SECRET.slice(1)]) {
    await t.rejects(connect(origin, secret), { code: 'calls-unavailable' });
  }
  await t.rejects(connect('ws://127.0.0.1:1'), { code: 'calls-unavailable' });
  const headers = { authorization: `Bearer ${SECRET}` };
  const other = new WebSocket(`${origin}/elsewhere`, { headers });
  await once(other, 'error');
  const frames = [
    'text',
    Buffer.from([0xff]),
    Buffer.alloc(100_000),
    encodeCbor({ kind: 'request', channel: 5, re: 1, request: 1 }),
    encodeCbor({ kind: 'open', channel: -1 }),
  ];
  for (const frame of frames) {
    const socket = new WebSocket(`${origin}${LINK_PATH}`, { headers });
    socket.on('error', () => undefined);
    await once(socket, 'open');
    socket.send(encodeCbor({ kind: 'open', channel: 1 }));
    socket.send(frame);
    await once(socket, 'close');
  }
  t.match(sfu.counts, { rooms: 0 });
  const remote = await connect(origin);
  await new SfuClient(remote).join(makeRoom());
});

t.test('the program opens, serves and ends in order', async (t) => {
  const [worker, port] = [await findWorker(), await findLastingPort()];
  const env = {
    TACET_SFU_SECRET: SECRET,
    TACET_SFU_CONTROL_PORT: '0',
    TACET_MEDIA_WORKER: worker,
    TACET_SFU_WORKERS: '1',
    TACET_SFU_LISTEN: '127.0.0.1',
    TACET_SFU_PORT: port,
    TACET_SFU_ANNOUNCED_ADDRESS: '192.0.2.7',
  };
  await using sfu = await startSfu(env);
  const { program, ended, line, lines } = sfu;
  const [, host = ''] = /open at (127\.0\.0\.1:\d+)\.$/.exec(line) ?? [];
  const a = new SfuClient(await connect(`ws://${host}`));
  await a.join(makeRoom());
  const { candidates } = await a.ask('transport', { kind: 'open-transport', direction: 'send' });
  t.same(new Set(candidates.map((at) => `${at.address}:${at.port}`)), new Set([`192.0.2.7:${port}`]));
  program.kill('SIGTERM');
  t.equal(await ended, 0);
  t.strictSame(lines.slice(1), ['The media server is closing.']);
});

t.test('a setting that cannot be used ends the start with one sentence, without its value', async (t) => {
  const bad: readonly Readonly<Record<string, string>>[] = [
    { TACET_SFU_SECRET: 'short-secret' },
    { TACET_SFU_SECRET: SECRET, TACET_SFU_PORT: 'ninety' },
    { TACET_SFU_SECRET: SECRET, TACET_SFU_WORKERS: '0' },
    { TACET_SFU_SECRET: SECRET, TACET_MEDIA_WORKER: 'nowhere-at-all' },
  ];
  for (const env of bad) {
    await using sfu = await startSfu(env);
    const { ended, lines } = sfu;
    t.ok((await ended) > 0);
    t.equal(lines.length, 1);
    const [name, value] = Object.entries(env).at(-1) ?? [];
    t.ok(lines[0]?.includes(String(name)), String(name));
    t.notOk(value === '0' ? false : lines[0]?.includes(String(value)));
  }
});
