/** The server puts other keys in people's places, or says that there is nobody: rows A01 to A03 and A15. */
import t from 'tap';
import { PrivateKey } from '@tacet/crypto';
import { lookup } from '@tacet/protocol/rest/people';
import type { HostileWire } from '../support/hostile-wire.ts';
import {
  accountOf,
  eventsOf,
  linesOf,
  markVerified,
  openTestClient,
  openWith,
  reconnect,
  signIn,
  signUp,
  textsOf,
} from '../support/make-client.ts';
import { lie, lookupUnderKey, underOtherKey, type ShownEntry } from '../support/other-key.ts';
import { openScene } from './scene.ts';

t.setTimeout(600_000);

/** How far everybody's clock is ahead. */
let skew = 0;
const clock = { skewMs: (): number => skew };

const scene = await openScene({ adas: clock, bens: clock });
t.teardown(() => scene.close());
const { ada, ben } = scene;

/** What the server said of Ada to Ben. */
function adasEntry(): ShownEntry {
  const shown = ben.wire.heard.findLast((frame) => frame.kind === 'bundles');
  if (shown?.kind !== 'bundles') throw new Error('no entry was seen');
  return shown.directory;
}

/** How often anything left that is encrypted for somebody else. */
function sendsOf(wire: HostileWire): number {
  return wire.said.filter(({ kind }) => kind === 'send').length;
}

t.test(
  'A01: whoever is shown under the server’s key at the first contact has another number, and no code of his is equal',
  async (t) => {
    const { way } = await scene.newWay();
    await using carol = openTestClient(way);
    const name = scene.freshName('carol');
    await signUp(carol, name, (await ada.client.commands.makeInvite()).link.split('#')[0]);
    const key = PrivateKey.generate();
    ada.wire.answer = (request, reply) =>
      request.path === lookup.path && reply.status === 200
        ? { ...reply, body: JSON.stringify(lookupUnderKey(reply.body, key)) }
        : reply;
    const toCarol = await ada.client.commands.startConversation(name);
    const toAda = await carol.commands.startConversation(ada.username);
    t.equal(toCarol, accountOf(carol), 'it passes for Carol');
    const trustOf = (): string | undefined =>
      ada.client.state.conversations.find(({ id }) => id === toCarol)?.person.trust;
    t.equal(trustOf(), 'unverified');
    const [hers, carols] = [
      await ada.client.commands.readSafetyNumber(toCarol),
      await carol.commands.readSafetyNumber(toAda),
    ];
    t.not(hers.digits, carols.digits);
    t.equal(await ada.client.commands.compareCode(toCarol, carols.code), 'different');
    await t.rejects(ada.client.commands.verify(toCarol, carols.digits), { code: 'key-changed' });
    t.equal(trustOf(), 'unverified');
    await scene.stillTalk();
  },
);

t.test(
  'A03: a key that nobody has verified, changed by a list far ahead and changed back, leaves two lines and a conversation that works',
  async (t) => {
    const { talk, client, wire } = ben;
    t.equal(client.state.open?.person.trust, 'by-invite');
    const { digits } = await client.commands.readSafetyNumber(talk);
    lie(wire, underOtherKey(adasEntry(), PrivateKey.generate(), 1_000_000));
    const changes = (now: typeof client.state): number =>
      eventsOf(now).filter((what) => what === 'key-changed').length;
    await client.commands.sendText(talk, 'before the change');
    await client.waitFor('the line', (now) => changes(now) === 1);
    t.equal(client.state.open?.person.trust, 'unverified', 'no key is trusted that came this way');
    wire.behave();
    await reconnect(client);
    await client.commands.sendText(talk, 'too soon');
    await client.waitFor('refused', (now) => linesOf(now).at(-1)?.delivery.kind === 'failed');
    t.equal(changes(client.state), 1, 'nobody is led to and fro');
    skew += 2 * 60 * 60_000;
    await client.commands.sendText(talk, 'to her');
    await client.waitFor('the other line', (now) => changes(now) === 2);
    await client.waitFor('it waits', (now) => linesOf(now).at(-1)?.delivery.kind === 'held');
    await client.commands.sendHeld(talk, client.state.open?.person.key);
    await ada.client.waitFor('it', (state) => textsOf(state).includes('to her'));
    t.equal(client.state.open?.person.trust, 'unverified');
    t.equal((await client.commands.readSafetyNumber(talk)).digits, digits, 'it is her key again');
    await scene.stillTalk();
  },
);

