/** Safety numbers, and what becomes of them where the server changes a key. Rows A01 to A03 themselves: test/hostile/keys.test.ts. */
import t from 'tap';
import { PrivateKey } from '@tacet/crypto';
import { makeHostileWire, type HostileWire } from '../support/hostile-wire.ts';
import {
  eventsOf,
  hasContact,
  isOnline,
  linesOf,
  makePair,
  markVerified,
  openTestClient,
  openWith,
  reconnect,
  signIn,
  signUp,
  textsOf,
  type TestClient,
} from '../support/make-client.ts';
import { openTestServer } from '../support/open-test-server.ts';
import { lie, underOtherKey, type ShownEntry } from '../support/other-key.ts';

t.setTimeout(600_000);

interface Meeting {
  readonly ada: TestClient;
  readonly ben: TestClient;
  readonly bensPassphrase: string;
  readonly wire: HostileWire;
  readonly toAda: Awaited<ReturnType<typeof openWith>>;
  readonly toBen: Awaited<ReturnType<typeof openWith>>;
  readonly adasEntry: ShownEntry;
}

/** Ada and Ben in touch; Ben behind a wire that can lie. */
async function meet(url: string): Promise<Meeting> {
  const wire = makeHostileWire();
  let adasEntry: ShownEntry | undefined;
  wire.change = (frame) => {
    if (frame.kind === 'bundles') adasEntry = frame.directory;
    return [frame];
  };
  const ada = openTestClient({ url });
  await signUp(ada, 'ada');
  const { link } = await ada.commands.makeInvite();
  const ben = openTestClient({ url, wire });
  const { passphrase } = await signUp(ben, 'ben', link);
  const toAda = await openWith(ben, 'Ada');
  const toBen = await openWith(ada, 'Ben');
  await ben.commands.sendText(toAda, 'hi');
  await ada.waitFor('hi', (state) => textsOf(state).includes('hi'));
  await ben.waitFor('delivered', (state) => linesOf(state).at(-1)?.delivery.kind === 'delivered');
  wire.change = undefined;
  if (adasEntry === undefined) throw new Error('no entry was seen');
  return { ada, ben, bensPassphrase: passphrase, wire, toAda, toBen, adasEntry };
}

/** How often anything left that is encrypted for somebody else. */
function sendsOf(wire: HostileWire): number {
  return wire.said.filter(({ kind }) => kind === 'send').length;
}

t.test('both sides read the same 60 digits, and each code compares as equal at the other', async (t) => {
  await using server = await openTestServer();
  const { ada, ben } = await makePair(server.url);
  t.teardown(() => Promise.all([ada.close(), ben.close()]));
  const [toBen, toAda] = [await hasContact(ada, 'Ben'), await hasContact(ben, 'Ada')];
  const [hers, his] = [
    await ada.commands.readSafetyNumber(toBen),
    await ben.commands.readSafetyNumber(toAda),
  ];
  t.match(hers.digits, /^[0-9]{60}$/);
  t.equal(hers.digits, his.digits);
  t.equal(await ada.commands.compareCode(toBen, his.code), 'equal');
  t.equal(await ben.commands.compareCode(toAda, hers.code), 'equal');
  t.equal(await ada.commands.compareCode(toBen, hers.code), 'another-person', 'her own code');

  const text = new TextEncoder();
  const readings = [
    ['https://example.org/', 'not-a-code'],
    ['Tacet/safety/v1\0too short', 'not-a-code'],
    ['Tacet/safety/v2\0something else entirely', 'newer-version'],
    ['Tacet/safety/v0\0', 'not-a-code'],
  ] as const;
  for (const [said, reading] of readings) {
    t.equal(await ada.commands.compareCode(toBen, text.encode(said)), reading, said);
  }
  t.equal(await ada.commands.compareCode(toBen, new Uint8Array(5_000)), 'not-a-code');
  for (let i = 0; i < his.code.length; i += 1) {
    const bent = his.code.slice();
    bent[i] = (bent[i] ?? 0) ^ 1;
    const reading = await ada.commands.compareCode(toBen, bent);
    if (reading === 'equal') t.fail(`equal with byte ${i} changed`);
  }
  t.equal(await ada.commands.compareCode(toBen, his.code.slice(0, -1)), 'not-a-code');
  await t.rejects(ada.commands.verify(toBen, '0'.repeat(60)), { code: 'key-changed' });
  t.not(ada.state.conversations[0]?.person.trust, 'verified');
});

