/** Finding people by name, requests of strangers, blocking: real clients of core and the real server. */
import t, { type Test } from 'tap';
import { introduce, strangerBundles } from '@tacet/protocol/rest/people';
import { encodeB64u } from '@tacet/protocol/bytes';
import {
  accountOf,
  hasContact,
  isOnline,
  linesOf,
  makePair,
  openTestClient,
  openWith,
  reconnect,
  signIn,
  signUp,
  textsOf,
  type TestClient,
} from '../support/make-client.ts';
import { makeHostileWire, type HostileWire } from '../support/hostile-wire.ts';
import type { Wire } from '../support/node-ports.ts';
import { openTestServer } from '../support/open-test-server.ts';

t.setTimeout(300_000);

/** Two people of one server who do not know each other. */
async function makeStrangers(
  t: Test,
  url: string,
): Promise<{ readonly ada: TestClient; readonly ben: TestClient }> {
  const ada = openTestClient({ url });
  t.teardown(() => ada.close());
  await signUp(ada, 'ada');
  const ben = openTestClient({ url });
  t.teardown(() => ben.close());
  await signUp(ben, 'ben');
  return { ada, ben };
}

t.test('somebody found by name gets a request and decides; nothing goes back before', async (t) => {
  await using server = await openTestServer();
  const { ada, ben } = await makeStrangers(t, server.url);
  const toAda = await ben.commands.startConversation(' Ada ');
  t.equal(toAda, accountOf(ada));
  await ben.commands.openConversation(toAda);
  await ben.waitFor('an empty conversation', ({ open }) => open?.id === toAda && open.state === 'new');
  t.equal(ben.state.open?.person.name, 'ada', 'by the name that was looked up');
  t.strictSame(ada.state.conversations, [], 'looking somebody up tells nothing');

  await ben.commands.sendText(toAda, 'Hello, we met on Monday');
  const fromBen = accountOf(ben);
  await ada.waitFor('the request', ({ conversations }) =>
    conversations.some(({ id, state, last }) => id === fromBen && state === 'request' && last !== undefined),
  );
  await ada.commands.openConversation(fromBen);
  await ada.waitFor('the message', (state) => textsOf(state).length === 1);
  await ada.commands.markRead(fromBen, 1);
  await ada.commands.setTyping(fromBen, true);
  await ben.waitFor('sent', (state) => linesOf(state)[0]?.delivery.kind === 'sent');

  await ada.commands.acceptRequest(fromBen);
  await hasContact(ben, 'Ada');
  t.equal(linesOf(ben.state)[0]?.delivery.kind, 'sent', 'that it was read before stays unsaid');
  await ben.commands.sendText(toAda, 'Thank you');
  await ada.waitFor('the second', (state) => textsOf(state).length === 2);
  await ben.waitFor('now with acknowledgement', (state) => linesOf(state)[1]?.delivery.kind === 'delivered');
  await hasContact(ada, 'Ben');
  t.strictSame([...ada.client.background.failures, ...ben.client.background.failures], []);
});

t.test(
  'tries that reach nobody use up nothing: who was written to offline has the name with the text',
  async () => {
    await using server = await openTestServer();
    const wire = makeHostileWire();
    await using ada = openTestClient({ url: server.url, wire });
    await signUp(ada, 'ada');
    await using ben = openTestClient({ url: server.url });
    await signUp(ben, 'ben');
    const toBen = await ada.commands.startConversation('ben');
    const isTry = ({ path }: { readonly path: string }): boolean =>
      path === introduce.path || path === strangerBundles.path;
    wire.rewrite = (request) => (isTry(request) ? undefined : request);
    const texts = Array.from({ length: 15 }, (_, i) => `text ${i}`);
    for (const [i, text] of texts.entries()) {
      await ada.commands.sendText(toBen, text);
      await wire.when('another try', () => wire.asked.filter(isTry).length > i);
    }
    wire.behave();
    await reconnect(ada);
    const fromAda = accountOf(ada);
    await ben.waitFor('the request', ({ conversations }) => conversations.some(({ id }) => id === fromAda));
    await ben.commands.openConversation(fromAda);
    await ben.waitFor('every text', (state) => texts.every((text) => textsOf(state).includes(text)));
    await ben.waitFor('her name', (state) => state.open?.person.name === 'Ada');
  },
);

t.test('writing to somebody who asked accepts him', async (t) => {
  await using server = await openTestServer();
  const { ada, ben } = await makeStrangers(t, server.url);
  const toAda = await ben.commands.startConversation('ada');
  await ben.commands.sendText(toAda, 'Hello');
  const fromBen = accountOf(ben);
  await ada.waitFor('the request', ({ conversations }) => conversations.some(({ id }) => id === fromBen));
  await ada.commands.sendText(fromBen, 'Hello yourself');
  await openWith(ben, 'Ada');
  await ben.waitFor('the answer', (state) => textsOf(state).includes('Hello yourself'));
  await hasContact(ada, 'Ben');
});

