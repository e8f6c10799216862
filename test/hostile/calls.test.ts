/** Whoever carries what the two sides of a call say to each other keeps it back. Row A66. */
import t from 'tap';
import { callIs, endOf, hangUp, isSeen, takeCall } from '../support/make-call.ts';
import { CallNet, TestCallWindow } from '../support/test-call-window.ts';
import { openScene } from './scene.ts';

t.setTimeout(300_000);

let aheadMs = 0;
const net = new CallNet();
const adas = new TestCallWindow(net);
const bens = new TestCallWindow(net);
const skewMs = (): number => aheadMs;
const scene = await openScene({ adas: { skewMs, callWindow: adas }, bens: { skewMs, callWindow: bens } });
t.teardown(() => scene.close());
const { ada, ben } = scene;

/** Ada calls, Ben takes it, and the way between them stands. */
async function begin(): Promise<void> {
  await ada.client.commands.startCall(ada.talk, 'audio');
  await callIs(ben.client, 'ringing');
  await takeCall(ben.client);
  await callIs(ada.client, 'connecting');
  await callIs(ben.client, 'connecting');
}

t.test('A66: keys that do not come are asked for, and without them no call is connected', async (t) => {
  bens.losesWhatIsSaid = true;
  await begin();
  // What is on and his keys, and both again each time that she asks for them.
  while (bens.carried.length < 6) await new Promise((resolve) => setTimeout(resolve, 50));
  t.equal(ada.client.state.call?.phase.kind, 'connecting', 'the way stands, and nothing can be heard');
  t.strictSame(ada.client.state.call?.troubles, ['no-keys'], 'and says why');
  t.equal(ben.client.state.call?.phase.kind, 'talking', 'her keys came');
  bens.losesWhatIsSaid = false;
  await callIs(ada.client, 'talking');
  await callIs(ben.client, 'talking');
  t.strictSame(ada.client.state.call?.troubles, []);
  await isSeen(bens, adas, 'heard after all');
  await isSeen(adas, bens, 'and there');
  await hangUp(ada.client);
  await callIs(ben.client, 'over');
});

t.test('A66: a call whose keys never come ends in its time, with a reason', async (t) => {
  for (const { client } of [ada, ben]) await client.commands.seeCallEnd();
  adas.losesWhatIsSaid = true;
  bens.losesWhatIsSaid = true;
  await begin();
  const lacksKeys = (): boolean =>
    [ada, ben].every(({ client }) => client.state.call?.troubles[0] === 'no-keys');
  while (!lacksKeys()) await new Promise((resolve) => setTimeout(resolve, 50));
  aheadMs = 60_000;
  t.equal(await endOf(ada.client), 'failed');
  t.equal(await endOf(ben.client), 'failed');
  // Whoever gave the call up says so to the other, who has the same reason by then.
  for (const { client } of [ada, ben]) t.strictSame(client.state.call?.troubles, ['no-keys']);
});
