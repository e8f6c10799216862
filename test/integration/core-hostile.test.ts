/** The server lies about messages: drops, repeats, reorders, damages and redirects them. Rows A16 to A29 of the hostile server's list. */
import { randomBytes } from 'node:crypto';
import t from 'tap';
import { SOCKET_PATH } from '@tacet/protocol/frames/client';
import {
  eventsOf,
  hasContact,
  isOnline,
  linesOf,
  openTestClient,
  openWith,
  signUp,
  textsOf,
  type TestClient,
} from '../support/make-client.ts';
import {
  changeDeliveries,
  makeHostileWire,
  type Deliver,
  type HostileWire,
} from '../support/hostile-wire.ts';
import { openTestServer } from '../support/open-test-server.ts';
import { makeSpokenPair } from '../support/spoken-pair.ts';

t.setTimeout(600_000);

interface Pair {
  readonly ada: TestClient;
  readonly ben: TestClient;
  readonly adasWire: HostileWire;
  readonly bensWire: HostileWire;
  readonly toBen: Awaited<ReturnType<typeof openWith>>;
  readonly toAda: Awaited<ReturnType<typeof openWith>>;
}

/** Two people in touch, each behind a wire that can lie, who have spoken once in each direction. */
async function makeWiredPair(url: string, bensSkewMs = (): number => 0): Promise<Pair> {
  const [adasWire, bensWire] = [makeHostileWire(), makeHostileWire()];
  const { ada, ben, toAda, toBen } = await makeSpokenPair(url, {
    adas: { wire: adasWire },
    bens: { wire: bensWire, skewMs: bensSkewMs },
  });
  return { ada, ben, adasWire, bensWire, toBen, toAda };
}

t.test('a dropped message shows as a gap with the next one, is asked for, and closes the gap', async (t) => {
  await using server = await openTestServer();
  const { ada, ben, bensWire, toBen } = await makeWiredPair(server.url);
  t.teardown(() => Promise.all([ada.close(), ben.close()]));
  const dropped: Deliver[] = [];
  bensWire.change = changeDeliveries((frame) => {
    if (dropped.length > 0) return [frame];
    dropped.push(frame);
    return [];
  });
  // The server drops the first and says to Ada that it was delivered: it is never acknowledged by Ben.
  await ada.commands.sendText(toBen, 'dropped');
  await ada.waitFor('sent', (state) => linesOf(state).at(-1)?.delivery.kind === 'sent');
  const sawGap = ben.waitFor('the gap', (state) => eventsOf(state).includes('gap'));
  await ada.commands.sendText(toBen, 'after it');
  await sawGap;
  const repaired = await ben.waitFor('the repair', (state) => textsOf(state).includes('dropped'));
  t.equal(textsOf(repaired).filter((text) => text === 'dropped').length, 1);
  await ben.waitFor('the gap closes', (state) => !eventsOf(state).includes('gap'));
  t.ok(textsOf(ben.state).includes('after it'));
  const late = linesOf(ben.state).filter((line) => line.late === true);
  t.strictSame(
    late.map(({ text }) => text),
    ['dropped'],
    'what was missing says that it came late',
  );
});

t.test('what is missing is asked for again the next day if the repair did not come either', async (t) => {
  await using server = await openTestServer();
  let skewMs = 0;
  const { ada, ben, bensWire, toBen } = await makeWiredPair(server.url, () => skewMs);
  t.teardown(() => Promise.all([ada.close(), ben.close()]));
  let seen = 0;
  const repairLost = Promise.withResolvers<void>();
  bensWire.change = changeDeliveries((frame) => {
    seen += 1;
    if (seen === 3) repairLost.resolve();
    // The message itself, and what Ada sends when she is asked for it; between them the message that shows the gap.
    return seen === 1 || seen === 3 ? [] : [frame];
  });
  await ada.commands.sendText(toBen, 'dropped');
  await ada.waitFor('sent', (state) => linesOf(state).at(-1)?.delivery.kind === 'sent');
  await ada.commands.sendText(toBen, 'after it');
  await ben.waitFor('the gap', (state) => eventsOf(state).includes('gap'));
  await repairLost.promise;
  await ada.commands.sendText(toBen, 'soon after');
  await ben.waitFor('the next', (state) => textsOf(state).includes('soon after'));
  t.notOk(textsOf(ben.state).includes('dropped'), 'nobody asks twice on one day');

  skewMs = 25 * 60 * 60_000;
  await ada.commands.sendText(toBen, 'the next day');
  await ben.waitFor('the repair', (state) => textsOf(state).includes('dropped'));
  await ben.waitFor('the gap closes', (state) => !eventsOf(state).includes('gap'));
});

