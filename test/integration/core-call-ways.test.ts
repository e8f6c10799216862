/** Which way a call takes: directly, anew after it was lost, or through a real media server; and what stops a stream. */
import { setTimeout as delay } from 'node:timers/promises';
import t from 'tap';
import type { CallView } from '@tacet/client/core/view';
import { WITHOUT_CALLS } from '../support/call-settings.ts';
import { openCalls } from '../support/calls-client.ts';
import { openTestServer } from '../support/open-test-server.ts';
import {
  callIs,
  endOf,
  hangUp,
  haveCall,
  isSeen,
  makeCallPair,
  ringBen,
  takeCall,
  type CallPair,
} from '../support/make-call.ts';
import { openCallServer } from '../support/call-server.ts';

t.setTimeout(300_000);

/** Both hear the other. */
async function bothHear({ adas, bens }: CallPair, words: string): Promise<void> {
  await isSeen(adas, bens, `${words} from ada`);
  await isSeen(bens, adas, `${words} from ben`);
}

t.test('where no direct way comes about, the call goes through the media server', async (t) => {
  const pair = await makeCallPair(t, (await openCallServer(t)).url);
  const { ada, ben, net, adas, bens } = pair;
  net.isDirectOpen = false;
  await haveCall(pair);
  await bothHear(pair, 'relayed');
  t.same([ada.state.call?.way, ben.state.call?.way], ['relayed', 'relayed']);
  t.match(ada.state.call?.code, /^\d{6}$/);
  t.equal(ben.state.call?.code, ada.state.call?.code);
  t.same(
    [...adas.connections.values()].map(({ kind }) => kind),
    ['relay'],
    'the direct one is closed',
  );
  t.ok(adas.asked.includes('offer') && bens.asked.includes('answer'));

  // The socket goes: the place is kept, and what is said arrives.
  ada.ports.dropSockets();
  await ada.commands.connectNow();
  adas.tell({ kind: 'on', microphone: false, camera: true, screen: false });
  await callIs(ben, 'talking', ({ theirs }) => theirs.camera);
  await bothHear(pair, 'resumed');

  // The media worker ends: streams, keys and place are made anew.
  const before = new Set(bens.connections.keys());
  bens.tell({ kind: 'media-ended' });
  await ben.waitFor('another connection', () => [...bens.connections.keys()].some((key) => !before.has(key)));
  await bothHear(pair, 'anew');
  const instances = bens.media.flatMap((each) => (each.kind === 'open-sender' ? [each.instance] : []));
  t.equal(new Set(instances).size, instances.length, 'no instance is used twice');
  await hangUp(ben);
  t.equal(await endOf(ada), 'hung-up');
});

t.test('whoever is alone at the media server lacks the other side, and no keys', async (t) => {
  const pair = await makeCallPair(t, (await openCallServer(t)).url);
  const { ada, ben, net, adas } = pair;
  net.isDirectOpen = false;
  await ringBen(pair);
  await takeCall(ben);
  await callIs(ada, 'connecting');
  ben.ports.setNetwork(false);
  await callIs(ada, 'connecting', ({ way }) => way === 'relayed');
  // Her connection with the media server stands, and in this time keys would have been asked for.
  while (adas.latest?.producers.size !== 2) await delay(20);
  await delay(3_000);
  t.equal(ada.state.call?.phase.kind, 'connecting');
  t.strictSame(ada.state.call?.troubles, []);
});

t.test('whoever hides the own address tells none, as caller and as callee', async (t) => {
  const pair = await makeCallPair(t, (await openCallServer(t)).url);
  const { ada, ben, adas, bens, toAda } = pair;
  await ada.commands.setPrivacy({ relayCalls: true });
  await haveCall(pair);
  await bothHear(pair, 'hidden');
  t.notOk(adas.asked.includes('openDirect') || bens.asked.includes('openDirect'));
  t.equal(ben.state.call?.way, 'relayed');
  await hangUp(ada);
  await endOf(ben);
  await ben.commands.startCall(toAda, 'audio');
  await callIs(ada, 'ringing');
  await takeCall(ada);
  await Promise.all([callIs(ada, 'talking'), callIs(ben, 'talking')]);
  t.notOk(adas.asked.includes('openDirect'), 'an offer is not answered');
  t.equal(ada.state.call?.way, 'relayed');
});

