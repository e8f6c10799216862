// Calls while what carries them fails: a worker that is killed, a media server in another process that goes and comes back.

import { execFileSync } from 'node:child_process';
import t, { type Test } from 'tap';
import { encodeFrame } from '@tacet/protocol/frames/frame';
import { LIMITS } from '@tacet/protocol/limits';
import { readServer } from '@tacet/protocol/rest/people';
import { isCallError } from '../../sfu/errors.ts';
import { openLink } from '../../sfu/link.ts';
import { openCaller, openCalls, untilRelayed } from '../support/calls-client.ts';
import { WITH_CALLS, WITHOUT_CALLS } from '../support/call-settings.ts';
import { findWorker } from '../support/media-worker.ts';
import { openTestSfu } from '../support/open-sfu.ts';
import { makeRoom, type SfuClient, type TestRoom } from '../support/sfu-client.ts';
import { mustCall } from '../support/rest-client.ts';
import { openTestServer } from '../support/open-test-server.ts';

t.setTimeout(300_000);

const SECRET = 'shared-by-both-and-nobody-else-at-all';

async function openServer(t: Test, settings: Parameters<typeof openTestServer>[0]) {
  const server = await openTestServer(settings);
  t.teardown(async () => server[Symbol.asyncDispose]());
  return server.url.replace('http', 'ws');
}

async function whenRelayed(origin: string): Promise<void> {
  const connection = await openCalls(origin);
  await untilRelayed(connection);
  await connection.close();
}

/** The workers that this process has started. */
function workerPids(): readonly number[] {
  const lines = execFileSync('ps', ['-o', 'pid=,args=', '--ppid', String(process.pid)], { encoding: 'utf8' });
  return lines
    .split('\n')
    .filter((line) => line.includes('mediasoup-worker'))
    .map((line) => Number.parseInt(line, 10));
}

