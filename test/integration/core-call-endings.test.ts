/** Every way in which a ring ends, between real cores: what each side shows then, and what stays as a line. */
import t from 'tap';
import { encodeFrame, parseFrame } from '@tacet/protocol/frames/frame';
import { ServerFrame } from '@tacet/protocol/frames/server';
import { LIMITS } from '@tacet/protocol/limits';
import { openTestServer } from '../support/open-test-server.ts';
import { openTestClient, openWith, signIn, signUp } from '../support/make-client.ts';
import type { Wire } from '../support/node-ports.ts';
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
  ringHasLeft,
  takeCall,
} from '../support/make-call.ts';

t.test('a call is declined, another one is cancelled and counts as missed', async (t) => {
  await using server = await openTestServer();
  const pair = await makeCallPair(t, server.url);
  const { ada, ben, toAda } = pair;
  await ben.commands.markRead(toAda, 100);
  await ben.waitFor('nothing unread', ({ unreadTotal }) => unreadTotal === 0);
  await ringBen(pair);
  await hangUp(ben);
  t.same([await endOf(ada), await endOf(ben)], ['declined', 'declined']);
  t.match((await hasCallLines(ada, 1))[0], { mine: true, outcome: 'declined' });
  t.match((await hasCallLines(ben, 1))[0], { mine: false, outcome: 'declined' });
  t.equal(ben.state.unreadTotal, 0, 'a call that was declined is not missed');

  await ringBen(pair);
  await hangUp(ada);
  t.same([await endOf(ada), await endOf(ben)], ['cancelled', 'cancelled']);
  t.match((await hasCallLines(ada, 2))[1], { mine: true, outcome: 'cancelled' });
  t.match((await hasCallLines(ben, 2))[1], { mine: false, outcome: 'missed' });
  await ben.waitFor('one unread', ({ unreadTotal }) => unreadTotal === 1);
  await ben.commands.markRead(toAda, 100);
  await ben.waitFor('none unread', ({ unreadTotal }) => unreadTotal === 0);
});

t.test('nobody takes the call: both give up, and it was missed', async (t) => {
  await using server = await openTestServer();
  let aheadMs = 0;
  const clocks = { skewMs: () => aheadMs };
  const pair = await makeCallPair(t, server.url, { adas: clocks, bens: clocks });
  await ringBen(pair);
  aheadMs = LIMITS.callRingMs + 1;
  t.equal(await endOf(pair.ada), 'no-answer');
  t.equal(await endOf(pair.ben), 'no-answer');
  t.match(await hasCallLines(pair.ben, 1), [{ outcome: 'missed' }]);
  t.match(await hasCallLines(pair.ada, 1), [{ outcome: 'no-answer' }]);
});

/** A wire on which what is delivered was taken by the server longer ago than a call rings. */
const late: Wire = {
  toClient(_path, bytes) {
    const frame = parseFrame(ServerFrame, bytes);
    if (frame.kind !== 'deliver') return [bytes];
    return [encodeFrame({ ...frame, receivedAt: frame.receivedAt - LIMITS.callRingMs - 1 })];
  },
};

t.test('a missed call that was seen on one device is unread on no other', async (t) => {
  await using server = await openTestServer();
  const pair = await makeCallPair(t, server.url);
  const { ada, ben, net, toAda, bensPassphrase } = pair;
  const { client: other } = openWithWindow(t, net, { url: server.url });
  await signIn(other, 'ben', bensPassphrase);
  await openWith(other, 'Ada');
  for (const one of [ben, other]) {
    await one.commands.markRead(toAda, 100);
    await one.waitFor('nothing unread', ({ unreadTotal }) => unreadTotal === 0);
  }
  for (const count of [1, 2]) {
    await ringBen(pair);
    await callIs(other, 'ringing');
    await hangUp(ada);
    await endOf(ada);
    for (const one of [ben, other]) {
      await one.waitFor('one more unread', ({ unreadTotal }) => unreadTotal === count);
      await one.commands.seeCallEnd();
    }
    await ada.commands.seeCallEnd();
  }
  await ben.commands.markRead(toAda, 100);
  await other.waitFor('nothing unread there either', ({ unreadTotal }) => unreadTotal === 0);
  t.equal((await hasCallLines(other, 2)).length, 2, 'the lines stay');
});