t.test('verified state reaches the own other device, and so does its end', async (t) => {
  await using server = await openTestServer();
  const { ada, ben, adasPassphrase } = await makePair(server.url);
  const too = openTestClient({ url: server.url });
  t.teardown(() => Promise.all([ada.close(), ben.close(), too.close()]));
  await too.waitFor('signed out', ({ session }) => session.kind === 'signed-out');
  await too.commands.signIn({ username: 'ada', passphrase: adasPassphrase });
  await isOnline(too);
  const toBen = await openWith(ada, 'Ben');
  await markVerified(ada, toBen);
  await too.waitFor('verified there', (state) => state.conversations[0]?.person.trust === 'verified');
  await too.commands.unverify(toBen);
  await ada.waitFor('not any more', ({ open }) => open?.person.trust === 'unverified');
});

t.test(
  'a device that the server kept from hearing of the mark does not undo it by believing a changed key',
  async (t) => {
    await using server = await openTestServer();
    const { ada, ben, bensPassphrase, toAda, adasEntry } = await meet(server.url);
    const wire = makeHostileWire();
    const too = openTestClient({ url: server.url, wire });
    t.teardown(() => Promise.all([ada.close(), ben.close(), too.close()]));
    await signIn(too, 'ben', bensPassphrase);
    await openWith(too, 'Ada');
    // An invite is given out only once the record that knows it is on the server, and all changes before with it.
    await too.commands.makeInvite();
    // Nothing reaches the second device from now on but lies about Ada.
    const directory = underOtherKey(adasEntry, PrivateKey.generate());
    wire.change = (frame, path) => {
      if (frame.kind === 'deliver' || frame.kind === 'notice') return [];
      if (frame.kind === 'sent' && path === '/v1/anonymous')
        return [{ kind: 'mismatch', re: frame.re, directory }];
      return [frame.kind === 'bundles' ? { ...frame, directory } : frame];
    };
    await markVerified(ben, toAda);
    const { digits } = await ben.commands.readSafetyNumber(toAda);
    await ben.commands.makeInvite();
    await too.commands.sendText(toAda, 'under the key before');
    await too.waitFor('the line', (now) => eventsOf(now).includes('key-changed'));
    // Its record meets the other's at the server: there the key was verified.
    await too.waitFor('the mark', ({ open }) => open?.person.trust === 'verified');
    // What waits is tried again, and the lie meets the mark.
    await too.waitFor('blocked', ({ open }) => open?.blocked === true);

    await too.commands.setName('Benjamin');
    await ben.waitFor(
      'its record',
      ({ session }) => session.kind === 'signed-in' && session.me.name === 'Benjamin',
    );
    t.equal(ben.state.open?.person.trust, 'verified');
    await ben.commands.sendText(toAda, 'to her');
    await ada.waitFor('it', (state) => textsOf(state).includes('to her'));
    await ben.waitFor('delivered', (now) => linesOf(now).at(-1)?.delivery.kind === 'delivered');
    t.equal(ben.state.open?.person.trust, 'verified');
    t.notOk(eventsOf(ben.state).includes('key-changed'));
    t.equal((await ben.commands.readSafetyNumber(toAda)).digits, digits, 'it is her key');
  },
);

t.test(
  'a device that the server kept from hearing of the mark does not take it away by deciding about something else',
  async (t) => {
    await using server = await openTestServer();
    const { ada, ben, bensPassphrase, toAda } = await meet(server.url);
    const wire = makeHostileWire();
    const too = openTestClient({ url: server.url, wire });
    t.teardown(() => Promise.all([ada.close(), ben.close(), too.close()]));
    await signIn(too, 'ben', bensPassphrase);
    await openWith(too, 'Ada');
    wire.change = (frame) => (frame.kind === 'deliver' || frame.kind === 'notice' ? [] : [frame]);
    await markVerified(ben, toAda);
    await ben.commands.makeInvite();
    t.equal(too.state.open?.person.trust, 'by-invite');
    await too.commands.block(toAda);
    await too.commands.unblock(toAda);
    // Its record meets the other's at the server.
    await too.commands.makeInvite();
    await too.waitFor('the mark', ({ open }) => open?.person.trust === 'verified');
    await too.commands.setName('Benjamin');
    await ben.waitFor(
      'its record',
      ({ session }) => session.kind === 'signed-in' && session.me.name === 'Benjamin',
    );
    t.equal(ben.state.open?.person.trust, 'verified');
  },
);