t.test('whoever hides the own address goes by TURN while the media server is out of reach', async (t) => {
  await using server = await openTestServer({
    settings: {
      ...WITHOUT_CALLS,
      TACET_SFU_URL: 'ws://127.0.0.1:1',
      TACET_SFU_SECRET: 'a-secret-of-both-processes-and-nobody-else',
      TACET_TURN_URLS: 'turn:127.0.0.1:1?transport=udp',
      TACET_TURN_SECRET: 'a-secret-of-coturn-and-the-server',
    },
  });
  const pair = await makeCallPair(t, server.url);
  const { ada, ben, adas, bens } = pair;
  await ada.commands.setPrivacy({ relayCalls: true });
  await haveCall(pair);
  await bothHear(pair, 'turned');
  t.same([ada.state.call?.way, ben.state.call?.way], ['direct', 'direct']);
  const opened = ({ asked }: CallPair['adas']) => asked.filter((what) => what.startsWith('openDirect'));
  t.same(opened(adas), ['openDirect turn'], 'through nothing else');
  t.same(opened(bens), ['openDirect']);
});

t.test('a direct way that is lost is found anew, or the call goes on through the media server', async (t) => {
  const pair = await makeCallPair(t, (await openCallServer(t)).url);
  const { ada, ben, net, adas, bens } = pair;
  await haveCall(pair);
  const connections = (): readonly [number, number] => [
    adas.latest?.connection ?? 0,
    bens.latest?.connection ?? 0,
  ];
  const interrupt = (): void => {
    const [hers, his] = connections();
    adas.tell({ kind: 'way', connection: hers, state: 'interrupted' });
    bens.tell({ kind: 'way', connection: his, state: 'interrupted' });
  };
  interrupt();
  await callIs(ada, 'reconnecting');
  await callIs(ada, 'talking');
  await callIs(ben, 'talking');
  t.ok(adas.asked.includes('offer again'));
  t.equal(ada.state.call?.way, 'direct');
  await bothHear(pair, 'again');
  net.isDirectOpen = false;
  interrupt();
  await callIs(ada, 'reconnecting');
  await callIs(ada, 'talking', ({ way }) => way === 'relayed');
  await callIs(ben, 'talking', ({ way }) => way === 'relayed');
  await bothHear(pair, 'moved');
});

t.test(
  'without a media server a direct way may come late, and one that the browser gives up ends the call',
  async (t) => {
    await using server = await openTestServer({ settings: WITHOUT_CALLS });
    const pair = await makeCallPair(t, server.url);
    const { ada, ben, net, adas, bens, toBen } = pair;
    net.isDirectOpen = false;
    const begin = async (): Promise<void> => {
      await ada.commands.startCall(toBen, 'audio');
      await callIs(ben, 'ringing');
      await takeCall(ben);
      for (const one of [ada, ben])
        await callIs(one, 'connecting', ({ troubles }) => troubles.includes('no-relay'));
    };
    await begin();
    for (const window of [adas, bens]) window.connect(window.latest?.connection ?? 0);
    for (const one of [ada, ben]) await callIs(one, 'talking', ({ troubles }) => troubles.length === 0);
    await bothHear(pair, 'late');
    await hangUp(ada);
    await Promise.all([endOf(ada), endOf(ben)]);
    await begin();
    adas.tell({ kind: 'way', connection: adas.latest?.connection ?? 0, state: 'failed' });
    t.equal(await endOf(ada), 'failed');
    t.same(ada.state.call?.troubles, ['no-relay']);
    t.equal(await endOf(ben), 'failed');
  },
);