t.test('a repeated envelope, under its own or another id, is shown once and acknowledged', async (t) => {
  await using server = await openTestServer();
  const { ada, ben, bensWire, toBen } = await makeWiredPair(server.url);
  t.teardown(() => Promise.all([ada.close(), ben.close()]));
  bensWire.change = changeDeliveries((frame) => [
    frame,
    frame,
    { ...frame, id: new Uint8Array(randomBytes(16)) },
  ]);
  for (const text of ['one', 'two']) await ada.commands.sendText(toBen, text);
  await ben.waitFor('both', (state) => textsOf(state).includes('two'));
  await ada.waitFor('delivered', (state) => linesOf(state).at(-1)?.delivery.kind === 'delivered');
  t.strictSame(textsOf(ben.state), ['hello', 'hi', 'one', 'two']);
  t.notOk(eventsOf(ben.state).includes('unreadable'));
  t.strictSame(ben.client.background.failures, []);
});

t.test('every envelope that Ben ever got is refused when it is delivered again', async (t) => {
  await using server = await openTestServer();
  const { ada, ben, bensWire, toBen } = await makeWiredPair(server.url);
  t.teardown(() => Promise.all([ada.close(), ben.close()]));
  const old = [...bensWire.delivered];
  t.ok(old.length > 1);
  let replayed = false;
  bensWire.change = changeDeliveries((frame) => {
    if (replayed) return [frame];
    replayed = true;
    return [...old.map((each) => ({ ...each, id: new Uint8Array(randomBytes(16)) })), frame];
  });
  const before = eventsOf(ben.state);
  await ada.commands.sendText(toBen, 'fresh');
  await ben.waitFor('fresh', (state) => textsOf(state).includes('fresh'));
  t.strictSame(textsOf(ben.state), ['hello', 'hi', 'fresh']);
  t.strictSame(eventsOf(ben.state), before, 'and nothing alarms');
});

t.test('reordered messages all arrive, and the gap between them closes by itself', async (t) => {
  await using server = await openTestServer();
  const { ada, ben, bensWire, toBen } = await makeWiredPair(server.url);
  t.teardown(() => Promise.all([ada.close(), ben.close()]));
  let held: Deliver | undefined;
  bensWire.change = changeDeliveries((frame) => {
    if (held === undefined) {
      held = frame;
      return [];
    }
    const first = held;
    bensWire.change = undefined;
    return [frame, first];
  });
  await ada.commands.sendText(toBen, 'first');
  await ada.waitFor('sent', (state) => linesOf(state).at(-1)?.delivery.kind === 'sent');
  await ada.commands.sendText(toBen, 'second');
  await ben.waitFor('both', (state) => textsOf(state).length === 4);
  t.strictSame(textsOf(ben.state).toSorted(), ['first', 'hello', 'hi', 'second']);
  await ben.waitFor('no gap', (state) => !eventsOf(state).includes('gap'));
});

t.test('a damaged envelope blocks nothing, and its content comes by repair', async (t) => {
  await using server = await openTestServer();
  const { ada, ben, bensWire, toBen } = await makeWiredPair(server.url);
  t.teardown(() => Promise.all([ada.close(), ben.close()]));
  for (const damage of [0, 40, 200, -1]) {
    bensWire.change = changeDeliveries((frame) => {
      bensWire.change = undefined;
      const body = new Uint8Array(frame.body);
      const at = damage < 0 ? body.length + damage : damage;
      body[at] = (body[at] ?? 0) ^ 1;
      return [{ ...frame, body }];
    });
    await ada.commands.sendText(toBen, `damaged at ${damage}`);
    await ada.waitFor('sent', (state) => linesOf(state).at(-1)?.delivery.kind === 'sent');
    await ada.commands.sendText(toBen, `after ${damage}`);
    await ben.waitFor('repaired', (state) => textsOf(state).includes(`damaged at ${damage}`));
    await ben.waitFor('the next one', (state) => textsOf(state).includes(`after ${damage}`));
    t.equal(textsOf(ben.state).filter((text) => text === `damaged at ${damage}`).length, 1);
    await ada.waitFor('delivered', (state) => linesOf(state).at(-1)?.delivery.kind === 'delivered');
  }
  await ben.waitFor('no gap is left', (state) => !eventsOf(state).includes('gap'));
});

t.test('an envelope for another device or account, or the own one thrown back, gives nothing', async (t) => {
  await using server = await openTestServer();
  const { ada, ben, adasWire, bensWire, toBen, toAda } = await makeWiredPair(server.url);
  t.teardown(() => Promise.all([ada.close(), ben.close()]));
  // What Ada got is delivered to Ben, and what Ben himself sent is thrown back at him.
  const foreign = [...adasWire.delivered];
  bensWire.change = changeDeliveries((frame) => {
    bensWire.change = undefined;
    return [...foreign, frame];
  });
  const events = eventsOf(ben.state);
  await ada.commands.sendText(toBen, 'real');
  await ben.waitFor('real', (state) => textsOf(state).includes('real'));
  t.strictSame(textsOf(ben.state), ['hello', 'hi', 'real']);
  t.strictSame(eventsOf(ben.state), events);
  await ben.commands.sendText(toAda, 'still working');
  await ada.waitFor('still working', (state) => textsOf(state).includes('still working'));
  t.strictSame(ben.client.background.failures, []);
});