t.test('two people who look each other up at the same time meet in one conversation', async (t) => {
  await using server = await openTestServer();
  const { ada, ben } = await makeStrangers(t, server.url);
  const [toAda, toBen] = [
    await ben.commands.startConversation('ada'),
    await ada.commands.startConversation('ben'),
  ];
  await Promise.all([ben.commands.sendText(toAda, 'from Ben'), ada.commands.sendText(toBen, 'from Ada')]);
  await openWith(ada, 'Ben');
  await openWith(ben, 'Ada');
  const both = ['from Ada', 'from Ben'];
  for (const client of [ada, ben]) {
    await client.waitFor('both', (state) => textsOf(state).length === 2);
    t.strictSame(textsOf(client.state).toSorted(), both);
    t.equal(client.state.conversations.length, 1);
  }
});

t.test('names that nobody has, that are no names, and the own one are refused in words', async (t) => {
  await using server = await openTestServer();
  const { ada } = await makeStrangers(t, server.url);
  await t.rejects(ada.commands.startConversation('nobody'), { code: 'account-unknown' });
  await t.rejects(ada.commands.startConversation('not a name'), { code: 'account-unknown' });
  await t.rejects(ada.commands.startConversation('ADA'), { code: 'username-own' });
  t.strictSame(ada.state.conversations, []);
});

/** The smallest file that passes for a picture: a frame header of a small size and a scan. */
const PICTURE = Uint8Array.from([
  0xff, 0xd8, 0xff, 0xc0, 0, 11, 8, 0, 96, 0, 96, 1, 1, 0x11, 0, 0xff, 0xda, 0, 8, 1, 1, 0, 0, 63, 0, 1, 0xff,
  0xd9,
]);

t.test('a picture reaches contacts and own devices, is replaced and taken away', async (t) => {
  await using server = await openTestServer();
  const { ada, ben, adasPassphrase } = await makePair(server.url);
  const desk = openTestClient({ url: server.url });
  t.teardown(() => Promise.all([ada.close(), ben.close(), desk.close()]));
  const adas = accountOf(ada);
  await ada.commands.setPicture(PICTURE);
  const named = await ben.waitFor(
    'a picture',
    ({ conversations }) => conversations[0]?.person.picture !== undefined,
  );
  t.strictSame(await ben.commands.readPicture(adas), PICTURE);
  await signIn(desk, 'ada', adasPassphrase);
  await desk.waitFor(
    'signed in',
    ({ session }) => session.kind === 'signed-in' && session.me.picture !== undefined,
  );
  t.strictSame(await desk.commands.readPicture(adas), PICTURE, 'from the record');

  const other = PICTURE.with(25, 2);
  await desk.commands.setPicture(other);
  const before = named.conversations[0]?.person.picture;
  await ben.waitFor('another picture', ({ conversations }) => conversations[0]?.person.picture !== before);
  t.strictSame(await ben.commands.readPicture(adas), other);
  await ada.waitFor(
    'the other device too',
    ({ session }) => session.kind === 'signed-in' && session.me.picture !== before,
  );

  await ada.commands.setPicture(undefined);
  await ben.waitFor('none', ({ conversations }) => conversations[0]?.person.picture === undefined);
  t.equal(await ben.commands.readPicture(adas), undefined);
  await t.rejects(ada.commands.setPicture(Buffer.from('<svg/>')), { code: 'picture-unfit' });
});

/** Resolves when everything that waited for a client has been delivered and acknowledged. */
function backlogOf(wire: HostileWire): Promise<void> {
  const from = wire.delivered.length;
  const acknowledged = new Set<string>();
  let isDrained = false;
  return new Promise((resolve) => {
    const look = (): void => {
      const ids = wire.delivered.slice(from).map(({ id }) => encodeB64u(id));
      if (isDrained && ids.every((id) => acknowledged.has(id))) resolve();
    };
    wire.change = (frame) => {
      if (frame.kind === 'drained') isDrained = true;
      look();
      return [frame];
    };
    wire.swallow = (frame) => {
      if (frame.kind === 'acknowledge') {
        for (const id of (frame as unknown as { envelopes: Uint8Array[] }).envelopes)
          acknowledged.add(encodeB64u(id));
      }
      look();
      return false;
    };
  });
}

