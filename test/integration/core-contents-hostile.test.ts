/**
 * Hostile people and a hostile server against what is said about messages (rows A22 and A30 to A32 of the attacks): a contact who writes
 * contents by hand, a server that drops, swaps and delays, clocks that jump.
 */
import { randomBytes } from 'node:crypto';
import t, { type Test } from 'tap';
import { encodeCbor } from '@tacet/protocol/cbor';
import { TIMER_REVISION_STEP } from '@tacet/protocol/content/timer';
import { idBytes, idOf, type AccountId, type MessageId } from '@tacet/protocol/ids';
import { changeDeliveries, makeHostileWire } from '../support/hostile-wire.ts';
import { makeImpostor } from '../support/impostor.ts';
import { holdsText } from '../support/local-text.ts';
import {
  accountOf,
  eventsOf,
  isOnline,
  linesOf,
  makePair,
  openTestClient,
  openWith,
  signUp,
  textsOf,
  type TestClient,
} from '../support/make-client.ts';
import { openTestServer } from '../support/open-test-server.ts';

t.setTimeout(600_000);

const HOUR_MS = 60 * 60_000;

/** Ada on two devices, Ben, whom she trusts, and Mallory, whom she has accepted and who writes contents by hand. */
async function makeScene(t: Test, url: string) {
  const ada = openTestClient({ url });
  t.teardown(() => ada.close());
  const { passphrase } = await signUp(ada, 'ada');
  const { link } = await ada.commands.makeInvite();
  const ben = openTestClient({ url });
  t.teardown(() => ben.close());
  await signUp(ben, 'ben', link);
  await openWith(ben, 'Ada');
  const toBen = await openWith(ada, 'Ben');
  await ada.commands.sendText(toBen, 'between Ada and Ben');

  const phone = openTestClient({ url });
  t.teardown(() => phone.close());
  await phone.waitFor('signed out', ({ session }) => session.kind === 'signed-out');
  await phone.commands.signIn({ username: 'ada', passphrase });
  await isOnline(phone);

  const account = idOf<AccountId>(new Uint8Array(randomBytes(16)));
  const mallory = await makeImpostor(url, link, accountOf(ada), account);
  t.teardown(() => mallory.stop());
  const said = randomBytes(16);
  await mallory.say((honest) => ({ ...honest, id: said, body: encodeCbor({ text: 'I am Mallory' }) }));
  for (const device of [ada, phone]) {
    await device.waitFor('Mallory', ({ conversations }) => conversations.some(({ id }) => id === account));
  }
  await ada.commands.acceptRequest(account);
  for (const device of [ada, phone]) {
    await device.waitFor('Mallory accepted', ({ conversations }) =>
      conversations.some(({ id, state }) => id === account && state === 'accepted'),
    );
    await device.commands.openConversation(account);
    await device.waitFor('opened', ({ open }) => open?.id === account);
  }

  /** Mallory says something by hand. */
  const say = (kind: string, body: unknown, id: Uint8Array = randomBytes(16)): Promise<void> =>
    mallory.say((honest) => ({ ...honest, id, kind, body: encodeCbor(body) }));
  /** Everything that Mallory has said so far has been worked off on both of Ada's devices. */
  async function settle(words: string): Promise<void> {
    await say('text', { text: words });
    for (const device of [ada, phone]) await device.waitFor(words, (state) => textsOf(state).includes(words));
  }
  return { ada, phone, ben, toBen, account, said, say, settle };
}

const named = (client: TestClient, words: string): { readonly id: MessageId } => {
  const line = linesOf(client.state).find(({ text }) => text === words);
  if (line === undefined) throw new Error(`no message ${words}`);
  return line;
};