/** Enters again as a client does: until there is somewhere to enter. */
async function enterAgain(client: SfuClient, room: TestRoom): Promise<void> {
  for (;;) {
    try {
      await client.join(room);
      return;
    } catch (error) {
      if (!isCallError(error, 'calls-unavailable')) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

t.test(
  'who was in a call whose worker is killed is told, and enters again over the same socket',
  async (t) => {
    const origin = await openServer(t, {
      settings: { ...WITH_CALLS, TACET_MEDIA_WORKER: await findWorker() },
    });
    await whenRelayed(origin);
    const room = makeRoom();
    const [{ client: a }, { client: b }] = [await openCaller(origin), await openCaller(origin)];
    await a.join(room);
    await b.join(room);
    await a.openTransports();
    const [pid = 0, ...others] = workerPids();
    t.strictSame(others, [], 'one worker, as set');
    process.kill(pid, 'SIGKILL');
    await Promise.all([a.next('worker-lost'), b.next('worker-lost')]);
    t.equal(await a.refusal({ kind: 'open-transport', direction: 'send' }), 'unexpected-frame');
    await enterAgain(a, room);
    await enterAgain(b, room);
    await a.next('participant-entered');
    await a.openTransports();
    t.not(workerPids()[0], pid);
    t.equal(workerPids().length, 1, 'it was replaced');
  },
);

async function openRemote(t: Test) {
  const sfu = await openTestSfu(t);
  const link = await openLink({ sfu, secret: SECRET, host: '127.0.0.1', port: 0 });
  const origin = await openServer(t, {
    settings: {
      ...WITHOUT_CALLS,
      TACET_SFU_URL: `ws://127.0.0.1:${link.port}`,
      TACET_SFU_SECRET: SECRET,
    },
  });
  await whenRelayed(origin);
  return { sfu, link, origin };
}

t.test('a media server in another process carries calls as the own one does', async (t) => {
  const { link, origin } = await openRemote(t);
  t.teardown(async () => link.close());
  const room = makeRoom();
  const [{ client: a, connection }, { client: b }] = [await openCaller(origin), await openCaller(origin)];
  const { participant } = await a.join(room);
  await b.join(room);
  await a.next('participant-entered');
  await b.ask('done', { kind: 'message', to: participant, body: Uint8Array.of(3) });
  t.same((await a.next('message')).body, Uint8Array.of(3));
  t.equal(await a.refusal({ kind: 'close-producer', producer: participant }), 'call-unknown');
  const kinds = connection.replies.map((reply) => (reply.kind === 'answer' ? reply.answer.kind : reply.kind));
  t.ok(kinds.indexOf('entered') < kinds.indexOf('event'), 'events come after the answer that lets in');
});

t.test('no request of one client ends the link that carries all of them', async (t) => {
  const { link, origin } = await openRemote(t);
  t.teardown(async () => link.close());
  const [{ client: a }, wild] = [await openCaller(origin), await openCalls(origin)];
  await a.join(makeRoom());
  const frames = [
    // The largest there is.
    encodeFrame({ re: 1, request: { kind: 'message', body: new Uint8Array(LIMITS.callFrameMaxBytes - 60) } }),
    // Text that is none, which grows threefold when it is written again.
    asText(encodeFrame({ re: 2, request: { kind: 'x', text: new Uint8Array(32_000).fill(0xff) } })),
    asText(
      encodeFrame({
        re: 3,
        request: {
          kind: 'consume',
          producer: new Uint8Array(16),
          capabilities: { codecs: Array.from({ length: 32 }, codec), headerExtensions: [] },
        },
      }),
    ),
    encodeFrame({ re: 4, request: nested(12) }),
  ];
  for (const [index, frame] of frames.entries()) {
    t.ok(frame.length <= LIMITS.callFrameMaxBytes);
    wild.socket.send(frame);
    t.match(await wild.replyTo(index + 1), { kind: 'refused' });
  }
  await a.ask('done', { kind: 'message', body: Uint8Array.of(1) });
});

/** The parameters of a codec as large as may be, as byte strings that `asText` makes texts. */
function codec() {
  const parameters = Object.fromEntries(
    Array.from({ length: 9 }, (_, i) => [`p${i}`, new Uint8Array(99).fill(0xff)]),
  );
  return { kind: 'audio', mimeType: 'audio/opus', preferredPayloadType: 1, clockRate: 1, parameters };
}

/** The same bytes with long byte strings as text strings: the major types 2 and 3 of CBOR differ in one bit. */
function asText(frame: Uint8Array): Uint8Array {
  const text = Uint8Array.from(frame);
  for (let at = 4; at < text.length - 2; at++) {
    const [head, size, next] = [text[at] ?? 0, text[at + 1] ?? 0, text[at + 2] ?? 0];
    if (head === 0x58 && size === 99 && next === 0xff) text[at] = 0x78;
    if (head === 0x59 && text[at + 3] === 0xff) text[at] = 0x79;
  }
  return text;
}

function nested(depth: number): unknown {
  return depth === 0 ? 1 : { kind: 'admit', more: [nested(depth - 1)] };
}

t.test(
  'a link that is lost ends the sockets that it carried; who comes back has kept the place',
  async (t) => {
    const { sfu, link, origin } = await openRemote(t);
    const { client: a, connection } = await openCaller(origin);
    const room = makeRoom();
    const { participant, resume } = await a.join(room);
    const asking = await openCalls(origin);
    t.match(await asking.ask({ kind: 'call-servers' }), { relay: 'ready' });
    const { port } = link;
    await link.close();
    t.equal((await connection.ended).code, 1013);
    t.match(connection.replies.at(-1), { kind: 'refused', code: 'calls-unavailable' });
    const { relay } = await mustCall(origin.replace('ws', 'http'), readServer);
    t.equal(relay, 'unreachable', 'before it was tried again');
    t.match(await asking.ask({ kind: 'call-servers' }), { relay: 'preparing' });
    await t.rejects(asking.ask({ kind: 'admit', ...makeRoom() }), { code: 'calls-unavailable' });
    const again = await openLink({ sfu, secret: SECRET, host: '127.0.0.1', port });
    t.teardown(async () => again.close());
    await untilRelayed(asking);
    const back = await openCaller(origin);
    await back.client.ask('resumed', { kind: 'resume', token: resume });
    t.equal(sfu.counts.participants, 1);
    const { client: b } = await openCaller(origin);
    const { others } = await b.join(room);
    t.same(
      others.map((other) => other.participant),
      [participant],
      'whoever enters finds the same',
    );
  },
);