t.test('a block reaches all own devices, and nothing goes out or comes in on any of them', async (t) => {
  await using server = await openTestServer();
  const { ada, ben, adasPassphrase } = await makePair(server.url);
  const wire = makeHostileWire();
  const desk = openTestClient({ url: server.url, wire });
  t.teardown(() => Promise.all([ada.close(), ben.close(), desk.close()]));
  await signIn(desk, 'ada', adasPassphrase);
  const toBen = await openWith(desk, 'Ben');
  await openWith(ada, 'Ben');
  const toAda = await openWith(ben, 'Ada');
  await ada.commands.block(toBen);
  for (const client of [ada, desk]) {
    await client.waitFor('blocked', ({ open }) => open?.state === 'blocked');
    await t.rejects(client.commands.sendText(toBen, 'after all'), { code: 'person-blocked' });
  }
  desk.ports.setNetwork(false);
  await ben.commands.sendText(toAda, 'into the void');
  await ben.waitFor('taken by the server', (state) => linesOf(state)[0]?.delivery.kind === 'sent');
  const isWorkedOff = backlogOf(wire);
  desk.ports.setNetwork(true);
  await isOnline(desk);
  await isWorkedOff;
  await ada.commands.setName('Ada Byron');
  await desk.commands.unblock(toBen);
  await ada.waitFor('unblocked', ({ open }) => open?.state === 'accepted');
  await desk.commands.sendText(toBen, 'here again');
  await ben.waitFor('the answer', (state) => textsOf(state).includes('here again'));
  await hasContact(ben, 'Ada Byron');
  await ben.commands.sendText(toAda, 'good');
  for (const client of [ada, desk]) {
    await client.waitFor('a message', (state) => textsOf(state).includes('good'));
    t.notOk(textsOf(client.state).includes('into the void'));
  }
  t.equal(linesOf(ben.state)[0]?.delivery.kind, 'sent', 'that it was dropped stays unsaid');
});

t.test('who was blocked cannot read a later profile nor deliver as a contact', async (t) => {
  await using server = await openTestServer();
  const asked: string[] = [];
  const wire: Wire = { request: ({ path }) => void asked.push(path) };
  const ada = openTestClient({ url: server.url });
  t.teardown(() => ada.close());
  await signUp(ada, 'ada');
  const [ben, carol] = [openTestClient({ url: server.url, wire }), openTestClient({ url: server.url })];
  t.teardown(() => Promise.all([ben.close(), carol.close()]));
  await signUp(ben, 'ben', (await ada.commands.makeInvite()).link);
  await signUp(carol, 'carol', (await ada.commands.makeInvite()).link);
  await hasContact(ada, 'Carol');
  await ada.commands.block(await hasContact(ada, 'Ben'));
  await ada.commands.setName('Ada Byron');
  await hasContact(carol, 'Ada Byron');
  const toAda = await openWith(ben, 'Ada');
  // What his client had under way while the keys changed counts for nothing.
  asked.length = 0;
  await ben.commands.sendText(toAda, 'as a stranger now');
  await ben.waitFor('taken by the server', (state) => linesOf(state)[0]?.delivery.kind === 'sent');
  t.ok(asked.includes(introduce.path), 'his delivery key was refused');
  t.equal(ben.state.open?.person.name, 'Ada', 'the name that he knew');
});

t.test(
  'a name set on one device does not undo a block that another device makes at the same time',
  async (t) => {
    await using server = await openTestServer();
    const { ada, ben, adasPassphrase } = await makePair(server.url);
    const desk = openTestClient({ url: server.url });
    const carol = openTestClient({ url: server.url });
    t.teardown(() => Promise.all([ada.close(), ben.close(), desk.close(), carol.close()]));
    await signUp(carol, 'carol', (await ada.commands.makeInvite()).link);
    await hasContact(ada, 'Carol');
    await signIn(desk, 'ada', adasPassphrase);
    const toBen = await openWith(desk, 'Ben');
    const toAda = await openWith(ben, 'Ada');
    await Promise.all([desk.commands.block(toBen), ada.commands.setName('Ada Byron')]);
    await hasContact(carol, 'Ada Byron');
    await ada.waitFor('blocked', ({ conversations }) =>
      conversations.some(({ id, state }) => id === toBen && state === 'blocked'),
    );
    await ada.commands.setName('Countess of Lovelace');
    await hasContact(carol, 'Countess of Lovelace');
    await ben.commands.sendText(toAda, 'anybody?');
    await ben.waitFor('taken by the server', (state) => linesOf(state)[0]?.delivery.kind === 'sent');
    t.not(ben.state.open?.person.name, 'Countess of Lovelace');
    for (const client of [ada, desk, carol]) t.strictSame(client.client.background.failures, []);
  },
);
