// The socket for calls of a running server with a real worker: rooms over it, and what becomes of whoever does not keep to its rules.

import { randomBytes } from 'node:crypto';
import t, { type Test } from 'tap';
import WebSocket from 'ws';
import { LIMITS, RATES } from '@tacet/protocol/limits';
import { encodeFrame } from '@tacet/protocol/frames/frame';
import { CALLS_PATH } from '@tacet/protocol/frames/calls';
import type { SettingTexts } from '../../server/config/env.ts';
import { openCaller, openCalls, untilRelayed, type CallsConnection } from '../support/calls-client.ts';
import { WITH_CALLS } from '../support/call-settings.ts';
import { findWorker } from '../support/media-worker.ts';
import { audioOf, consumeRequest, makeRoom, produceRequest } from '../support/sfu-client.ts';
import { openTestServer } from '../support/open-test-server.ts';

t.setTimeout(300_000);
const worker = await findWorker();

async function openServer(t: Test, settings: SettingTexts = {}) {
  const server = await openTestServer({
    settings: { ...WITH_CALLS, TACET_MEDIA_WORKER: worker, ...settings },
  });
  t.teardown(async () => server[Symbol.asyncDispose]());
  const origin = server.url.replace('http', 'ws');
  const first = await openCalls(origin);
  await untilRelayed(first);
  await first.close();
  return { server, origin };
}

const bytes = (count: number) => new Uint8Array(randomBytes(count));

t.test('people meet in a room over sockets that say nothing of who they are', async (t) => {
  const { origin } = await openServer(t);
  const room = makeRoom();
  const [{ client: a, connection }, { client: b }] = [await openCaller(origin), await openCaller(origin)];
  const atA = await a.join(room, 'sealed join of a');
  const atB = await b.join(room, 'sealed join of b');
  t.match(atB.others, [{ participant: atA.participant, producers: [] }]);
  t.same((await a.next('participant-entered')).participant, atB.participant);

  await a.openTransports();
  await b.openTransports();
  const { producer } = await a.ask('produced', produceRequest('audio', audioOf(1111)));
  t.same((await b.next('producer-opened')).producer, producer);
  const consumed = await b.ask('consumed', consumeRequest(producer, atB.capabilities));
  t.match(consumed, { media: 'audio', paused: false });
  await b.ask('done', { kind: 'message', to: atA.participant, body: Uint8Array.of(7, 8, 9) });
  t.same((await a.next('message')).body, Uint8Array.of(7, 8, 9));

  // The answer that lets somebody in comes before the first event.
  const kinds = connection.replies.map((reply) => (reply.kind === 'answer' ? reply.answer.kind : reply.kind));
  t.ok(kinds.indexOf('entered') < kinds.indexOf('event'));

  b.close();
  const back = await openCaller(origin);
  t.match(await back.client.ask('resumed', { kind: 'resume', token: atB.resume }), {
    others: [{ participant: atA.participant }],
  });
  await back.client.ask('done', { kind: 'leave' });
  t.same((await a.next('participant-left')).participant, atB.participant);
});

t.test(
  'without the key, or with a token of his own making, nobody comes in, and the room goes on',
  async (t) => {
    const { origin } = await openServer(t);
    const room = makeRoom();
    const { client: a } = await openCaller(origin);
    await a.join(room);
    const { client: stranger } = await openCaller(origin);
    t.equal(await stranger.refusal({ kind: 'admit', room: room.room, key: bytes(32) }), 'call-refused');
    const enter = (token: Uint8Array) => ({ kind: 'enter', token, join: Uint8Array.of(1) });
    t.equal(await stranger.refusal(enter(bytes(32))), 'call-refused');
    t.equal(await stranger.refusal({ kind: 'resume', token: bytes(32) }), 'call-refused');
    const { token } = await stranger.ask('admitted', { kind: 'admit', ...makeRoom() });
    await stranger.ask('entered', enter(token));
    const { client: second } = await openCaller(origin);
    t.equal(await second.refusal(enter(token)), 'call-refused', 'a token lets in once');
    t.strictSame(a.events, []);
    await a.ask('done', { kind: 'message', body: Uint8Array.of(1) });
  },
);

