/** The server lies about keys, devices and stored documents. Row A48 of the hostile server's list. */
import { randomBytes } from 'node:crypto';
import t from 'tap';
import { PrivateKey } from '@tacet/crypto';
import { signLabelled } from '@tacet/crypto/vault';
import { signedDeviceList, type DeviceList } from '@tacet/protocol/signed/device-list';
import { SIGNED_LABELS } from '@tacet/protocol/signed/signed';
import type { ServerFrame } from '@tacet/protocol/frames/server';
import {
  eventsOf,
  isOnline,
  linesOf,
  openTestClient,
  openWith,
  reconnect,
  signUp,
  textsOf,
  type TestClient,
} from '../support/make-client.ts';
import type { Line, ViewState } from '@tacet/client/core/view';
import { makeHostileWire, type HostileWire } from '../support/hostile-wire.ts';
import { openTestServer } from '../support/open-test-server.ts';
import { makeSpokenPair } from '../support/spoken-pair.ts';

t.setTimeout(600_000);

type Entry = Extract<ServerFrame, { readonly kind: 'mismatch' }>['directory'];

type EventLine = Extract<Line, { readonly kind: 'event' }>;

function eventLinesOf({ open }: ViewState): readonly EventLine[] {
  return (open?.lines ?? []).filter((line) => line.kind === 'event');
}

interface Meeting {
  readonly ada: TestClient;
  readonly ben: TestClient;
  readonly adasWire: HostileWire;
  readonly bensWire: HostileWire;
  readonly toBen: Awaited<ReturnType<typeof openWith>>;
  readonly toAda: Awaited<ReturnType<typeof openWith>>;
  /** Ada's directory entry as Ben was shown it. */
  readonly adasEntry: Entry;
}

/** Ada and Ben, in touch, each behind a wire that can lie, each having written once. */
async function meet(url: string): Promise<Meeting> {
  const [adasWire, bensWire] = [makeHostileWire(), makeHostileWire()];
  let adasEntry: Entry | undefined;
  bensWire.change = (frame) => {
    if (frame.kind === 'bundles') adasEntry = frame.directory;
    return [frame];
  };
  const { ada, ben, toAda, toBen } = await makeSpokenPair(url, {
    adas: { wire: adasWire },
    bens: { wire: bensWire },
  });
  bensWire.change = undefined;
  if (adasEntry === undefined) throw new Error('no entry was seen');
  return { ada, ben, adasWire, bensWire, toBen, toAda, adasEntry };
}

/** A list like an entry's with changes, signed by a key of the server's own. */
function forgeList(
  entry: Entry,
  change: (list: DeviceList) => DeviceList,
  key = PrivateKey.generate(),
): Entry {
  const list = change(signedDeviceList.parse(entry.list.bytes));
  const bytes = signedDeviceList.encode(list);
  return { ...entry, list: { bytes, signature: signLabelled(key, SIGNED_LABELS.deviceList, bytes) } };
}

function withGhost(list: DeviceList): DeviceList {
  const ghost = {
    device: randomBytes(16),
    identityKey: PrivateKey.generate().getPublicKey().serialize(),
    registrationId: 7,
    addedAt: 1,
  };
  return { ...list, counter: list.counter + 1, devices: [...list.devices, ghost] };
}

/** Answers the next send as if the recipient's list were this one. */
function answerMismatch(wire: HostileWire, directory: Entry): void {
  wire.change = (frame) =>
    frame.kind === 'sent' ? [{ kind: 'mismatch', re: frame.re, directory }] : [frame];
}

t.test(
  'a changed account key makes a permanent line, ends the trust, and holds back what was written',
  async (t) => {
    await using server = await openTestServer();
    const { ada, ben, bensWire, toAda, adasEntry } = await meet(server.url);
    t.teardown(() => Promise.all([ada.close(), ben.close()]));
    const key = PrivateKey.generate();
    const changed = forgeList(adasEntry, withGhost, key);
    answerMismatch(bensWire, { ...changed, accountKey: key.getPublicKey().serialize() });
    await ben.commands.sendText(toAda, 'secret');
    await ben.waitFor('the line', (now) => eventsOf(now).includes('key-changed'));
    const state = await ben.waitFor('held back', (now) => linesOf(now).at(-1)?.delivery.kind === 'held');
    await ben.waitFor('it is counted', (now) => now.open?.waiting === 1);
    t.equal(state.open?.blocked, false);
    const ended = await ben.waitFor('no trust', (now) => now.open?.person.trust === 'unverified');
    t.equal(ended.conversations[0]?.person.trust, 'unverified');
  },
);