t.test('a ring that comes late is a missed call, and rings nowhere', async (t) => {
  await using server = await openTestServer();
  const pair = await makeCallPair(t, server.url);
  const { ada, ben, adas, toBen, net } = pair;
  await ben.close();
  await ada.commands.startCall(toBen, 'video');
  await ringHasLeft(ada, adas);
  const { client: again } = openWithWindow(t, net, { url: server.url, disk: ben.ports.disk, wire: late });
  await openWith(again, 'Ada');
  t.match(await hasCallLines(again, 1), [{ mine: false, outcome: 'missed', media: 'video' }]);
  t.equal(again.state.call, undefined);
  await hangUp(ada);
  await callIs(ada, 'over');
});

t.test('a ring and its end that waited together ring nowhere for long', async (t) => {
  await using server = await openTestServer();
  const pair = await makeCallPair(t, server.url);
  const { ada, ben, adas, toBen, net } = pair;
  await ben.close();
  await ada.commands.startCall(toBen, 'audio');
  await ringHasLeft(ada, adas);
  await hangUp(ada);
  await ringHasLeft(ada, adas);
  const { client: again } = openWithWindow(t, net, { url: server.url, disk: ben.ports.disk });
  await openWith(again, 'Ada');
  t.match(await hasCallLines(again, 1), [{ mine: false, outcome: 'missed' }]);
  await callIs(again, 'over');
});

t.test('somebody who talks is busy, and hears of it', async (t) => {
  await using server = await openTestServer();
  const pair = await makeCallPair(t, server.url);
  const { ada, ben, net } = pair;
  const { link } = await ben.commands.makeInvite();
  const { client: eve } = openWithWindow(t, net, { url: server.url });
  await signUp(eve, 'eve', link);
  const toBen = await openWith(eve, 'Ben');
  await openWith(ben, 'Eve');
  await haveCall(pair);
  await eve.commands.startCall(toBen, 'audio');
  t.equal(await endOf(eve), 'busy');
  t.match(await hasCallLines(ben, 1), [{ mine: false, outcome: 'missed' }]);
  t.equal(ben.state.call?.phase.kind, 'talking');
  t.equal(ada.state.call?.phase.kind, 'talking', 'the call goes on');
  await t.rejects(ben.commands.startCall(pair.toAda, 'audio'), { code: 'call-busy-here' });
});

t.test('of two devices one takes the call, and the other stops ringing', async (t) => {
  await using server = await openTestServer();
  const pair = await makeCallPair(t, server.url);
  const { ada, ben, net, toBen, bensPassphrase } = pair;
  const { client: other } = openWithWindow(t, net, { url: server.url });
  await signIn(other, 'ben', bensPassphrase);
  await openWith(other, 'Ada');
  await ada.commands.startCall(toBen, 'audio');
  await Promise.all([callIs(ben, 'ringing'), callIs(other, 'ringing')]);
  await takeCall(other);
  await callIs(other, 'talking');
  t.equal(await endOf(ben), 'elsewhere');
  t.match(await hasCallLines(ben, 1), [{ outcome: 'elsewhere' }], 'nothing was missed');
  t.equal(ada.state.call?.phase.kind, 'talking');
  await hangUp(other);
  t.equal(await endOf(ada), 'hung-up');
});

