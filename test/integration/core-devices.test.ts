/** Several devices of one account: sign-in, fan-out to all devices of both people, what is read here is read there, leaving. */
import t from 'tap';
import {
  accountOf,
  hasContact,
  isOnline,
  linesOf,
  makePair,
  openTestClient,
  openWith,
  textsOf,
  type TestClient,
} from '../support/make-client.ts';
import { openTestServer } from '../support/open-test-server.ts';

/** A second device of somebody who is signed in elsewhere. */
async function signInAgain(url: string, username: string, passphrase: string): Promise<TestClient> {
  const client = openTestClient({ url });
  await client.waitFor('signed out', ({ session }) => session.kind === 'signed-out');
  await client.commands.signIn({ username, passphrase });
  await isOnline(client);
  return client;
}

t.test('a second device gets contacts and everything that is sent from then on, both ways', async (t) => {
  await using server = await openTestServer();
  const { ada, ben, adasPassphrase } = await makePair(server.url);
  const adaToo = await signInAgain(server.url, 'ada', adasPassphrase);
  t.teardown(() => Promise.all([ada.close(), ben.close(), adaToo.close()]));

  const toBen = await openWith(ada, 'Ben');
  t.equal(accountOf(adaToo), accountOf(ada));
  t.equal(await openWith(adaToo, 'Ben'), toBen, 'the contact came with the account record');
  const toAda = await openWith(ben, 'Ada');

  await ben.commands.sendText(toAda, 'to both of your devices');
  await ada.waitFor('on the first device', (state) => textsOf(state).includes('to both of your devices'));
  await adaToo.waitFor('on the second', (state) => textsOf(state).includes('to both of your devices'));

  await adaToo.commands.sendText(toBen, 'from the second');
  await ben.waitFor('from the second device', (state) => textsOf(state).includes('from the second'));
  await ada.waitFor('the copy', (state) => textsOf(state).includes('from the second'));
  t.ok(linesOf(ada.state).find(({ text }) => text === 'from the second')?.mine, 'shown as sent by her');

  await ada.commands.sendText(toBen, 'from the first');
  await ben.waitFor('from the first device', (state) => textsOf(state).includes('from the first'));
  await adaToo.waitFor('the copy', (state) => textsOf(state).includes('from the first'));
  t.equal(ben.state.conversations.length, 1, 'two devices are one person');

  for (const client of [ada, ben, adaToo]) t.strictSame(client.client.background.failures, []);
});

t.test('what is read on one device is read on the other', async (t) => {
  await using server = await openTestServer();
  const { ada, ben, adasPassphrase } = await makePair(server.url);
  const adaToo = await signInAgain(server.url, 'ada', adasPassphrase);
  t.teardown(() => Promise.all([ada.close(), ben.close(), adaToo.close()]));
  const toBen = await openWith(ada, 'Ben');
  await hasContact(adaToo, 'Ben');

  await ben.commands.sendText(await openWith(ben, 'Ada'), 'read me once');
  await ada.waitFor('unread here', ({ unreadTotal }) => unreadTotal === 1);
  await adaToo.waitFor('unread there', ({ unreadTotal }) => unreadTotal === 1);
  await ada.commands.markRead(toBen, linesOf(ada.state)[0]?.order ?? 0);
  await adaToo.waitFor('read there too', ({ unreadTotal }) => unreadTotal === 0);
  const told = await ben.waitFor('a read receipt', (state) => linesOf(state)[0]?.delivery.kind === 'read');
  t.equal(told.unreadTotal, 0);
});

t.test('a device that signs out is left out, and its person can sign in anew', async (t) => {
  await using server = await openTestServer();
  const { ada, ben, adasPassphrase } = await makePair(server.url);
  const adaToo = await signInAgain(server.url, 'ada', adasPassphrase);
  t.teardown(() => Promise.all([ada.close(), ben.close(), adaToo.close()]));
  const toAda = await openWith(ben, 'Ada');
  await openWith(ada, 'Ben');
  await ben.commands.sendText(toAda, 'before');
  await ada.waitFor('before', (state) => textsOf(state).includes('before'));

  await adaToo.commands.signOut();
  t.same(adaToo.state.session, { kind: 'ended', why: 'signed-out' });
  t.equal(adaToo.ports.disk.databases.size, 0, 'its data is gone');
  await ben.commands.sendText(toAda, 'after');
  await ada.waitFor('after', (state) => textsOf(state).includes('after'));

  await adaToo.commands.signIn({ username: 'ada', passphrase: adasPassphrase });
  await isOnline(adaToo);
  await openWith(adaToo, 'Ben');
  await ben.commands.sendText(toAda, 'welcome back');
  await adaToo.waitFor('welcome back', (state) => textsOf(state).includes('welcome back'));
  t.strictSame(ben.client.background.failures, []);
});

t.test('a weak passphrase of a person is refused, a generated one never', async (t) => {
  await using server = await openTestServer();
  const ada = openTestClient({ url: server.url });
  t.teardown(() => ada.close());
  await ada.waitFor('signed out', ({ session }) => session.kind === 'signed-out');
  const request = { username: 'ada', name: 'Ada', invite: undefined };
  await t.rejects(ada.commands.signUp({ ...request, passphrase: 'password1234' }), {
    code: 'passphrase-weak',
  });
  const passphrase = await ada.commands.suggestPassphrase();
  t.equal((await ada.commands.estimatePassphrase(passphrase)).enough, true);
  await ada.commands.signUp({ ...request, passphrase });
  await isOnline(ada);
});