t.test('what is wrong is refused by its number, and the socket and the room go on', async (t) => {
  const { origin } = await openServer(t);
  const room = makeRoom();
  const [{ client: a, connection }, { client: b }] = [await openCaller(origin), await openCaller(origin)];
  await b.join(room);
  await a.join(room);
  await b.next('participant-entered');
  const wild: readonly unknown[] = [
    null,
    'admit',
    {},
    { kind: 'admit' },
    { kind: 'toString' },
    { kind: 'call-servers', more: 1 },
    { kind: 'produce', media: 'audio', stream: {}, label: new Uint8Array(0) },
    { kind: 'message', body: new Uint8Array(0) },
    { kind: 'message', body: new Uint8Array(LIMITS.callMessageMaxBytes + 1) },
  ];
  for (const [index, request] of wild.entries()) {
    const re = 1000 + index;
    connection.socket.send(encodeFrame({ re, request }));
    t.match(await connection.replyTo(re), { kind: 'refused', code: 'malformed-frame' });
  }
  t.equal(await a.refusal({ kind: 'close-producer', producer: bytes(16) }), 'call-unknown');
  t.equal(await a.refusal({ kind: 'enter', token: bytes(32), join: Uint8Array.of(1) }), 'unexpected-frame');
  await a.ask('done', { kind: 'message', body: Uint8Array.of(5) });
  t.same((await b.next('message')).body, Uint8Array.of(5));
  t.strictSame(b.events, []);
});

t.test('what is no frame, too large, or said too late ends the connection and tells why', async (t) => {
  const { server, origin } = await openServer(t);
  const cases: readonly (readonly [string | Uint8Array, string, number])[] = [
    [new Uint8Array(256), 'malformed-frame', 4400],
    ['text', 'malformed-frame', 4400],
    [encodeFrame({ re: -1, request: { kind: 'leave' } }), 'malformed-frame', 4400],
    [encodeFrame({ re: 1, request: { kind: 'leave' }, token: 'x' }), 'malformed-frame', 4400],
    [encodeFrame({ re: 1, request: new Uint8Array(LIMITS.callFrameMaxBytes) }), 'too-large', 4413],
  ];
  for (const [said, code, close] of cases) {
    const connection = await openCalls(origin);
    connection.socket.send(said);
    t.equal((await connection.ended).code, close, code);
    t.match(connection.replies, [{ kind: 'refused', code }]);
  }
  const silent = await openCalls(origin);
  t.equal((await silent.ended).code, 4408);
  const foreign = new WebSocket(`${origin}${CALLS_PATH}`, { origin: 'https://elsewhere.example' });
  const refused = await new Promise<number>((resolve) =>
    foreign.once('unexpected-response', (_request, response) => resolve(response.statusCode ?? 0)),
  );
  t.equal(refused, 401, 'a page from elsewhere gets no socket');
  t.equal((await fetch(`${server.url}${CALLS_PATH}`)).status, 404, 'nor does a request that asks for none');
});

t.test('whoever asks for more rooms than an address may waits; others of the address talk on', async (t) => {
  const { origin } = await openServer(t, { TACET_RATE_FACTOR: '1' });
  const talking = await openCaller(origin);
  await talking.client.join(makeRoom());
  const connection = await openCalls(origin);
  const asked = Array.from({ length: RATES.callAdmit.burst + 20 }, async () =>
    connection.ask({ kind: 'admit', ...makeRoom() }).catch((error: unknown) => error),
  );
  const answers = await Promise.all(asked);
  const refused = answers.filter((answer) => answer instanceof Error);
  t.ok(refused.length > 0, 'some were refused');
  t.ok(refused.length < 40, 'no more than were over the rate');
  for (const refusal of refused) t.match(refusal, { code: 'rate-limited', retryAfterMs: Number });
  await talking.client.ask('done', { kind: 'message', body: Uint8Array.of(1) });
});

t.test('a flood of requests is not read further, and one that goes on is cut', async (t) => {
  const { origin } = await openServer(t, { TACET_RATE_FACTOR: '1' });
  const talking = await openCaller(origin);
  await talking.client.join(makeRoom());
  const flood = await openCalls(origin);
  const frame = encodeFrame({ re: 1, request: { kind: 'leave' } });
  let isOver = false;
  const ended = flood.ended.then(({ code }) => {
    isOver = true;
    return code;
  });
  while (!isOver) {
    for (let i = 0; i < 500 && !isOver; i++) flood.socket.send(frame);
    await new Promise((resolve) => setImmediate(resolve));
    if (flood.socket.bufferedAmount > 4_000_000) break;
  }
  const refusals = flood.replies.filter((reply) => reply.kind === 'refused' && reply.code === 'rate-limited');
  t.ok(isOver || refusals.length > 0, 'it was told');
  await talking.client.ask('done', { kind: 'message', body: Uint8Array.of(1) });
  flood.socket.terminate();
  await ended;
});

t.test('one address has so many sockets for calls, and no more', async (t) => {
  const { origin } = await openServer(t);
  const open: CallsConnection[] = [];
  for (let i = 0; i < LIMITS.callSocketsPerAddress; i++) {
    const connection = await openCalls(origin);
    await connection.ask({ kind: 'call-servers' });
    open.push(connection);
  }
  const beyond = await openCalls(origin);
  t.equal((await beyond.ended).code, 1013);
  t.match(beyond.replies, [{ kind: 'refused', code: 'overloaded' }]);
  await open.pop()?.close();
  const next = await openCalls(origin);
  t.match(await next.ask({ kind: 'call-servers' }), { kind: 'call-servers' });
});