t.test('A28: a receipt counts for messages to whoever sends it, and for nobody else’s', async (t) => {
  await using server = await openTestServer();
  const { ada, phone, account, say, settle, toBen } = await makeScene(t, server.url);
  await ada.commands.openConversation(toBen);
  await ada.waitFor('delivered', (state) => linesOf(state)[0]?.delivery.kind === 'delivered');
  const private_ = idBytes(named(ada, 'between Ada and Ben').id);
  await ada.commands.openConversation(account);
  await ada.commands.sendText(account, 'Ada to Mallory');
  await phone.waitFor('it', (state) => textsOf(state).includes('Ada to Mallory'));
  // Nobody has this account at the server: what is on its way has come back before the receipt is told.
  const lines = await ada.waitFor('it comes back', (state) =>
    linesOf(state).some(({ text, delivery }) => text === 'Ada to Mallory' && delivery.kind === 'failed'),
  );
  const his = idBytes(linesOf(lines).find(({ text }) => text === 'Ada to Mallory')!.id);
  await say('read', { messages: [private_, his] });
  await settle('after the receipts');
  t.equal(linesOf(ada.state).find(({ text }) => text === 'Ada to Mallory')?.delivery.kind, 'read');
  await ada.commands.openConversation(toBen);
  const state = await ada.waitFor('Ben’s', ({ open }) => open?.id === toBen);
  t.equal(linesOf(state)[0]?.delivery.kind, 'delivered', 'Ben has not said that he read it');
});

t.test('A30: a contact can change his own messages and nobody else’s, in no conversation', async (t) => {
  await using server = await openTestServer();
  const { ada, phone, ben, toBen, account, said, say, settle } = await makeScene(t, server.url);
  await ada.commands.sendText(account, 'Ada to Mallory');
  await phone.waitFor('it', (state) => textsOf(state).includes('Ada to Mallory'));
  const adas = idBytes(named(ada, 'Ada to Mallory').id);
  await ada.commands.openConversation(toBen);
  await ada.waitFor('opened', (state) => textsOf(state).includes('between Ada and Ben'));
  const private_ = idBytes(named(ada, 'between Ada and Ben').id);
  await ada.commands.openConversation(account);
  await ada.waitFor('opened', ({ open }) => open?.id === account);

  const me = idBytes(accountOf(ada));
  for (const message of [adas, private_]) {
    await say('edit', { message, revision: 9, text: 'Mallory wrote this' });
    await say('delete', { message });
    await say('sync', { what: 'removed', account: idBytes(toBen), messages: [{ author: me, message }] });
    await say('sync', {
      what: 'sent',
      account: idBytes(toBen),
      id: randomBytes(16),
      sentAt: Date.now(),
      kind: 'delete',
      body: encodeCbor({ message }),
    });
  }
  await say('reaction', { author: me, message: private_, emoji: '🎉', revision: 1 });
  await say('reaction', { author: idBytes(accountOf(ben)), message: private_, emoji: '🎉', revision: 1 });
  await settle('after the lies');
  for (const device of [ada, phone]) {
    t.strictSame(textsOf(device.state), ['I am Mallory', 'Ada to Mallory', 'after the lies']);
    t.ok(linesOf(device.state).every((line) => line.editedAt === undefined && line.reactions === undefined));
    await device.commands.openConversation(toBen);
    const state = await device.waitFor('Ben’s', ({ open }) => open?.id === toBen);
    t.ok(linesOf(state).every((line) => line.deletedAt === undefined && line.reactions === undefined));
    await device.commands.openConversation(account);
    await device.waitFor('opened', ({ open }) => open?.id === account);
  }
  t.ok(textsOf(ben.state).includes('between Ada and Ben'));

  await say('reaction', { author: me, message: adas, emoji: '🎉', revision: 1 });
  await say('edit', { message: said, revision: 1, text: 'I am still Mallory' });
  await settle('after the truth');
  for (const device of [ada, phone]) {
    t.equal(linesOf(device.state)[0]?.text, 'I am still Mallory', 'what is his he may change');
    t.strictSame(linesOf(device.state)[1]?.reactions, [{ emoji: '🎉', mine: false }]);
  }
});