t.test('a changed account key whose list does not go on is refused', async (t) => {
  await using server = await openTestServer();
  const { ada, ben, bensWire, toAda, adasEntry } = await meet(server.url);
  t.teardown(() => Promise.all([ada.close(), ben.close()]));
  const key = PrivateKey.generate();
  const swapped = forgeList(adasEntry, (list) => list, key);
  answerMismatch(bensWire, { ...swapped, accountKey: key.getPublicKey().serialize() });
  await ben.commands.sendText(toAda, 'secret');
  const state = await ben.waitFor('refused', (now) => linesOf(now).at(-1)?.delivery.kind === 'failed');
  t.match(linesOf(state).at(-1)?.delivery, { failure: { code: 'server-dishonest' } });
  t.notOk(eventsOf(state).includes('key-changed'));
});

t.test('an invite whose inviter has another key at this server makes no account', async (t) => {
  await using server = await openTestServer();
  const wire = makeHostileWire();
  const ada = openTestClient({ url: server.url });
  await signUp(ada, 'ada');
  const { link } = await ada.commands.makeInvite();
  const ben = openTestClient({ url: server.url, wire });
  t.teardown(() => Promise.all([ada.close(), ben.close()]));
  const key = PrivateKey.generate();
  wire.change = (frame) => {
    if (frame.kind !== 'bundles') return [frame];
    const forged = forgeList(frame.directory, (list) => list, key);
    return [{ ...frame, directory: { ...forged, accountKey: key.getPublicKey().serialize() } }];
  };
  await ben.waitFor('signed out', ({ session }) => session.kind === 'signed-out');
  const passphrase = await ben.commands.suggestPassphrase();
  const request = { username: 'ben', name: 'Ben', passphrase, invite: link };
  await t.rejects(ben.commands.signUp(request), { code: 'invite-key-mismatch' });
  t.same(ben.state.session, { kind: 'signed-out' });
  wire.change = undefined;
  await ben.commands.signUp(request);
  await isOnline(ben);
});

t.test('a device on an older copy of its data says so, begins anew, and both still talk', async (t) => {
  await using server = await openTestServer();
  const { ada, ben, toBen, toAda } = await meet(server.url);
  const backup = ben.ports.disk.copy();
  for (const text of ['one', 'two']) await ada.commands.sendText(toBen, text);
  await ben.waitFor('two', (state) => textsOf(state).includes('two'));
  await ben.commands.sendText(toAda, 'three');
  await ada.waitFor('three', (state) => textsOf(state).includes('three'));
  await reconnect(ben);
  await ben.close();

  const restored = openTestClient({ url: server.url, disk: backup });
  t.teardown(() => Promise.all([ada.close(), restored.close()]));
  await isOnline(restored);
  await openWith(restored, 'Ada');
  t.ok(eventsOf(restored.state).includes('restored'), 'the person is told');
  await restored.commands.sendText(toAda, 'from the past');
  await ada.waitFor('from the past', (state) => textsOf(state).includes('from the past'));
  await ada.commands.sendText(toBen, 'welcome back');
  await restored.waitFor('welcome back', (state) => textsOf(state).includes('welcome back'));
  t.equal(textsOf(ada.state).filter((text) => text === 'from the past').length, 1);
});

t.test('a server that claims old state again and again is not believed for ever', async (t) => {
  await using server = await openTestServer();
  const { ada, ben, adasWire, toBen } = await meet(server.url);
  t.teardown(() => Promise.all([ada.close(), ben.close()]));
  let claims = 0;
  adasWire.change = (frame) => {
    if (frame.kind !== 'welcome') return [frame];
    claims += 1;
    return [{ ...frame, counter: frame.counter + 100 * claims }];
  };
  for (let i = 0; i < 5; i += 1) {
    await reconnect(ada);
  }
  t.equal(eventsOf(ada.state).filter((what) => what === 'restored').length, 2);
  await ada.commands.sendText(toBen, 'still here');
  await ben.waitFor('still here', (state) => textsOf(state).includes('still here'));
});

