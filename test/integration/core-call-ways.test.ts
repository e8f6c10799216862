/** Which way a call takes: directly, anew after it was lost, or through a real media server; and what stops a stream. */
import t from 'tap';
import { openTestServer } from '../support/open-test-server.ts';
import {
  callIs,
  endOf,
  haveCall,
  isSeen,
  makeCallPair,
  openCallServer,
  type CallPair,
} from '../support/make-call.ts';

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
  await ben.commands.hangUp();
  t.equal(await endOf(ada), 'hung-up');
});

t.test('whoever hides the own address tells none, as caller and as callee', async (t) => {
  const pair = await makeCallPair(t, (await openCallServer(t)).url);
  const { ada, ben, adas, bens, toAda } = pair;
  await ada.commands.setPrivacy({ relayCalls: true });
  await haveCall(pair);
  await bothHear(pair, 'hidden');
  t.notOk(adas.asked.includes('openDirect') || bens.asked.includes('openDirect'));
  t.equal(ben.state.call?.way, 'relayed');
  await ada.commands.hangUp();
  await endOf(ben);
  await ben.commands.startCall(toAda, 'audio');
  await callIs(ada, 'ringing');
  await ada.commands.takeCall('audio');
  await Promise.all([callIs(ada, 'talking'), callIs(ben, 'talking')]);
  t.notOk(adas.asked.includes('openDirect'), 'an offer is not answered');
  t.equal(ada.state.call?.way, 'relayed');
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

t.test('without any way the call fails, and says why', async (t) => {
  await using server = await openTestServer();
  const pair = await makeCallPair(t, server.url);
  pair.net.isDirectOpen = false;
  await pair.ada.commands.startCall(pair.toBen, 'audio');
  await callIs(pair.ben, 'ringing');
  await pair.ben.commands.takeCall('audio');
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
  const { connection, streams } = latest;
  const quality = { roundTripMs: 20, lost: 0, sentBits: 1, receivedBits: 1 };
  const figures = { kind: 'figures', connection, received: [], quality } as const;
  adas.tell({ ...figures, sent: [{ stream: streams.audio.send, frames: 1 }] });
  const { quality: shown } = await callIs(ada, 'talking', (call) => (call.quality?.sealed ?? 0) > 0);
  t.match(shown, { level: 'good', roundTripMs: 20 });
  t.same(ada.state.call?.troubles, []);
  adas.tell({ ...figures, sent: [{ stream: streams.audio.send, frames: 10_000 }] });
  await callIs(ada, 'talking', ({ troubles }) => troubles.includes('stopped-unencrypted'));
  await ada.client.background.settled();
  t.ok(adas.asked.includes('stop audio'));
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
