/** Calls between real cores over a real server, from the ring to what is heard, and every way in which a ring ends. */
import t from 'tap';
import { openTestServer } from '../support/open-test-server.ts';
import { callIs, endOf, hangUp, hasCallLines, isSeen, makeCallPair, takeCall } from '../support/make-call.ts';

t.test('a call is taken, both see what the other sends, and one hangs up', async (t) => {
  await using server = await openTestServer();
  const pair = await makeCallPair(t, server.url);
  const { ada, ben, adas, bens } = pair;
  const unread = ben.state.unreadTotal;
  await ada.commands.startCall(pair.toBen, 'video');
  await callIs(ada, 'calling', ({ phase }) => phase.kind === 'calling' && phase.heard);
  const rings = await callIs(ben, 'ringing');
  t.match(rings, {
    conversation: pair.toAda,
    side: 'callee',
    media: 'video',
    code: undefined,
    way: undefined,
  });
  await takeCall(ben);
  const [here, there] = [await callIs(ada, 'talking'), await callIs(ben, 'talking')];
  t.match([here.way, there.way], ['direct', 'direct']);
  await isSeen(adas, bens, 'from ada');
  await isSeen(bens, adas, 'from ben');
  const { code } = await callIs(ben, 'talking', (call) => call.code !== undefined);
  t.match(code, /^\d{6}$/);
  t.equal(here.code, code, 'both show one code');
  adas.tell({ kind: 'on', microphone: true, camera: false, screen: true });
  await callIs(ben, 'talking', ({ theirs }) => theirs.microphone && theirs.screen && !theirs.camera);
  await hangUp(ada);
  t.equal(await endOf(ada), 'hung-up');
  t.equal(await endOf(ben), 'hung-up');
  t.match(await hasCallLines(ada, 1), [{ mine: true, outcome: 'hung-up', media: 'video' }]);
  t.match(await hasCallLines(ben, 1), [{ mine: false, outcome: 'hung-up' }]);
  t.ok(bens.asked.includes('endCall') && adas.asked.includes('endCall'));
  t.equal(ben.state.unreadTotal, unread, 'nothing was missed');
  await ben.commands.seeCallEnd();
  t.equal(ben.state.call, undefined);
  t.strictSame([...ada.client.background.failures, ...ben.client.background.failures], []);
});