t.test('what a device on an older copy cannot read is shown as such, asked for and repaired', async (t) => {
  await using server = await openTestServer();
  const { ada, ben, toBen, toAda } = await meet(server.url);
  const backup = ben.ports.disk.copy();
  // Twice there and back: the copy may hold the ratchet key of the first way back, but not that of the second.
  for (const [there, back] of [
    ['one', 'two'],
    ['three', 'four'],
  ] as const) {
    await ada.commands.sendText(toBen, there);
    await ben.waitFor(there, (state) => textsOf(state).includes(there));
    await ben.commands.sendText(toAda, back);
    await ada.waitFor(back, (state) => textsOf(state).includes(back));
  }
  await ben.close();
  for (const text of ['into the past', 'and further']) await ada.commands.sendText(toBen, text);
  await ada.waitFor('sent', (state) => linesOf(state).at(-1)?.delivery.kind === 'sent');
  // Nobody is there to send it again before it has been looked at.
  const { disk } = ada.ports;
  await ada.close();

  const restored = openTestClient({ url: server.url, disk: backup });
  await isOnline(restored);
  await openWith(restored, 'Ada');
  const isUnreadable = ({ event }: EventLine): boolean => event.what === 'unreadable' && event.asked === true;
  await restored.waitFor('both unreadable', (now) => eventLinesOf(now).filter(isUnreadable).length === 2);

  const returned = openTestClient({ url: server.url, disk });
  t.teardown(() => Promise.all([returned.close(), restored.close()]));
  await openWith(returned, 'Ben');
  const state = await restored.waitFor('repaired', (now) => textsOf(now).includes('and further'));
  t.equal(textsOf(state).filter((text) => text === 'into the past').length, 1);
  await restored.waitFor('nothing unreadable any more', (now) => !eventLinesOf(now).some(isUnreadable));
  await returned.waitFor('delivered', (now) => linesOf(now).at(-1)?.delivery.kind === 'delivered');
  await returned.commands.sendText(toBen, 'and on');
  await restored.waitFor('and on', (now) => textsOf(now).includes('and on'));
  t.notOk(eventsOf(restored.state).includes('gap'));
});

/** Begins a new connection whose welcome says that there is a newer record, and waits until what that brings about is done. */
async function readAgain(client: TestClient, wire: HostileWire): Promise<void> {
  wire.change = (frame) =>
    frame.kind === 'welcome' ? [{ ...frame, recordVersion: frame.recordVersion + 1 }] : [frame];
  await reconnect(client);
  await client.client.background.settled();
}

t.test(
  'A48: a running device takes no older record, and no other one under the version that it has',
  async (t) => {
    await using server = await openTestServer();
    const wire = makeHostileWire();
    await using ada = openTestClient({ url: server.url, wire });
    await signUp(ada, 'ada');
    const path = '/v1/account/record';
    let older = '';
    wire.answer = (request, reply) => {
      if (request.path === path && request.method === 'GET') older = reply.body;
      return reply;
    };
    await readAgain(ada, wire);
    t.ok(older.length > 0, 'the record of now was read');
    const put = Promise.withResolvers<void>();
    wire.answer = (request, reply) => {
      if (request.path === path && request.method === 'PUT') put.resolve();
      return reply;
    };
    await ada.commands.setName('Ada the second');
    await put.promise;
    await ada.client.background.settled();
    t.strictSame(ada.client.background.failures, []);

    const lies: readonly (readonly [string, (honest: string) => string])[] = [
      ['an older account record', () => older],
      [
        'another account record under a known version',
        (honest) => {
          const { version } = JSON.parse(honest) as { readonly version: number };
          return JSON.stringify({ ...(JSON.parse(older) as object), version });
        },
      ],
    ];
    for (const [what, lie] of lies) {
      wire.answer = (request, reply) =>
        request.path === path && request.method === 'GET' ? { ...reply, body: lie(reply.body) } : reply;
      await readAgain(ada, wire);
      await ada.client.background.settled();
      const noticed = ada.client.background.failures.filter(({ error }) => String(error).includes(what));
      t.ok(noticed.length > 0, what);
      t.match(ada.state.session, { me: { name: 'Ada the second' } });
    }
    wire.answer = undefined;
    const before = ada.client.background.failures.length;
    await readAgain(ada, wire);
    t.equal(ada.client.background.failures.length, before);
    t.match(ada.state.session, { me: { name: 'Ada the second' } });
  },
);