t.test(
  'A31: the highest revision of an edit stands on every device, whatever order the edits come in',
  async (t) => {
    await using server = await openTestServer();
    const { ada, phone, said, say, settle } = await makeScene(t, server.url);
    await say('edit', { message: said, revision: 3, text: 'the third' });
    await say('edit', { message: said, revision: 1, text: 'the first' });
    await say('edit', { message: said, revision: 2, text: 'the second' });
    const early = randomBytes(16);
    await say('edit', { message: early, revision: 2, text: 'known before it was said' });
    await say('edit', { message: early, revision: 1, text: 'older' });
    await say('text', { text: 'the original' }, early);
    const gone = randomBytes(16);
    await say('delete', { message: gone });
    await say('edit', { message: gone, revision: 1, text: 'words that must not be' });
    await say('text', { text: 'words that must not be' }, gone);
    await settle('the end');
    for (const device of [ada, phone]) {
      t.strictSame(textsOf(device.state), ['the third', 'known before it was said', '', 'the end']);
      t.notOk(await holdsText(device.ports, 'words that must not be'));
      t.notOk(await holdsText(device.ports, 'the original'));
    }
  },
);

t.test('A32: no message outlives the shorter timer, and no made-up number holds the timer', async (t) => {
  await using server = await openTestServer();
  const { ada, phone, account, say, settle } = await makeScene(t, server.url);
  await ada.commands.setTimer(account, 3_600);
  await phone.waitFor('the timer', (state) => state.open?.timer === 3_600);
  await say('text', { text: 'without a timer' });
  await say('text', { text: 'a longer one', timer: { seconds: 86_400, revision: 1 } });
  await say('text', { text: 'a shorter one', timer: { seconds: 1_800, revision: 1 } });
  await say('text', { text: 'a jump', timer: { seconds: 0, revision: 3 + TIMER_REVISION_STEP } });
  await say('timer', { seconds: 0, revision: Number.MAX_SAFE_INTEGER });
  await settle('the end');
  for (const device of [ada, phone]) {
    const timers = linesOf(device.state).map(({ text, timer }) => [text, timer]);
    t.strictSame(timers.slice(1), [
      ['without a timer', 3_600],
      ['a longer one', 3_600],
      ['a shorter one', 1_800],
      ['a jump', 1_800],
      ['the end', 1_800],
    ]);
    t.equal(device.state.open?.timer, 1_800, 'of one revision the shorter is in force');
  }
  await say('timer', { seconds: 0, revision: 2 });
  for (const device of [ada, phone]) {
    await device.waitFor('an honest change', (state) => state.open?.timer === 0);
    const told = (device.state.open?.lines ?? []).flatMap((line) =>
      line.kind === 'event' && line.event.what === 'timer' ? [line.event] : [],
    );
    t.strictSame(
      told,
      [
        { what: 'timer', seconds: 3_600, mine: true },
        { what: 'timer', seconds: 1_800, mine: false },
        { what: 'timer', seconds: 0, mine: false },
      ],
      'every change is a line',
    );
  }
});

t.test('A32: a timer whose own content is withheld comes with the next message', async (t) => {
  await using server = await openTestServer();
  const wire = makeHostileWire();
  const ada = openTestClient({ url: server.url });
  t.teardown(() => ada.close());
  await signUp(ada, 'ada');
  const { link } = await ada.commands.makeInvite();
  const ben = openTestClient({ url: server.url, wire });
  t.teardown(() => ben.close());
  await signUp(ben, 'ben', link);
  const toBen = await openWith(ada, 'Ben');
  await openWith(ben, 'Ada');
  const withheld = new Promise<void>((resolve) => {
    wire.change = changeDeliveries(() => {
      resolve();
      return [];
    });
  });
  await ada.commands.setTimer(toBen, 60);
  await withheld;
  wire.change = undefined;
  await ada.commands.sendText(toBen, 'short-lived');
  await ben.waitFor('the message', (state) => textsOf(state).includes('short-lived'));
  t.equal(ben.state.open?.timer, 60);
  t.equal(linesOf(ben.state)[0]?.timer, 60);
  t.ok(eventsOf(ben.state).includes('timer'), 'and the change is shown');
});