t.test(
  'A03: a key that is changed and changed back leaves its line, and the block until the person decides',
  async (t) => {
    const { talk, client, wire } = ben;
    await markVerified(client, talk);
    const toldBefore = eventsOf(client.state).filter((what) => what === 'key-changed').length;
    lie(wire, underOtherKey(adasEntry(), PrivateKey.generate()));
    await client.commands.sendText(talk, 'held');
    await client.waitFor('blocked', ({ open }) => open?.blocked === true);
    const { code } = await ada.client.commands.readSafetyNumber(ada.talk);
    t.equal(await client.commands.compareCode(talk, code), 'equal-to-earlier');
    wire.behave();
    await reconnect(client);
    t.equal(client.state.open?.blocked, true);
    await client.commands.keepEarlierKey(talk);
    await ada.client.waitFor('what was held', (state) => textsOf(state).includes('held'));
    await client.waitFor('delivered', (now) => linesOf(now).at(-1)?.delivery.kind === 'delivered');
    t.equal(client.state.open?.person.trust, 'verified');
    const told = eventsOf(client.state).filter((what) => what === 'key-changed').length;
    t.equal(told, toldBefore + 1);
    await scene.stillTalk();
  },
);

t.test(
  'A02: nothing leaves for the changed key of a verified contact, by any path, and all of it arrives once the key is hers',
  async (t) => {
    const { talk, wire } = ben;
    let { client } = ben;
    await markVerified(client, talk);
    const changesBefore = eventsOf(client.state).filter((what) => what === 'key-changed').length;
    const hers = linesOf(client.state).find(({ mine }) => mine)!;
    // One that was taken back and can be tried again: it goes another way than a new text.
    client.ports.setNetwork(false);
    await client.waitFor('offline', ({ connection }) => connection.kind === 'offline');
    const failed = await client.commands.sendText(talk, 'failed');
    await client.commands.block(talk);
    await client.commands.unblock(talk);
    client.ports.setNetwork(true);
    await client.commands.connectNow();
    await client.waitFor('failed', (now) =>
      linesOf(now).some(({ id, delivery }) => id === failed && delivery.kind === 'failed'),
    );
    await ada.client.commands.sendText(ada.talk, 'from Ada');
    const state = await client.waitFor('hers', (now) => textsOf(now).includes('from Ada'));
    const theirs = linesOf(state).at(-1)!;
    const entry = underOtherKey(adasEntry(), PrivateKey.generate());
    lie(wire, entry);
    await client.commands.sendText(talk, 'secret');
    await client.waitFor('blocked', ({ open }) => open?.blocked === true);
    await client.waitFor('held', (now) => linesOf(now).at(-1)?.delivery.kind === 'held');
    const changes = eventsOf(client.state).filter((what) => what === 'key-changed').length;
    t.equal(changes, changesBefore + 1, 'the person sees it');
    t.equal(client.state.open?.person.trust, 'verified', 'the mark stays with the key that was verified');

    const before = sendsOf(wire);
    const secret = linesOf(client.state).at(-1)!;
    await t.rejects(client.commands.sendText(talk, 'more'), { code: 'key-changed' });
    const shownKey = client.state.open?.person.key;
    t.type(shownKey, 'string');
    await t.rejects(client.commands.sendHeld(talk, shownKey), { code: 'key-changed' });
    await t.rejects(client.commands.sendHeld(talk, shownKey, secret.id), { code: 'key-changed' });
    await t.rejects(client.commands.unverify(talk), { code: 'key-changed' });
    await client.commands.retrySend(secret.id);
    await client.commands.editMessage(talk, hers.id, 'edited');
    await client.commands.react(talk, { id: theirs.id, mine: false }, '👍');
    await client.commands.setTimer(talk, 3600);
    await client.commands.markRead(talk, theirs.order);
    await client.commands.setTyping(talk, true);
    await client.commands.deleteForEveryone(talk, hers.id);
    await client.commands.setName('Benjamin');
    await client.client.background.settled();
    t.equal(sendsOf(wire), before, 'not while it runs');
    const { open } = await client.waitFor('all of it waits', (now) => (now.open?.waitingChanges ?? 0) >= 3);
    t.match(
      open,
      { waiting: 1, waitingChanges: 3 },
      'one message; a reaction, a timer and a deletion beside it',
    );

    // With nothing else on its way a message is encrypted in the transaction that stores it: not this one.
    await client.commands.discardHeld(talk);
    await client.waitFor('nothing waits', (now) => now.open?.waiting === 0);
    await client.commands.retrySend(failed);
    await client.waitFor('held', (now) => now.open?.waiting === 1);
    await client.client.background.settled();
    t.equal(sendsOf(wire), before, 'not on the quick way');

    await reconnect(client);
    await client.client.background.settled();
    t.equal(sendsOf(wire), before, 'not after a lost connection');

    client = await scene.open(ben);
    t.equal(client.state.open?.blocked, true, 'it is remembered');
    await t.rejects(client.commands.sendText(talk, 'after a restart'), { code: 'key-changed' });
    await client.client.background.settled();
    t.equal(sendsOf(wire), before, 'not after a restart');

    const { way, wire: other } = await scene.newWay();
    lie(other, entry);
    await using second = openTestClient(way);
    await signIn(second, ben.username, ben.passphrase);
    await openWith(second, ada.name);
    await second.commands.sendText(talk, 'from the second device');
    await second.waitFor('blocked there too', (now) => now.open?.blocked === true);
    await second.waitFor('held', (now) => linesOf(now).at(-1)?.delivery.kind === 'held');
    await second.client.background.settled();
    t.equal(sendsOf(other), 0, 'not from a second device, for which it is the first contact');

    wire.behave();
    await client.commands.keepEarlierKey(talk);
    await ada.client.waitFor('what waited', (now) => textsOf(now).includes('failed'));
    t.notOk(textsOf(ada.client.state).includes('secret'), 'what was discarded is not among it');
    await scene.stillTalk();
  },
);

