/** What a person has turned off is not told: that something was read, and that one writes. */
import t from 'tap';
import type { ViewState } from '@tacet/client/core/view';
import { makeHostileWire, type HostileWire } from '../support/hostile-wire.ts';
import { isOnline, linesOf, openTestClient, openWith, signUp, textsOf } from '../support/make-client.ts';
import { openTestServer } from '../support/open-test-server.ts';

t.setTimeout(180_000);

/** Two people who talk, and all that the first one's client says on its sockets. */
async function openTalk(url: string) {
  const wire = makeHostileWire();
  const ada = openTestClient({ url, wire });
  await signUp(ada, 'ada');
  const ben = openTestClient({ url });
  await signUp(ben, 'ben', (await ada.commands.makeInvite()).link);
  const toBen = await openWith(ada, 'Ben');
  const toAda = await openWith(ben, 'Ada');
  return { wire, ada, ben, toBen, toAda };
}

function deliveryOf(state: ViewState, text: string): string | undefined {
  return linesOf(state).find((line) => line.text === text)?.delivery.kind;
}

/** Sends that are for whoever is online now and are never kept: typing, and nothing else. */
function passing({ said }: HostileWire): number {
  return said.filter((frame) => frame.kind === 'send' && 'online' in frame && frame.online === true).length;
}

t.test(
  'without read receipts nobody learns what was read, not even when they are turned on later',
  async (t) => {
    await using server = await openTestServer();
    const { ada, ben, toBen, toAda } = await openTalk(server.url);
    t.teardown(() => Promise.all([ada.close(), ben.close()]));
    const read = async (text: string): Promise<void> => {
      const seen = await ada.waitFor(text, (state) => textsOf(state).includes(text));
      await ada.commands.markRead(toBen, linesOf(seen).at(-1)?.order ?? 0);
      await ada.waitFor('nothing unread', ({ unreadTotal }) => unreadTotal === 0);
    };
    await ada.commands.setPrivacy({ readReceipts: false });
    await ben.commands.sendText(toAda, 'read in silence');
    await read('read in silence');
    await ada.commands.sendText(toBen, 'an answer');
    await ben.waitFor('the answer', (state) => textsOf(state).includes('an answer'));

    // Receipts leave in their order, and those that wait together leave together: what comes with the next one has told all before.
    await ada.commands.setPrivacy({ readReceipts: true });
    await ben.commands.sendText(toAda, 'read openly');
    await read('read openly');
    const told = await ben.waitFor(
      'the second to be read',
      (state) => deliveryOf(state, 'read openly') === 'read',
    );
    t.equal(deliveryOf(told, 'read in silence'), 'delivered');
  },
);

t.test('without typing nothing leaves while one writes', async (t) => {
  await using server = await openTestServer();
  const { wire, ada, ben, toBen } = await openTalk(server.url);
  t.teardown(() => Promise.all([ada.close(), ben.close()]));
  await isOnline(ben);
  let seen = 0;
  const detach = ben.client.attach(({ open }) => {
    if (open?.typing === true) seen += 1;
  });
  t.teardown(() => detach.close());
  await detach.commands.openConversation(ben.state.open?.id);
  await ada.commands.setTyping(toBen, true);
  await ben.waitFor('that she writes', ({ open }) => open?.typing === true);
  await ada.commands.sendText(toBen, 'written openly');
  await ben.waitFor(
    'it',
    (state) => textsOf(state).includes('written openly') && state.open?.typing === false,
  );
  await ada.client.background.settled();
  const before = { said: passing(wire), seen };
  t.ok(before.said > 0 && before.seen > 0, 'what is counted is there to be counted');

  await ada.commands.setPrivacy({ typing: false });
  await ada.commands.setTyping(toBen, true);
  await ada.commands.setTyping(toBen, false);
  await ada.client.background.settled();
  await ada.commands.sendText(toBen, 'written unseen');
  await ben.waitFor('it', (state) => textsOf(state).includes('written unseen'));
  t.same({ said: passing(wire), seen }, before, 'nothing left, and nothing was shown');
});