t.test('what the caller finds while it rings is taken with the call', async (t) => {
  await using server = await openTestServer();
  const pair = await makeCallPair(t, server.url);
  const { ada, ben, adas, bens, toBen } = pair;
  await ringBen(pair);
  const line = 'candidate:of a server that is slow to answer';
  adas.tell({ kind: 'candidates', connection: adas.latest?.connection ?? 0, lines: [line] });
  await new Promise(setImmediate);
  await ada.client.background.settled();
  await ada.commands.sendText(toBen, 'after it');
  await ben.waitFor('it', ({ conversations }) => conversations.some(({ last }) => last?.text === 'after it'));
  await takeCall(ben);
  await callIs(ben, 'talking');
  t.ok(bens.latest?.candidates.includes(line));
});

t.test('a direct connection is given the server’s own STUN', async (t) => {
  await using server = await openTestServer({ settings: { ...WITHOUT_CALLS, TACET_STUN_PORT: '0' } });
  const asking = await openCalls(server.url.replace('http', 'ws'));
  const answer = await asking.ask({ kind: 'call-servers' });
  await asking.close();
  const port = answer.kind === 'call-servers' ? answer.stun?.port : undefined;
  const pair = await makeCallPair(t, server.url);
  await haveCall(pair);
  for (const { iceUrls } of [pair.adas, pair.bens]) t.same(iceUrls, [`stun:127.0.0.1:${String(port)}`]);
});

t.test('how good a line is shows by what is lost on it and how long it takes', async (t) => {
  await using server = await openTestServer();
  const pair = await makeCallPair(t, server.url);
  const { ada, adas } = pair;
  await haveCall(pair);
  const connection = adas.latest?.connection ?? 0;
  for (const [roundTripMs, lost, level] of [
    [20, 0, 'good'],
    [300, 0, 'fair'],
    [20, 0.03, 'fair'],
    [600, 0, 'poor'],
    [20, 0.1, 'poor'],
    [20, 0, 'good'],
  ] as const) {
    const quality = { roundTripMs, lost, sentBits: 1, receivedBits: 1, byTurn: false };
    adas.tell({ kind: 'figures', connection, sent: [], received: [], quality });
    await callIs(ada, 'talking', (call) => {
      return (
        call.quality?.roundTripMs === roundTripMs &&
        call.quality.lost === lost &&
        call.quality.level === level
      );
    });
  }
});

t.test('without any way the call fails, and says why', async (t) => {
  await using server = await openTestServer();
  const pair = await makeCallPair(t, server.url);
  pair.net.isDirectOpen = false;
  await pair.ada.commands.startCall(pair.toBen, 'audio');
  await callIs(pair.ben, 'ringing');
  await takeCall(pair.ben);
  t.equal(await endOf(pair.ada), 'failed');
  t.equal(await endOf(pair.ben), 'failed');
});

t.test('a stream of which more frames leave than were sealed is stopped', async (t) => {
  await using server = await openTestServer();
  const pair = await makeCallPair(t, server.url);
  const { ada, adas, bens } = pair;
  await haveCall(pair);
  await bothHear(pair, 'sealed');
  const { latest } = adas;
  if (latest === undefined) throw new Error('no connection');
  const { connection, streams, candidates } = latest;
  const quality = { roundTripMs: 20, lost: 0, sentBits: 1, receivedBits: 1, byTurn: false };
  const figures = { kind: 'figures', connection, received: [], quality } as const;
  adas.tell({ ...figures, sent: [{ stream: streams.audio.send, frames: 1 }] });
  const { quality: shown } = await callIs(ada, 'talking', (call) => (call.quality?.sealed ?? 0) > 0);
  t.match(shown, { level: 'good', roundTripMs: 20 });
  t.same(ada.state.call?.troubles, []);
  // The window is at something else: a stop does not wait for it.
  const known = candidates.length;
  adas.isBusy = true;
  bens.tell({ kind: 'candidates', connection: bens.latest?.connection ?? 0, lines: ['candidate:late 1'] });
  while (candidates.length === known) await delay(20);
  adas.tell({ ...figures, sent: [{ stream: streams.audio.send, frames: 10_000 }] });
  await callIs(ada, 'talking', ({ troubles }) => troubles.includes('stopped-unencrypted'));
  t.ok(adas.asked.includes('stop audio'));
  adas.isBusy = false;
  await ada.client.background.settled();
  t.notOk(await adas.send('audio', 'no more'));
  t.notOk(bens.seen.some(({ text }) => text === 'no more'));
});

