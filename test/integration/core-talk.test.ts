/** Two people talk: real clients of core, the real server, the real Signal engine. */
import t from 'tap';
import { openTestServer } from '../support/open-test-server.ts';
import { accountOf, hasContact, linesOf, makePair, openWith, textsOf } from '../support/make-client.ts';

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