t.test('two who call each other at the same moment are in one call', async (t) => {
  await using server = await openTestServer();
  const pair = await makeCallPair(t, server.url);
  const { ada, ben, adas, bens, toBen, toAda } = pair;
  await Promise.all([ada.commands.startCall(toBen, 'audio'), ben.commands.startCall(toAda, 'audio')]);
  const [hers, his] = await Promise.all([callIs(ada, 'talking'), callIs(ben, 'talking')]);
  t.equal(hers.id, his.id);
  t.not(hers.side, his.side);
  for (const window of [adas, bens]) {
    t.notOk(window.asked.includes('endCall'), 'what is on stays on');
    t.equal(window.connections.size, 1, 'of the call that was given up nothing is left');
  }
  await isSeen(adas, bens, 'from ada');
  await isSeen(bens, adas, 'from ben');
  await hangUp(ben);
  t.equal(await endOf(ada), 'hung-up');
  t.ok(adas.asked.includes('endCall') && bens.asked.includes('endCall'));
});

t.test('strangers and blocked people cannot ring, and are not called', async (t) => {
  await using server = await openTestServer();
  const pair = await makeCallPair(t, server.url);
  const { ada, ben, net, toBen, toAda } = pair;
  await using eve = openTestClient({ url: server.url });
  const { link } = await ada.commands.makeInvite();
  await signUp(eve, 'eve', link);
  const eveToBen = await eve.commands.startConversation('ben');
  await t.rejects(eve.commands.startCall(eveToBen, 'audio'), { code: 'person-not-accepted' });
  t.ok(net.windows.length > 0);
  await ben.commands.block(toAda);
  await t.rejects(ben.commands.startCall(toAda, 'audio'), { code: 'person-blocked' });
  await ada.commands.startCall(toBen, 'audio');
  await callIs(ada, 'calling');
  await ada.client.background.settled();
  await hangUp(ada);
  await callIs(ada, 'over');
  t.equal(ben.state.call, undefined, 'nothing rang');
});

t.test('a browser that cannot encrypt calls makes none and takes none', async (t) => {
  await using server = await openTestServer();
  const pair = await makeCallPair(t, server.url);
  pair.bens.isSupported = false;
  await t.rejects(pair.ben.commands.startCall(pair.toAda, 'audio'), { code: 'calls-unsupported' });
  await ringBen(pair);
  await t.rejects(takeCall(pair.ben), { code: 'calls-unsupported' });
  t.notOk(pair.bens.asked.includes('openMedia'));
  await hangUp(pair.ben);
  t.equal(await endOf(pair.ada), 'declined');
  await t.rejects(takeCall(pair.ben), { code: 'calls-unsupported' });
  pair.bens.isSupported = true;
  await t.rejects(takeCall(pair.ben), { code: 'call-over' });
});

t.test('a ring goes on in the tab that takes the account over, and is taken there', async (t) => {
  await using server = await openTestServer();
  const pair = await makeCallPair(t, server.url);
  const { ada, ben, net } = pair;
  await ringBen(pair);
  ben.crash();
  const { client: next } = openWithWindow(t, net, { url: server.url, disk: ben.ports.disk });
  await next.waitFor('signed in', ({ session }) => session.kind === 'signed-in');
  await callIs(next, 'ringing');
  await takeCall(next);
  await callIs(next, 'talking');
  await callIs(ada, 'talking');
  await hangUp(ada);
  t.equal(await endOf(next), 'hung-up');
});

t.test('whoever closes the app in a call hangs up', async (t) => {
  await using server = await openTestServer();
  const pair = await makeCallPair(t, server.url);
  await haveCall(pair);
  await pair.ada.client.close();
  t.equal(await endOf(pair.ben), 'hung-up');
});

t.test('a missed call gives a notice that quotes nothing', async (t) => {
  await using server = await openTestServer();
  const pair = await makeCallPair(t, server.url);
  const { ada, ben } = pair;
  const { clock, shownNotices } = ben.ports;
  await ben.commands.setNotices('full');
  const before = shownNotices.length;
  await ringBen(pair);
  await hangUp(ada);
  while (shownNotices.length === before) await new Promise<void>((resolve) => void clock.after(20, resolve));
  const notice = shownNotices.at(-1);
  t.match(notice, { missedCall: true, name: 'Ada' });
  t.notOk(notice !== undefined && 'text' in notice);
});
