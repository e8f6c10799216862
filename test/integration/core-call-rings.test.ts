/** Whose calls ring how often, which of them is taken or ended, and what is left of one whose person is blocked or whose core has ended. */
import t from 'tap';
import { PrivateKey } from '@tacet/crypto';
import { makeHostileWire } from '../support/hostile-wire.ts';
import { idFor, markVerified, openWith, reconnect, signIn } from '../support/make-client.ts';
import { rowsOf } from '../support/node-ports.ts';
import { openTestServer } from '../support/open-test-server.ts';
import { lie, underOtherKey, type ShownEntry } from '../support/other-key.ts';
import {
  callIs,
  endOf,
  hangUp,
  hasCallLines,
  haveCall,
  isSeen,
  makeCallPair,
  openWithWindow,
  ringBen,
  takeCall,
} from '../support/make-call.ts';

t.test('who calls somebody whose call rings takes it', async (t) => {
  await using server = await openTestServer();
  const pair = await makeCallPair(t, server.url);
  const { ada, ben, toAda } = pair;
  const { id } = await ringBen(pair);
  await ben.commands.startCall(toAda, 'audio');
  t.equal((await callIs(ben, 'talking')).id, id);
  await callIs(ada, 'talking');
});

t.test('two people have seven short calls in a minute', async (t) => {
  await using server = await openTestServer();
  const pair = await makeCallPair(t, server.url);
  for (let calls = 1; calls <= 7; calls += 1) {
    await haveCall(pair);
    await hangUp(pair.ada);
    t.same([await endOf(pair.ada), await endOf(pair.ben)], ['hung-up', 'hung-up'], `call ${calls}`);
  }
});

t.test('a fourth ring that nobody takes is a missed call without a sound, for ten minutes', async (t) => {
  await using server = await openTestServer();
  let aheadMs = 0;
  const pair = await makeCallPair(t, server.url, { bens: { skewMs: () => aheadMs } });
  const { ada, ben, toBen, toAda } = pair;
  let calls = 0;
  /** Ada rings, and gives up. */
  async function ringInVain(): Promise<void> {
    await ringBen(pair);
    await hangUp(ada);
    calls += 1;
    t.same([await endOf(ben), await endOf(ada)], ['cancelled', 'cancelled']);
  }
  async function ringWithoutSound(): Promise<void> {
    await ada.commands.startCall(toBen, 'audio');
    calls += 1;
    t.match((await hasCallLines(ben, calls)).at(-1), { mine: false, outcome: 'missed' });
    await ada.client.background.settled();
    t.match(ada.state.call, { phase: { kind: 'calling', heard: false } }, 'she hears of no ring');
    t.not(ben.state.call?.id, ada.state.call?.id, 'it does not ring');
    await hangUp(ada);
    await callIs(ada, 'over');
  }
  for (let rings = 0; rings < 3; rings += 1) await ringInVain();
  await ringWithoutSound();

  await ben.commands.startCall(toAda, 'audio');
  await callIs(ada, 'ringing');
  await hangUp(ada);
  t.equal(await endOf(ben), 'declined');
  calls += 1;
  for (let rings = 0; rings < 3; rings += 1) await ringInVain();
  await ringWithoutSound();

  aheadMs = 10 * 60_000 + 1;
  // The server tells its time anew: what it has just taken is not old.
  await reconnect(ben);
  await ringInVain();
});

t.test('who is blocked is told that the call is over, and neither talks nor rings any more', async (t) => {
  await using server = await openTestServer();
  const pair = await makeCallPair(t, server.url);
  const { ada, ben, bens, toAda } = pair;
  await haveCall(pair);
  await ben.commands.block(toAda);
  t.same([await endOf(ben), await endOf(ada)], ['hung-up', 'hung-up']);
  t.ok(bens.asked.includes('endCall'), 'microphone and camera end');

  await ben.commands.unblock(toAda);
  await ringBen(pair);
  await ben.commands.block(toAda);
  t.same([await endOf(ben), await endOf(ada)], ['declined', 'declined']);
  await ben.client.background.settled();
  t.equal(rowsOf(ben.ports.disk, 'ring'), 0, 'nothing rings in another tab');
});

