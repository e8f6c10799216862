/** What a client looks after by itself: prekeys, the account record between devices, clocks that are wrong. */
import t from 'tap';
import { AnonymousConnection } from '@tacet/client/core/transport/anonymous';
import { parseInviteLink } from '@tacet/client/core/account/invites';
import { idBytes } from '@tacet/protocol/ids';
import {
  accountOf,
  hasContact,
  isOnline,
  linesOf,
  makePair,
  openTestClient,
  openWith,
  readAll,
  signUp,
  textsOf,
} from '../support/make-client.ts';
import { makeHostileWire } from '../support/hostile-wire.ts';
import { openTestServer } from '../support/open-test-server.ts';

t.setTimeout(600_000);

t.test('one-time prekeys are refilled before they run out', async (t) => {
  await using server = await openTestServer();
  const wire = makeHostileWire();
  const ada = openTestClient({ url: server.url, wire });
  const anonymous = new AnonymousConnection(ada.ports.openSocket, ada.ports.clock);
  t.teardown(() => {
    anonymous.stop();
    return ada.close();
  });
  await signUp(ada, 'ada');
  const { link } = await ada.commands.makeInvite();
  const deliveryKey = parseInviteLink(link, server.url).secrets!.deliveryKey;
  const { session } = ada.state;
  if (session.kind !== 'signed-in') throw new Error('not signed in');
  const refilled = new Promise<number>((resolve) => {
    wire.answer = (request, reply) => {
      if (request.path === '/v1/keys' && request.method === 'PUT') {
        resolve((JSON.parse(reply.body) as { oneTime: { ids: unknown[] } }).oneTime.ids.length);
      }
      return reply;
    };
  });
  const ids = new Set<number>();
  for (let i = 0; i < 82; i += 1) {
    const answer = await anonymous.request({
      kind: 'fetch-bundles',
      account: idBytes(accountOf(ada)),
      deliveryKey,
      devices: [idBytes(session.me.device)],
    });
    if (answer.kind === 'bundles') ids.add(answer.bundles[0]?.oneTime?.id ?? 0);
  }
  t.ok(ids.size >= 81, 'each key left once');
  t.ok((await refilled) > 100, 'a batch of 100 was added');
});

t.test('two devices that change the account record at the same time lose neither change', async (t) => {
  await using server = await openTestServer();
  const ada = openTestClient({ url: server.url });
  const { passphrase } = await signUp(ada, 'ada');
  const adaToo = openTestClient({ url: server.url });
  await adaToo.waitFor('signed out', ({ session }) => session.kind === 'signed-out');
  await adaToo.commands.signIn({ username: 'ada', passphrase });
  await isOnline(adaToo);
  t.teardown(() => Promise.all([ada.close(), adaToo.close()]));
  const links = await Promise.all([
    ada.commands.makeInvite(),
    adaToo.commands.makeInvite(),
    ada.commands.makeInvite(),
    adaToo.commands.makeInvite(),
  ]);
  for (const [i, { link }] of links.entries()) {
    await using guest = openTestClient({ url: server.url });
    await signUp(guest, `guest${i}`, link);
    await hasContact(guest, 'Ada');
    await hasContact(ada, `Guest${i}`);
    await hasContact(adaToo, `Guest${i}`);
  }
  t.equal(ada.state.conversations.length, 4);
  t.equal(adaToo.state.conversations.length, 4);
  t.ok(ada.state.conversations.every(({ person }) => person.trust === 'by-invite'));
  t.strictSame([...ada.client.background.failures, ...adaToo.client.background.failures], []);
});

t.test('people whose clocks are a year apart still talk', async (t) => {
  await using server = await openTestServer();
  const year = 365 * 24 * 60 * 60_000;
  const ada = openTestClient({ url: server.url, skewMs: () => year });
  await signUp(ada, 'ada');
  const { link } = await ada.commands.makeInvite();
  const ben = openTestClient({ url: server.url, skewMs: () => -year });
  await signUp(ben, 'ben', link);
  t.teardown(() => Promise.all([ada.close(), ben.close()]));
  const toAda = await openWith(ben, 'Ada');
  const toBen = await openWith(ada, 'Ben');
  for (let i = 0; i < 3; i += 1) {
    await ada.commands.sendText(toBen, `from the future ${i}`);
    await ben.waitFor('it', (state) => textsOf(state).includes(`from the future ${i}`));
    await ben.commands.sendText(toAda, `from the past ${i}`);
    await ada.waitFor('it', (state) => textsOf(state).includes(`from the past ${i}`));
  }
  t.equal(textsOf(ada.state).length, 6);
});

t.test('a long backlog comes whole and in order', async (t) => {
  await using server = await openTestServer();
  const { ada, ben } = await makePair(server.url);
  t.teardown(() => ada.close());
  const toBen = await openWith(ada, 'Ben');
  await hasContact(ben, 'Ada');
  await ben.close();
  const expected = Array.from({ length: 300 }, (_, i) => `message ${i}`);
  for (const text of expected) await ada.commands.sendText(toBen, text);
  await ada.waitFor('all sent', (state) => linesOf(state).every(({ delivery }) => delivery.kind === 'sent'));
  await using again = openTestClient({ url: server.url, disk: ben.ports.disk });
  await isOnline(again);
  const toAda = await openWith(again, 'Ada');
  await again.waitFor('the newest', ({ conversations }) => conversations[0]?.last?.text === 'message 299');
  t.equal(again.state.unreadTotal, 300);
  await again.commands.openConversation(toAda, { to: 'latest' });
  const shown = await readAll(again, toAda);
  t.strictSame(
    shown.map(({ text }) => text),
    expected,
  );
});