t.test(
  'what was shown before another change decides nothing, and going on unverified counts on all devices',
  async (t) => {
    await using server = await openTestServer();
    const { ada, ben, bensPassphrase, wire, toAda, adasEntry } = await meet(server.url);
    const too = openTestClient({ url: server.url });
    t.teardown(() => Promise.all([ada.close(), ben.close(), too.close()]));
    const { digits: verified } = await ben.commands.readSafetyNumber(toAda);
    await markVerified(ben, toAda);
    lie(wire, underOtherKey(adasEntry, PrivateKey.generate()));
    await ben.commands.sendText(toAda, 'held');
    await ben.waitFor('blocked', ({ open }) => open?.blocked === true);
    await t.rejects(ben.commands.verify(toAda, verified), { code: 'key-changed' });
    const shown = ben.state.open?.person.key;
    t.type(shown, 'string');

    // While he looks at the first changed key another one comes into its place.
    lie(wire, underOtherKey(adasEntry, PrivateKey.generate()));
    await ben.commands.keepEarlierKey(toAda);
    const { open } = await ben.waitFor(
      'blocked by another key',
      (now) => now.open?.blocked === true && now.open.person.key !== shown,
    );
    await t.rejects(ben.commands.goOnUnverified(toAda, shown), { code: 'key-changed' });
    await t.rejects(ben.commands.goOnUnverified(toAda, undefined), { code: 'key-changed' });
    t.equal(ben.state.open?.blocked, true);

    // The decision is made once, for all own devices.
    await ben.commands.goOnUnverified(toAda, open?.person.key);
    await ben.waitFor(
      'unverified',
      ({ open }) => open?.blocked === false && open.person.trust === 'unverified',
    );
    t.match(linesOf(ben.state).at(-1)?.delivery, { kind: 'held' }, 'what was written before waits on');
    await too.waitFor('signed out', ({ session }) => session.kind === 'signed-out');
    await too.commands.signIn({ username: 'ben', passphrase: bensPassphrase });
    await too.waitFor('there too', (state) => state.conversations[0]?.person.trust === 'unverified');
  },
);

t.test(
  'what was written before a key change waits for a tap: sent or discarded, one by one or all',
  async (t) => {
    await using server = await openTestServer();
    const { ada, ben, wire, toAda, adasEntry } = await meet(server.url);
    t.teardown(() => Promise.all([ada.close(), ben.close()]));
    // The first is encrypted at once and stays on its way while the others are written.
    wire.swallow = ({ kind }) => kind === 'send';
    for (const text of ['zero', 'one', 'two', 'three']) await ben.commands.sendText(toAda, text);
    lie(wire, underOtherKey(adasEntry, PrivateKey.generate()));
    wire.swallow = undefined;
    await reconnect(ben);

    // It was made for her own key, and the server had it before it lied: she has it, so it does not wait.
    await ada.waitFor('zero', (state) => textsOf(state).includes('zero'));
    await ben.waitFor('delivered', (now) =>
      linesOf(now).some(({ text, delivery }) => text === 'zero' && delivery.kind === 'delivered'),
    );
    const held = await ben.waitFor('the others wait', (now) => now.open?.waiting === 3);
    t.match(held.open, { blocked: false });
    t.equal(eventsOf(held).filter((what) => what === 'key-changed').length, 1);
    const waiting = linesOf(held).filter(({ delivery }) => delivery.kind === 'held');
    t.strictSame(
      waiting.map(({ text }) => text),
      ['one', 'two', 'three'],
    );
    const [one, two] = waiting;
    await ben.client.background.settled();
    const sends = sendsOf(wire);

    await ben.commands.discardHeld(toAda, one!.id);
    await ben.waitFor('one is gone', (now) => now.open?.waiting === 2 && !textsOf(now).includes('one'));
    t.equal(sendsOf(wire), sends, 'nothing leaves for that');
    await ben.commands.sendHeld(toAda, ben.state.open?.person.key, two!.id);
    await ben.waitFor('two goes', (now) => now.open?.waiting === 1 && sendsOf(wire) > sends);
    await ben.commands.discardHeld(toAda);
    await ben.waitFor('nothing waits', (now) => now.open?.waiting === 0 && !textsOf(now).includes('three'));
    await ada.client.background.settled();
    t.notOk(textsOf(ada.state).includes('one'), 'it never left');
    t.notOk(textsOf(ada.state).includes('three'), 'it never left');
  },
);
