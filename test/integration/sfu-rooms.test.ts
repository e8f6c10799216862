// Rooms of the media server, with its real workers: who gets in, who is told what, what limits hold, and what is left at the end.

import { randomBytes } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import t from 'tap';
import { LIMITS, RATES } from '@tacet/protocol/limits';
import type { SfuLine } from '@tacet/sfu';
import { ManualClock } from '../support/manual-clock.ts';
import { DirectMedia, FINGERPRINT, openTestSfu } from '../support/open-sfu.ts';
import {
  audioOf,
  consumeRequest,
  makeRoom,
  produceRequest,
  SfuClient,
  videoOf,
} from '../support/sfu-client.ts';

const join = new Uint8Array(100).fill(1);
const NOTHING = { rooms: 0, passes: 0, resumes: 0, participants: 0 };
/** Held back events come in a later turn of the event loop. */
const turn = async () => new Promise((resolve) => setImmediate(resolve));

/** Waits until it holds, for as long as a test may run. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await wait(50);
}

t.test('a join token is used once, in its time, in its room', async (t) => {
  const clock = new ManualClock();
  const sfu = await openTestSfu(t, { clock });
  const a = new SfuClient(sfu);
  const room = makeRoom();
  const admit = { kind: 'admit', ...room };
  const { token } = await a.ask('admitted', admit);
  const enter = { kind: 'enter', token, join };
  t.match(await a.ask('entered', enter), { others: [] });
  const b = new SfuClient(sfu);
  t.equal(await b.refusal(enter), 'call-refused', 'used');
  t.equal(await b.refusal({ ...enter, token: randomBytes(32) }), 'call-refused', 'unknown');
  t.equal(await b.refusal({ ...admit, key: randomBytes(32) }), 'call-refused', 'another key');
  const late = await b.ask('admitted', admit);
  clock.advance(LIMITS.callTokenAgeMs + 1);
  t.equal(await b.refusal({ ...enter, token: late.token }), 'call-refused', 'expired');
  const other = await b.ask('admitted', { kind: 'admit', ...makeRoom() });
  t.match(await b.ask('entered', { ...enter, token: other.token }), { others: [] }, 'into its own room only');
  const good = await new SfuClient(sfu).ask('admitted', admit);
  const c = new SfuClient(sfu);
  const { others } = await c.ask('entered', { ...enter, token: good.token });
  t.same(
    others.map(({ join: told }) => told),
    [join],
  );
  t.match(await a.next('participant-entered'), { join });
});

t.test('a room that nobody is in is forgotten, with its key', async (t) => {
  const clock = new ManualClock();
  const sfu = await openTestSfu(t, { clock });
  const a = new SfuClient(sfu);
  const { room, key } = makeRoom();
  const { token } = await a.ask('admitted', { kind: 'admit', room, key });
  clock.advance(LIMITS.callEmptyMs - 1);
  t.equal(sfu.counts.rooms, 1);
  clock.advance(2);
  t.match(sfu.counts, NOTHING);
  t.equal(await a.refusal({ kind: 'enter', token, join }), 'call-refused');
  await a.join({ room, key: new Uint8Array(32) });
  clock.advance(LIMITS.callEmptyMs * 2);
  t.equal(sfu.counts.rooms, 1, 'as long as somebody is there it stays');
  await a.ask('done', { kind: 'leave' });
  clock.advance(LIMITS.callEmptyMs + 1);
  t.match(sfu.counts, NOTHING);
});

t.test('who loses the connection keeps the place for a while, and what is said meanwhile', async (t) => {
  const clock = new ManualClock();
  const media = new DirectMedia();
  const sfu = await openTestSfu(t, { clock, openTransport: media.open });
  const room = makeRoom();
  const [a, b] = [new SfuClient(sfu), new SfuClient(sfu)];
  const atA = await a.join(room);
  const { participant, resume, capabilities } = await b.join(room);
  await a.openTransports();
  await b.openTransports();
  const { producer } = await a.ask('produced', produceRequest('audio', audioOf(1)));
  const { consumer } = await b.ask('consumed', consumeRequest(producer, capabilities));
  b.close();
  clock.advance(LIMITS.callResumeMs - 1);
  await a.ask('done', { kind: 'message', to: participant, body: Uint8Array.of(1) });
  await a.ask('done', { kind: 'message', body: Uint8Array.of(2) });
  await a.ask('produced', produceRequest('audio', audioOf(2)));
  const again = new SfuClient(sfu);
  const back = await again.ask('resumed', { kind: 'resume', token: resume });
  t.equal(back.others[0]?.producers.length, 2);
  t.same(back.consumers, [consumer]);
  await a.ask('done', { kind: 'message', body: Uint8Array.of(3) });
  for (const byte of [1, 2, 3]) {
    t.same(await again.next('message'), {
      kind: 'message',
      from: atA.participant,
      body: Uint8Array.of(byte),
    });
  }
  t.strictSame(again.events, [], 'the answer told the rest');
  await again.ask('done', { kind: 'set-consumer', consumer, paused: false });
  t.equal(await new SfuClient(sfu).refusal({ kind: 'resume', token: resume }), 'call-refused', 'used');

  // The new connection comes before the old one is known to be lost.
  const third = new SfuClient(sfu);
  const taken = await third.ask('resumed', { kind: 'resume', token: back.resume });
  t.equal(await again.refusal({ kind: 'set-consumer', consumer, paused: true }), 'unexpected-frame');
  again.close();
  clock.advance(LIMITS.callResumeMs * 2);
  await third.ask('done', { kind: 'set-consumer', consumer, paused: true });

  third.close();
  clock.advance(LIMITS.callResumeMs + 1);
  t.match(await a.next('participant-left'), { participant });
  const late = { kind: 'resume', token: taken.resume };
  t.equal(await new SfuClient(sfu).refusal(late), 'call-refused', 'too late');
});

t.test('who is away and is told too much loses the place', async (t) => {
  const sfu = await openTestSfu(t);
  const room = makeRoom();
  const [a, b] = [new SfuClient(sfu), new SfuClient(sfu)];
  await a.join(room);
  const { participant, resume } = await b.join(room);
  b.close();
  const body = new Uint8Array(LIMITS.callMessageMaxBytes);
  for (let sent = 0; sent <= LIMITS.callHeldBytes; sent += body.length) {
    await a.ask('done', { kind: 'message', body });
  }
  t.match(await a.next('participant-left'), { participant });
  t.equal(await new SfuClient(sfu).refusal({ kind: 'resume', token: resume }), 'call-refused');
});

t.test('messages go to those in the same room, and no faster than they may', async (t) => {
  const clock = new ManualClock();
  const sfu = await openTestSfu(t, { clock });
  const [room, elsewhere] = [makeRoom(), makeRoom()];
  const [a, b, c, d] = [new SfuClient(sfu), new SfuClient(sfu), new SfuClient(sfu), new SfuClient(sfu)];
  const atA = await a.join(room);
  const atB = await b.join(room);
  await c.join(room);
  const atD = await d.join(elsewhere);
  const body = randomBytes(50);
  await a.ask('done', { kind: 'message', body });
  t.match(await b.next('message'), { from: atA.participant, body });
  t.match(await c.next('message'), { from: atA.participant, body });
  await c.ask('done', { kind: 'message', to: atB.participant, body });
  await b.next('message');
  t.equal(await a.refusal({ kind: 'message', to: atD.participant, body }), 'call-unknown');
  t.equal(await a.refusal({ kind: 'message', to: atA.participant, body }), 'call-unknown', 'not to oneself');
  await turn();
  for (const client of [a, b, c, d]) {
    t.strictSame(
      client.events.filter(({ kind }) => kind === 'message'),
      [],
    );
  }
  clock.advance(60_000);
  let refused = 'none';
  for (let sent = 0; sent <= RATES.callMessage.burst / 2 && refused === 'none'; sent++) {
    if (sent % 100 === 99) clock.advance(1);
    const told = await a.refusal({ kind: 'message', body });
    if (told !== 'answered: done') refused = told;
  }
  t.equal(refused, 'rate-limited');
  clock.advance(RATES.callMessage.everyMs * 2);
  await a.ask('done', { kind: 'message', body });
});

t.test('what a participant may have is limited, and what a room may hold', async (t) => {
  const media = new DirectMedia();
  const sfu = await openTestSfu(t, { openTransport: media.open });
  const room = makeRoom();
  const clients = Array.from({ length: LIMITS.callParticipants }, () => new SfuClient(sfu));
  await Promise.all(clients.map(async (client) => client.join(room)));
  const [a, b] = [clients[0]!, clients[1]!];
  const late = new SfuClient(sfu);
  const { token } = await late.ask('admitted', { kind: 'admit', ...room });
  t.equal(await late.refusal({ kind: 'enter', token, join }), 'call-full');
  await b.ask('done', { kind: 'leave' });
  const { capabilities } = await late.join(room);
  await a.openTransports();
  await late.openTransports();
  for (const direction of ['send', 'receive']) {
    t.equal(await a.refusal({ kind: 'open-transport', direction }), 'call-limit');
  }
  const producers: Uint8Array[] = [];
  for (let i = 0; i < LIMITS.callProducers; i++) {
    producers.push((await a.ask('produced', produceRequest('audio', audioOf(10 + i)))).producer);
  }
  t.equal(await a.refusal(produceRequest('audio', audioOf(99))), 'call-limit');
  const first = producers[0]!;
  await late.ask('consumed', consumeRequest(first, capabilities));
  t.equal(await late.refusal(consumeRequest(first, capabilities)), 'call-limit', 'each once');
  await a.ask('done', { kind: 'close-producer', producer: first });
  await a.ask('produced', produceRequest('audio', audioOf(50)));
  for (let i = 0; i < LIMITS.callTokens; i++) await late.ask('admitted', { kind: 'admit', ...room });
  t.equal(await late.refusal({ kind: 'admit', ...room }), 'call-full', 'too many tokens');
});

t.test('nobody asks too often', async (t) => {
  const clock = new ManualClock();
  const sfu = await openTestSfu(t, { clock });
  const a = new SfuClient(sfu);
  for (let i = 0; i < RATES.callRequest.burst; i++) await a.refusal({ kind: 'leave' });
  t.equal(await a.refusal({ kind: 'leave' }), 'rate-limited');
  const b = new SfuClient(sfu);
  const many = Array.from({ length: LIMITS.callInFlight + 1 }, async () => b.refusal({ kind: 'leave' }));
  const told = await Promise.all(many);
  t.equal(told.filter((code) => code === 'rate-limited').length, 1);
});

t.test(
  'ids of others, of nothing and in the wrong order are refused, and nobody else is disturbed',
  async (t) => {
    const media = new DirectMedia();
    const sfu = await openTestSfu(t, { openTransport: media.open });
    const room = makeRoom();
    const [a, b, c] = [new SfuClient(sfu), new SfuClient(sfu), new SfuClient(sfu)];
    const { capabilities } = await a.join(room);
    await b.join(room);
    await c.join(makeRoom());
    const dtls = { fingerprints: [{ algorithm: 'sha-256', value: FINGERPRINT }] };
    const early = [
      { kind: 'connect-transport', direction: 'send', dtls },
      { kind: 'restart-ice', direction: 'receive' },
      produceRequest('audio', audioOf(1)),
      consumeRequest(new Uint8Array(16), capabilities),
      { kind: 'enter', token: new Uint8Array(32), join },
      { kind: 'resume', token: new Uint8Array(32) },
    ];
    for (const request of early) t.equal(await a.refusal(request), 'unexpected-frame', request.kind);
    const outside = new SfuClient(sfu);
    for (const request of [...early.slice(0, 4), { kind: 'leave' }, { kind: 'message', body: join }]) {
      t.equal(await outside.refusal(request), 'unexpected-frame', `${request.kind} outside`);
    }
    for (const client of [a, b, c]) await client.openTransports();
    const { producer } = await a.ask('produced', produceRequest('video', videoOf(1)));
    const { consumer } = await b.ask('consumed', consumeRequest(producer, capabilities));
    const foreign = [
      consumeRequest(producer, capabilities),
      { kind: 'set-producer', producer, paused: true },
      { kind: 'close-producer', producer },
      { kind: 'set-consumer', consumer, paused: false },
      { kind: 'set-layers', consumer, spatial: 0 },
      { kind: 'close-consumer', consumer },
    ];
    for (const request of foreign) t.equal(await c.refusal(request), 'call-unknown', request.kind);
    t.equal(await b.refusal({ kind: 'close-producer', producer }), 'call-unknown');
    t.equal(await a.refusal({ kind: 'close-consumer', consumer }), 'call-unknown');
    t.equal(await a.refusal(consumeRequest(producer, capabilities)), 'call-unknown', 'one’s own');
    const { codecs, ...rest } = audioOf(5);
    const strange = [{ ...codecs[0], mimeType: 'audio/PCMU' }];
    t.equal(
      await a.refusal(produceRequest('audio', { ...audioOf(5), ...rest, codecs: strange as never })),
      'call-media-refused',
    );
    t.equal(await a.refusal(produceRequest('video', audioOf(6))), 'call-media-refused', 'of another kind');
    t.equal(await c.refusal(consumeRequest(producer, { codecs: [], headerExtensions: [] })), 'call-unknown');
    const d = new SfuClient(sfu);
    await d.join(room);
    await d.openTransports();
    const nothing = consumeRequest(producer, { codecs: [], headerExtensions: [] });
    t.equal(await d.refusal(nothing), 'call-media-refused', 'can receive nothing');
    await b.ask('done', { kind: 'set-consumer', consumer, paused: false });
    t.match(await a.next('layers-wanted'), { producer, layers: 3 });
  },
);

t.test('a worker that is killed is replaced; who was on it is told, and comes back', async (t) => {
  const lines: SfuLine[] = [];
  const media = new DirectMedia();
  const sfu = await openTestSfu(t, { workers: 2, consumersPerWorker: 3, openTransport: media.open, lines });
  const room = makeRoom();
  const enter = async (ssrc: number) => {
    const client = new SfuClient(sfu);
    const { participant } = await client.join(room);
    await client.openTransports();
    const { producer } = await client.ask('produced', produceRequest('audio', audioOf(ssrc)));
    return { client, participant, producer, router: media.routers.at(-1)! };
  };
  const both = [await enter(1), await enter(2)];
  t.not(both[0]?.router, both[1]?.router, 'they are in two workers');
  const before = sfu.counts.workers;
  process.kill(before[0]!, 'SIGKILL');
  await until(() => both.some(({ router }) => router.closed));
  const [lost, kept] = both.toSorted((x, y) => Number(y.router.closed) - Number(x.router.closed));
  await lost!.client.next('worker-lost');
  t.match(await kept!.client.next('producer-closed'), { producer: lost!.producer });
  t.match(await kept!.client.next('participant-left'), { participant: lost!.participant });
  t.equal(await lost!.client.refusal({ kind: 'message', body: join }), 'unexpected-frame', 'out of the room');
  t.match(await lost!.client.join(room), { others: [{ participant: kept!.participant }] }, 'and in again');
  await lost!.client.openTransports();
  await lost!.client.ask('produced', produceRequest('audio', audioOf(3)));
  await kept!.client.ask('produced', produceRequest('audio', audioOf(4)));
  await until(() => sfu.counts.workers.length === 2);
  t.notOk(sfu.counts.workers.includes(before[0]!));
  await until(() => lines.length === 2);
  t.strictSame(
    lines.map(({ kind }) => kind),
    ['worker-lost', 'worker-replaced'],
  );
});

t.test('one who cannot be told anything is away, and the others are told', async (t) => {
  const sfu = await openTestSfu(t);
  const room = makeRoom();
  const [a, b] = [new SfuClient(sfu), new SfuClient(sfu)];
  await a.join(room);
  const { token } = await a.ask('admitted', { kind: 'admit', ...room });
  const deaf = sfu.open(() => {
    throw new Error('a fault of the listener');
  });
  const entered = await deaf.request({ kind: 'enter', token, join });
  await turn();
  await b.join(room);
  await a.next('participant-entered');
  await a.ask('done', { kind: 'message', body: join });
  await b.next('message');
  await t.rejects(deaf.request({ kind: 'leave' }), { code: 'unexpected-frame' });
  const again = new SfuClient(sfu);
  const resume = 'resume' in entered ? entered.resume : new Uint8Array(32);
  t.match(await again.ask('resumed', { kind: 'resume', token: resume }), { others: [{}, {}] });
});

t.test('nothing stays registered when all have gone', async (t) => {
  const clock = new ManualClock();
  const media = new DirectMedia();
  const sfu = await openTestSfu(t, { workers: 2, consumersPerWorker: 8, clock, openTransport: media.open });
  for (let round = 0; round < 6; round++) {
    const room = makeRoom();
    const clients = Array.from({ length: 5 }, () => new SfuClient(sfu));
    const entered = await Promise.all(clients.map(async (client) => client.join(room)));
    for (const client of clients) await client.openTransports();
    for (const [i, client] of clients.entries()) {
      const { producer } = await client.ask('produced', produceRequest('video', videoOf(100 * (i + 1))));
      for (const other of clients) {
        if (other === client || i > 2) continue;
        await other.refusal(consumeRequest(producer, entered[0]!.capabilities));
      }
    }
    for (const [i, client] of clients.entries()) {
      if (i % 2 === 0) client.close();
      else await client.ask('done', { kind: 'leave' });
    }
    clock.advance(1_000);
  }
  clock.advance(LIMITS.callResumeMs + 1);
  clock.advance(LIMITS.callEmptyMs + 1);
  t.match(sfu.counts, NOTHING);
  t.ok(media.producers.length >= 30 && media.consumers.length >= 50);
  t.ok(media.producers.every(({ closed }) => closed));
  await until(() => media.consumers.every(({ closed }) => closed));
  t.ok(media.routers.every(({ closed }) => closed));
});

t.test('when it closes everybody is told', async (t) => {
  const sfu = await openTestSfu(t);
  const a = new SfuClient(sfu);
  await a.join(makeRoom());
  await turn();
  await sfu.close();
  await a.next('room-closed');
  t.equal(await a.refusal({ kind: 'admit', ...makeRoom() }), 'calls-unavailable');
  t.match(sfu.counts, { ...NOTHING, workers: [] });
});