t.test(
  'A22: a delayed message has its whole time from when it is read, by this device’s clock',
  async (t) => {
    await using server = await openTestServer();
    let skew = 0;
    const ada = openTestClient({ url: server.url });
    t.teardown(() => ada.close());
    await signUp(ada, 'ada');
    const { link } = await ada.commands.makeInvite();
    let ben = openTestClient({ url: server.url, skewMs: () => skew });
    t.teardown(() => ben.close());
    await signUp(ben, 'ben', link);
    const toBen = await openWith(ada, 'Ben');
    const toAda = await openWith(ben, 'Ada');
    await ada.commands.setTimer(toBen, 3_600);
    await ben.waitFor('the timer', (state) => state.open?.timer === 3_600);
    ben.ports.setNetwork(false);
    await ada.commands.sendText(toBen, 'ephemeral words');
    await ada.waitFor('sent', (state) => linesOf(state)[0]?.delivery.kind === 'sent');
    t.type(linesOf(ada.state)[0]?.expiresAt, 'number', 'the sender’s time runs from the sending');
    skew = 72 * HOUR_MS;
    ben.ports.setNetwork(true);
    await ben.commands.connectNow();
    await ben.waitFor('it', (state) => textsOf(state).includes('ephemeral words'));
    t.equal(linesOf(ben.state)[0]?.expiresAt, undefined, 'nothing runs before it is read');
    await ben.commands.markRead(toAda, linesOf(ben.state)[0]?.order ?? 0);
    const { expiresAt = 0 } = linesOf(ben.state)[0] ?? {};
    t.ok(
      Math.abs(expiresAt - (ben.ports.clock.now() + HOUR_MS)) < 60_000,
      'an hour from now, by Ben’s clock',
    );

    async function restart(): Promise<void> {
      await ben.close();
      ben = openTestClient({ url: server.url, disk: ben.ports.disk, skewMs: () => skew });
      await ben.waitFor('signed in', ({ session }) => session.kind === 'signed-in');
      await openWith(ben, 'Ada');
    }
    skew = 24 * HOUR_MS;
    await restart();
    const again = linesOf(ben.state)[0]?.expiresAt ?? 0;
    t.ok(again <= ben.ports.clock.now() + HOUR_MS, 'a clock set back gives no more than the whole time');
    skew = 26 * HOUR_MS;
    await restart();
    t.strictSame(textsOf(ben.state), [], 'what ran out while nobody looked is gone at the start');
    t.notOk(await holdsText(ben.ports, 'ephemeral words'));
    t.equal(ben.state.conversations[0]?.last, undefined);
  },
);

t.test('a conversation that one begins has the timer of the settings', async (t) => {
  await using server = await openTestServer();
  const { ada, ben } = await makePair(server.url);
  t.teardown(() => Promise.all([ada.close(), ben.close()]));
  await ada.commands.setDefaultTimer(86_400);
  t.match(ada.state.session, { me: { defaultTimer: 86_400 } });
  const toBen = await openWith(ada, 'Ben');
  await openWith(ben, 'Ada');
  await ada.commands.sendText(toBen, 'hello');
  await ben.waitFor('it', (state) => textsOf(state).includes('hello'));
  t.equal(ben.state.open?.timer, 86_400);
  t.equal(linesOf(ada.state)[0]?.timer, 86_400);
  await t.rejects(ada.commands.setTimer(toBen, -1), { code: 'unexpected' });
  await t.rejects(ada.commands.setTimer(toBen, 1.5), { code: 'unexpected' });
});