t.test('frames that are none end the socket, and the client comes back', async (t) => {
  await using server = await openTestServer();
  const { ada, ben, bensWire, toBen } = await makeWiredPair(server.url);
  t.teardown(() => Promise.all([ada.close(), ben.close()]));
  const honest = bensWire.toClient?.bind(bensWire);
  for (const noise of [new Uint8Array(256), new Uint8Array(randomBytes(4096)), new Uint8Array(1)]) {
    bensWire.toClient = (path, bytes) => {
      if (honest === undefined || path !== SOCKET_PATH) return honest?.(path, bytes) ?? [bytes];
      bensWire.toClient = honest;
      return [noise];
    };
    const lost = ben.waitFor('lost', ({ connection }) => connection.kind === 'offline');
    await ada.commands.sendText(toBen, `over noise of ${noise.length}`);
    await lost;
    await ben.commands.connectNow();
    await isOnline(ben);
    await ben.waitFor('it comes', (state) => textsOf(state).includes(`over noise of ${noise.length}`));
  }
  t.equal(textsOf(ben.state).length, 5);
});

t.test('the time and id of the envelope are the server’s word; what is shown is the sender’s', async (t) => {
  await using server = await openTestServer();
  const { ada, ben, bensWire, toBen } = await makeWiredPair(server.url);
  t.teardown(() => Promise.all([ada.close(), ben.close()]));
  bensWire.change = changeDeliveries((frame) => [{ ...frame, receivedAt: 1 }]);
  await ada.commands.sendText(toBen, 'when');
  await ben.waitFor('when', (state) => textsOf(state).includes('when'));
  t.equal(linesOf(ben.state).at(-1)?.sentAt, linesOf(ada.state).at(-1)?.sentAt);
});

t.test('somebody whose invite answer does not hold is a request, and gets no sign of life', async (t) => {
  await using server = await openTestServer();
  const [adasWire, evesWire] = [makeHostileWire(), makeHostileWire()];
  const ada = openTestClient({ url: server.url, wire: adasWire });
  await signUp(ada, 'ada');
  const { link } = await ada.commands.makeInvite();
  const [head = '', fragment = ''] = link.split('#');
  // The secret is another one; the inviter's key hash and delivery key are right.
  const forged = `${head}#${Buffer.from(randomBytes(32)).toString('base64url').slice(0, 42)}${fragment.slice(42)}`;
  const eve = openTestClient({ url: server.url, wire: evesWire });
  t.teardown(() => Promise.all([ada.close(), eve.close()]));
  await signUp(eve, 'eve', forged);
  const toAda = await openWith(eve, 'ada');
  await eve.commands.sendText(toAda, 'let me in');
  const state = await ada.waitFor('a request', ({ conversations }) =>
    conversations.some((each) => each.state === 'request' && each.last?.text === 'let me in'),
  );
  t.equal(state.conversations[0]?.person.trust, 'unverified');
  const [request] = state.conversations;
  await ada.commands.openConversation(request!.id);
  await ada.commands.markRead(request!.id, 100);
  await ada.commands.setTyping(request!.id, true);
  await eve.waitFor('sent', (now) => linesOf(now)[0]?.delivery.kind === 'sent');
  t.notOk(
    adasWire.said.some(({ kind }) => kind === 'send' || kind === 'fetch-bundles'),
    'nothing went to her',
  );

  await ada.commands.acceptRequest(request!.id);
  await hasContact(ada, 'Eve');
  await ada.commands.sendText(request!.id, 'come in');
  await eve.waitFor('the answer', (now) => textsOf(now).includes('come in'));
});

t.test('typing is shown for a while and only while somebody is connected', async (t) => {
  await using server = await openTestServer();
  const { ada, ben, toBen } = await makeWiredPair(server.url);
  t.teardown(() => Promise.all([ada.close(), ben.close()]));
  await ada.commands.setTyping(toBen, true);
  await ben.waitFor('typing', ({ open }) => open?.typing === true);
  await ada.commands.setTyping(toBen, false);
  await ben.waitFor('no more', ({ open }) => open?.typing === false);
  await ada.commands.setTyping(toBen, true);
  await ben.waitFor('typing again', ({ open }) => open?.typing === true);
  await ada.commands.sendText(toBen, 'done typing');
  const state = await ben.waitFor('the text', (now) => textsOf(now).includes('done typing'));
  t.equal(state.open?.typing, false, 'a message ends it');
});