t.test('A15: a contact of whom the server says that there is nobody keeps session and key', async (t) => {
  const { client, talk, wire } = ben;
  const { trust } = client.state.open!.person;
  const changes = eventsOf(client.state).filter((what) => what === 'key-changed').length;
  wire.change = (frame) =>
    frame.kind === 'sent' ? [{ kind: 'refused', re: frame.re, code: 'delivery-refused' }] : [frame];
  wire.answer = ({ path }, reply) => {
    const isAbout = path === '/v1/introductions' || path === '/v1/bundles';
    return isAbout ? { ...reply, status: 404, body: JSON.stringify({ code: 'account-unknown' }) } : reply;
  };
  const id = await client.commands.sendText(talk, 'is she gone?');
  const state = await client.waitFor('refused', (now) =>
    linesOf(now).some((line) => line.id === id && line.delivery.kind === 'failed'),
  );
  t.match(linesOf(state).find((line) => line.id === id)?.delivery, { failure: { code: 'account-unknown' } });
  t.equal(state.open?.person.trust, trust);

  wire.behave();
  const asked = wire.asked.length;
  await client.commands.sendText(talk, 'she is here');
  await ada.client.waitFor('she is here', (now) => textsOf(now).includes('she is here'));
  const later = wire.asked.slice(asked).map(({ path }) => path);
  t.notOk(later.includes('/v1/bundles'), 'the session of before goes on: nobody was asked for keys');
  t.notOk(eventsOf(ada.client.state).includes('unreadable'));
  t.equal(eventsOf(client.state).filter((what) => what === 'key-changed').length, changes);
  await scene.stillTalk();
});