t.test('nothing is released before the media worker holds its frames', async (t) => {
  await using server = await openTestServer();
  const pair = await makeCallPair(t, server.url);
  const { adas, bens } = pair;
  adas.withholdsAttached = true;
  await haveCall(pair);
  await isSeen(bens, adas, 'ben is heard');
  t.strictSame([...(adas.latest?.released ?? [])], []);
  t.notOk(await adas.send('audio', 'early'));
  adas.withholdsAttached = false;
  adas.attach(adas.latest?.connection ?? 0, 'audio');
  await isSeen(adas, bens, 'now');
});

t.test('a media worker that ends while it rings is made anew before anybody talks', async (t) => {
  const pair = await makeCallPair(t, (await openCallServer(t)).url);
  const { ada, ben, adas, toBen } = pair;
  await ada.commands.startCall(toBen, 'audio');
  await callIs(ben, 'ringing');
  adas.endMedia();
  await takeCall(ben);
  await Promise.all([callIs(ada, 'talking'), callIs(ben, 'talking')]);
  await bothHear(pair, 'anew');
  t.equal(ada.state.call?.way, 'relayed');
});

for (const step of ['openMedia', 'openDirect', 'answer']) {
  t.test(`a media worker that ends while the call is taken is made anew: at ${step}`, async (t) => {
    const pair = await makeCallPair(t, (await openCallServer(t)).url);
    const { ada, ben, bens } = pair;
    await ringBen(pair);
    const taken = takeCall(ben);
    while (!bens.asked.includes(step)) await new Promise(setImmediate);
    bens.endMedia();
    await taken;
    await Promise.all([callIs(ada, 'talking'), callIs(ben, 'talking')]);
    await bothHear(pair, 'anew');
    t.equal(bens.asked.filter((name) => name === 'openMedia').length, 2);
  });
}

t.test(
  'a media worker that ends in the call is made anew, and what its connection counted stops no stream',
  async (t) => {
    const pair = await makeCallPair(t, (await openCallServer(t)).url);
    const { ada, ben, adas } = pair;
    await haveCall(pair);
    await bothHear(pair, 'before');
    const { connection = 0, streams } = adas.latest ?? {};
    const started = Promise.withResolvers<void>();
    adas.mediaStart = started.promise;
    adas.endMedia();
    for (let looks = 0; looks < 3; looks += 1)
      adas.tell({
        kind: 'figures',
        connection,
        sent: [{ stream: streams?.audio.send ?? 0, frames: 50 }],
        received: [],
        quality: { roundTripMs: 20, lost: 0, sentBits: 1, receivedBits: 1, byTurn: false },
      });
    await callIs(ada, 'reconnecting');
    await delay(200);
    started.resolve();
    const isMoved = ({ way }: CallView): boolean => way === 'relayed';
    await Promise.all([callIs(ada, 'talking', isMoved), callIs(ben, 'talking', isMoved)]);
    await bothHear(pair, 'anew');
    t.same(ada.state.call?.troubles, []);
    t.notOk(adas.asked.includes('stop audio'));
  },
);

t.test('whoever hides the own address while it rings tells none', async (t) => {
  const pair = await makeCallPair(t, (await openCallServer(t)).url);
  const { ada, ben, bens, toBen } = pair;
  await ada.commands.startCall(toBen, 'audio');
  await callIs(ben, 'ringing');
  await ben.commands.setPrivacy({ relayCalls: true });
  await takeCall(ben);
  await Promise.all([callIs(ada, 'talking'), callIs(ben, 'talking')]);
  t.notOk(bens.asked.includes('openDirect'));
  t.equal(ben.state.call?.way, 'relayed');
});
