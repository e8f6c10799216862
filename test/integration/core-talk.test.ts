/** Two people talk: real clients of core, the real server, the real Signal engine. */
import t from 'tap';
import { openTestServer } from '../support/open-test-server.ts';
import {
  accountOf,
  hasContact,
  linesOf,
  makePair,
  openTestClient,
  openWith,
  signUp,
  textsOf,
} from '../support/make-client.ts';
import { nativeEngine } from '../support/native-engine.ts';

t.test('two people meet by an invite and exchange messages both ways', async (t) => {
  await using server = await openTestServer();
  const { ada, ben } = await makePair(server.url);
  t.teardown(() => Promise.all([ada.close(), ben.close()]));

  const toBen = await openWith(ada, 'Ben');
  const toAda = await openWith(ben, 'Ada');
  t.equal(toBen, accountOf(ben));
  t.equal(toAda, accountOf(ada));

  await ada.commands.sendText(toBen, 'Hello Ben');
  await ben.waitFor('the first message', (state) => textsOf(state).includes('Hello Ben'));
  await ben.commands.sendText(toAda, 'Hello Ada');
  await ada.waitFor('the answer', (state) => textsOf(state).includes('Hello Ada'));
  t.strictSame(textsOf(ada.state), ['Hello Ben', 'Hello Ada']);
  t.strictSame(textsOf(ben.state), ['Hello Ben', 'Hello Ada']);

  await ada.waitFor('delivered', (state) => linesOf(state)[0]?.delivery.kind === 'delivered');
  const [line] = linesOf(ben.state);
  await ben.commands.markRead(toAda, line?.order ?? 0);
  await ada.waitFor('read', (state) => linesOf(state)[0]?.delivery.kind === 'read');
  t.strictSame(
    [...ada.client.background.failures, ...ben.client.background.failures],
    [],
    'nothing failed in the background',
  );
});

t.test('both sides of an invite show how the key came to be believed', async (t) => {
  await using server = await openTestServer();
  const { ada, ben } = await makePair(server.url);
  t.teardown(() => Promise.all([ada.close(), ben.close()]));
  await hasContact(ada, 'Ben');
  const shown = (state: typeof ada.state): unknown => state.conversations[0]?.person.trust;
  t.equal(shown(ada.state), 'by-invite');
  t.equal(shown(ben.state), 'by-invite');
});

t.test('core runs on the native engine as on its own, and the two understand each other', async (t) => {
  await using server = await openTestServer();
  const ada = openTestClient({ url: server.url, engine: nativeEngine });
  await signUp(ada, 'ada');
  const { link } = await ada.commands.makeInvite();
  const ben = openTestClient({ url: server.url });
  t.teardown(() => Promise.all([ada.close(), ben.close()]));
  await signUp(ben, 'ben', link);
  const toAda = await openWith(ben, 'Ada');
  const toBen = await openWith(ada, 'Ben');
  for (let i = 0; i < 5; i += 1) {
    await ada.commands.sendText(toBen, `native ${i}`);
    await ben.waitFor(`native ${i}`, (state) => textsOf(state).includes(`native ${i}`));
    await ben.commands.sendText(toAda, `own ${i}`);
    await ada.waitFor(`own ${i}`, (state) => textsOf(state).includes(`own ${i}`));
  }
  t.equal(textsOf(ada.state).length, 10);
  t.strictSame([...ada.client.background.failures, ...ben.client.background.failures], []);
});

t.test('somebody with an account follows an invite and meets the inviter', async (t) => {
  await using server = await openTestServer();
  const [ada, ben] = [openTestClient({ url: server.url }), openTestClient({ url: server.url })];
  t.teardown(() => Promise.all([ada.close(), ben.close()]));
  await signUp(ada, 'ada');
  await signUp(ben, 'ben');
  const { link } = await ada.commands.makeInvite();
  await t.rejects(ada.commands.followInvite(link), { code: 'invite-own' });
  t.equal((await ben.commands.readInvite(link)).inviterUsername, 'ada');
  t.equal(await ben.commands.followInvite(link), accountOf(ada));
  const toAda = await openWith(ben, 'Ada');
  await ben.commands.sendText(toAda, 'found you');
  const toBen = await openWith(ada, 'Ben');
  await ada.waitFor('found you', (state) => textsOf(state).includes('found you'));
  await ada.commands.sendText(toBen, 'so you have');
  await ben.waitFor('the answer', (state) => textsOf(state).includes('so you have'));
});

t.test('a new name reaches contacts', async (t) => {
  await using server = await openTestServer();
  const { ada, ben } = await makePair(server.url);
  t.teardown(() => Promise.all([ada.close(), ben.close()]));
  await ada.commands.setName('Ada Lovelace');
  await hasContact(ben, 'Ada Lovelace');
  await ada.waitFor(
    'her own name',
    ({ session }) => session.kind === 'signed-in' && session.me.name === 'Ada Lovelace',
  );
  t.equal(ben.state.conversations.length, 1);
});

t.test(
  'a text that is too long, and a conversation that is none, are refused in words of the catalogue',
  async (t) => {
    await using server = await openTestServer();
    const { ada, ben } = await makePair(server.url);
    t.teardown(() => Promise.all([ada.close(), ben.close()]));
    const toBen = await openWith(ada, 'Ben');
    await t.rejects(ada.commands.sendText(toBen, 'x'.repeat(16_001)), { code: 'text-too-long' });
    await t.rejects(ada.commands.sendText(toBen, ''), { code: 'text-too-long' });
    await t.rejects(ada.commands.sendText(accountOf(ada), 'to myself'), { code: 'conversation-unknown' });
    await ada.commands.sendText(toBen, '\u6f22'.repeat(16_000));
    await openWith(ben, 'Ada');
    await ben.waitFor('the longest text', (state) => textsOf(state)[0]?.length === 16_000);
    t.equal(textsOf(ben.state).length, 1);
  },
);
