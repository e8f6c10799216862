/** Notifications as core decides on them: when, about whom, and how much they may say. */
import { setTimeout as delay } from 'node:timers/promises';
import t from 'tap';
import { openTestServer } from '../support/open-test-server.ts';
import {
  hasContact,
  makePair,
  openTestClient,
  openWith,
  signUp,
  type TestClient,
} from '../support/make-client.ts';
import { makeSpokenPair } from '../support/spoken-pair.ts';

/** How long messages are gathered, and what stands for it where a person is looking away meanwhile, ms. */
const GATHER_MS = 200;
const TURNING_MS = 2_000;

/** Waits until a client was to notify `count` times in all, and gives what it was to show and take back. */
async function noticesOf(client: TestClient, count: number): Promise<TestClient['ports']['shownNotices']> {
  const { clock, shownNotices } = client.ports;
  while (shownNotices.length < count) await new Promise<void>((resolve) => void clock.after(20, resolve));
  return shownNotices;
}

t.test('a notice says no more than the level allows, and the level outlives a restart', async (t) => {
  await using server = await openTestServer();
  const { ada, ben } = await makePair(server.url);
  t.teardown(() => ada.close());
  const toBen = await openWith(ada, 'Ben');
  await hasContact(ben, 'Ada');
  const tell = async (text: string): Promise<void> => {
    await ada.commands.sendText(toBen, text);
    await ben.waitFor(text, ({ conversations }) => conversations[0]?.last?.text === text);
  };
  t.equal(ben.state.notices, 'private');
  await tell('one');
  const [first] = await noticesOf(ben, 1);
  t.match(first, { token: /^[\w-]{22}$/, count: 1 });
  t.strictSame(Object.keys(first ?? {}).toSorted(), ['count', 'token']);
  await ben.commands.setNotices('name');
  await tell('two');
  const [, second] = await noticesOf(ben, 2);
  t.match(second, { count: 2, name: 'Ada' });
  t.notOk(second !== undefined && 'text' in second);
  await ben.commands.setNotices('full');
  await tell('three');
  t.match((await noticesOf(ben, 3))[2], { name: 'Ada', text: 'three' });
  await ben.commands.setNotices('none');
  await tell('four');
  await ben.close();

  await using again = openTestClient({ url: server.url, disk: ben.ports.disk });
  await again.waitFor('signed in', ({ session }) => session.kind === 'signed-in');
  t.equal(again.state.notices, 'none');
  const id = await hasContact(again, 'Ada');
  t.equal(await again.commands.findNoticed('A'.repeat(22)), undefined);
  const { token } = first as { readonly token: string };
  t.equal(await again.commands.findNoticed(token), id);
  await again.commands.markRead(id, 100);
  t.strictSame(await noticesOf(again, 1), [{ withdrawn: token }]);
});

t.test('whoever looks at a view is told of nothing, and a stranger is never named', async (t) => {
  await using server = await openTestServer();
  const { ada, ben } = await makePair(server.url);
  t.teardown(() => Promise.all([ada.close(), ben.close()]));
  await ben.commands.setNotices('full');
  const view = ben.client.attach(() => undefined);
  view.attend({ visible: true, focused: true });
  await ada.commands.sendText(await openWith(ada, 'Ben'), 'seen');
  await ben.waitFor('it', ({ unreadTotal }) => unreadTotal === 1);
  await delay(500);
  view.attend({ visible: true, focused: false });

  const { link } = await ada.commands.makeInvite();
  await using eve = openTestClient({ url: server.url });
  await signUp(eve, 'eve', link);
  const toBen = await eve.commands.startConversation('ben');
  await eve.commands.sendText(toBen, 'you do not know me');
  await ben.waitFor('a request', ({ conversations }) =>
    conversations.some(({ state }) => state === 'request'),
  );
  const notices = await noticesOf(ben, 1);
  t.strictSame(
    notices.map((notice) => Object.keys(notice).toSorted()),
    [['count', 'token']],
    'one notice, of the stranger, without name and text',
  );
  view.close();
});

t.test('what comes while the person is just looking away is told of, and what he reads is not', async (t) => {
  await using server = await openTestServer();
  // He takes long to turn away: on a slow machine nobody would know when it was.
  const bens = { timerMs: (delayMs: number) => (delayMs === GATHER_MS ? TURNING_MS : delayMs) };
  const { ada, ben, toBen, toAda } = await makeSpokenPair(server.url, { bens });
  t.teardown(() => Promise.all([ada.close(), ben.close()]));
  const view = ben.client.attach(() => undefined);
  t.teardown(() => view.close());
  const comes = async (text: string): Promise<void> => {
    await ada.commands.sendText(toBen, text);
    await ben.waitFor(text, ({ conversations }) => conversations[0]?.last?.text === text);
  };
  const told = () => ben.ports.shownNotices.filter((notice) => 'count' in notice);
  view.attend({ visible: true, focused: true });
  await delay(2 * TURNING_MS);
  const before = told().length;
  await comes('read at once');
  await ben.commands.markRead(toAda, 100);
  view.attend({ visible: false, focused: false });
  await delay(2 * TURNING_MS);
  t.equal(told().length, before);
  view.attend({ visible: true, focused: true });
  await comes('in the moment of going');
  view.attend({ visible: false, focused: false });
  while (told().length === before) await delay(20);
  t.match(told().slice(before), [{ count: 1 }]);
});