t.test('who is blocked at one device is talked to at no other', async (t) => {
  await using server = await openTestServer();
  const pair = await makeCallPair(t, server.url);
  const { ada, ben, bens, net, bensPassphrase } = pair;
  const { client: other } = openWithWindow(t, net, { url: server.url });
  await signIn(other, 'ben', bensPassphrase);
  const toAda = await openWith(other, 'Ada');
  await haveCall(pair);
  await other.commands.block(toAda);
  t.equal(await endOf(ben), 'hung-up');
  t.ok(bens.asked.includes('endCall'));
  await ben.client.background.settled();
  await hangUp(ada);
});

t.test('a call that is given up at once opens nothing in the next one', async (t) => {
  await using server = await openTestServer();
  const pair = await makeCallPair(t, server.url);
  const { ada, adas, ben, toBen } = pair;
  const given = await ada.commands.startCall(toBen, 'audio');
  await ada.commands.hangUp(given);
  await ada.commands.startCall(toBen, 'audio');
  await callIs(ben, 'ringing', ({ id }) => id !== given);
  await takeCall(ben);
  await Promise.all([callIs(ada, 'talking'), callIs(ben, 'talking')]);
  t.equal(adas.connections.size, 1);
  t.strictSame(
    adas.asked.filter((what) => what === 'openDirect'),
    ['openDirect'],
  );
});

t.test('a call of somebody whose key has changed is not taken before the person has decided', async (t) => {
  await using server = await openTestServer();
  const wire = makeHostileWire();
  let adasEntry: ShownEntry | undefined;
  wire.change = (frame) => {
    if (frame.kind === 'bundles') adasEntry = frame.directory;
    return [frame];
  };
  const pair = await makeCallPair(t, server.url, { bens: { wire } });
  const { ben, bens, toAda } = pair;
  wire.change = undefined;
  if (adasEntry === undefined) throw new Error('no entry was seen');
  await markVerified(ben, toAda);
  const { id } = await ringBen(pair);
  lie(wire, underOtherKey(adasEntry, PrivateKey.generate()));
  await ben.commands.sendText(toAda, 'held');
  await ben.waitFor('blocked', ({ open }) => open?.blocked === true);
  await t.rejects(ben.commands.takeCall(id, 'audio'), { code: 'key-changed' });
  t.notOk(bens.asked.includes('openMedia'));
  t.match(ben.state.call, { phase: { kind: 'ringing' } }, 'it can still be declined');
});

t.test('a call is taken and ended by its id, and another one is left alone', async (t) => {
  await using server = await openTestServer();
  const pair = await makeCallPair(t, server.url);
  const { ada, adas, ben, bens, toBen } = pair;
  const first = await ringBen(pair);
  await hangUp(ada);
  await endOf(ben);
  const second = await ringBen(pair);
  await t.rejects(ben.commands.takeCall(first.id, 'audio'), { code: 'call-over' });
  await t.rejects(ada.commands.takeCall(second.id, 'audio'), { code: 'call-over' }, 'it is her own');
  await ben.commands.hangUp(first.id);
  await ada.commands.hangUp(first.id);
  t.match(ben.state.call, { id: second.id, phase: { kind: 'ringing' } });
  await ben.commands.takeCall(second.id, 'audio');
  await Promise.all([callIs(ada, 'talking'), callIs(ben, 'talking')]);
  await ben.commands.hangUp(first.id);
  await isSeen(adas, bens, 'still there');
  t.equal(
    await ada
      .keyed(idFor('busy'))
      .startCall(toBen, 'audio')
      .catch(() => 'refused'),
    'refused',
  );
  await ben.commands.hangUp(second.id);
  t.equal(await endOf(ada), 'hung-up');
});

t.test('a call that is begun again after its core has ended rings anew, and is taken', async (t) => {
  await using server = await openTestServer();
  const pair = await makeCallPair(t, server.url);
  const { ada, ben, bens, net, toBen } = pair;
  const key = idFor('a call');
  await ada.keyed(key).startCall(toBen, 'audio');
  await ada.keyed(key).startCall(toBen, 'audio');
  const first = await callIs(ben, 'ringing');
  ada.crash();
  const { client: next, window } = openWithWindow(t, net, { url: server.url, disk: ada.ports.disk });
  await next.waitFor('signed in', ({ session }) => session.kind === 'signed-in');
  await next.keyed(key).startCall(toBen, 'audio');
  const second = await callIs(ben, 'ringing', ({ id }) => id !== first.id);
  await takeCall(ben);
  await Promise.all([callIs(next, 'talking'), callIs(ben, 'talking')]);
  t.equal(next.state.call?.id, second.id);
  await isSeen(window, bens, 'from ada');
  await isSeen(bens, window, 'from ben');
});
