/** Removing a device: what it can no longer do, what the others get, a crash at every step, and a server that does not play along. */
import t, { type Test } from 'tap';
import { openLocalDatabase } from '@tacet/client/core/account/local';
import { T } from '@tacet/client/core/db/stores';
import { isCoreError } from '@tacet/client/core/failure';
import type { HttpReply, HttpRequest } from '@tacet/client/core/ports';
import { decodeB64u, encodeB64u } from '@tacet/protocol/bytes';
import { decodeCbor, encodeCbor } from '@tacet/protocol/cbor';
import { getCredentials, getRecord } from '@tacet/protocol/rest/accounts';
import { changeList, getDirectory } from '@tacet/protocol/rest/devices';
import { strangerBundles } from '@tacet/protocol/rest/people';
import type { Route } from '@tacet/protocol/route';
import { signedChangeList } from '@tacet/protocol/signed/requests';
import { makeHostileWire } from '../support/hostile-wire.ts';
import {
  hasContact,
  isOnline,
  makePair,
  openTestClient,
  openWith,
  reconnect,
  signUp,
  textsOf,
  type TestClient,
} from '../support/make-client.ts';
import { openNodePorts, type Wire } from '../support/node-ports.ts';
import { openTestServer } from '../support/open-test-server.ts';
import { openThief } from '../support/thief.ts';

t.setTimeout(600_000);

/** Another device of somebody who is signed in elsewhere. */
async function signInAgain(
  url: string,
  username: string,
  passphrase: string,
  options: Partial<Parameters<typeof openTestClient>[0]> = {},
): Promise<TestClient> {
  const client = openTestClient({ url, ...options });
  await client.waitFor('signed out', ({ session }) => session.kind === 'signed-out');
  await client.commands.signIn({ username, passphrase });
  await isOnline(client);
  return client;
}

function deviceOf(client: TestClient): string {
  const { session } = client.state;
  if (session.kind !== 'signed-in') throw new Error('not signed in');
  return session.me.device;
}

/** What failed for another reason than the missing network. */
function faultsOf({ client }: TestClient): readonly unknown[] {
  return client.background.failures.filter(({ error }) => !isCoreError(error, 'offline'));
}

/** Removes a device and waits until the list shows it. */
async function remove(by: TestClient, device: string, passphrase: string): Promise<void> {
  const found = by.state.devices.find((each) => each.device === device);
  if (found === undefined) throw new Error('not listed');
  await by.commands.removeDevice(found.device, passphrase);
  t.notOk(
    by.state.devices.some((each) => each.device === device),
    'it is off the list',
  );
}

t.test('a removed device is signed out, and what is written from then on does not reach it', async (t) => {
  await using server = await openTestServer();
  const { ada, ben, adasPassphrase } = await makePair(server.url);
  const lost = await signInAgain(server.url, 'ada', adasPassphrase);
  const third = await signInAgain(server.url, 'ada', adasPassphrase);
  t.teardown(() => Promise.all([ada.close(), ben.close(), lost.close(), third.close()]));
  await ada.waitFor('three devices', ({ devices }) => devices.length === 3);
  const toBen = await openWith(ada, 'Ben');
  const toAda = await openWith(ben, 'Ada');
  await openWith(third, 'Ben');

  await remove(ada, deviceOf(lost), adasPassphrase);
  await lost.waitFor('the end', ({ session }) => session.kind === 'ended' && session.why === 'removed');
  await third.waitFor('two devices', ({ devices }) => devices.length === 2);

  await ben.commands.sendText(toAda, 'after the removal');
  await ada.waitFor('the text', (state) => textsOf(state).includes('after the removal'));
  await third.waitFor('the text', (state) => textsOf(state).includes('after the removal'));
  await ada.commands.sendText(toBen, 'from the one that stays');
  await ben.waitFor('the text', (state) => textsOf(state).includes('from the one that stays'));

  // The record goes on under the new key on both that stay.
  await third.commands.setName('Ada the Second');
  await ada.waitFor(
    'the new name',
    ({ session }) => session.kind === 'signed-in' && session.me.name === 'Ada the Second',
  );
  for (const client of [ada, ben, third]) t.strictSame(client.client.background.failures, []);
});

t.test(
  'what a removed device sends on is refused by contacts, and it learns none of the new keys',
  async (t) => {
    await using server = await openTestServer();
    const { ada, ben, adasPassphrase } = await makePair(server.url);
    const stolen = await signInAgain(server.url, 'ada', adasPassphrase);
    t.teardown(() => Promise.all([ada.close(), ben.close(), stolen.close()]));
    const toBen = await openWith(stolen, 'Ben');
    await openWith(ben, 'Ada');
    await stolen.commands.sendText(toBen, 'while it was listed');
    await ben.waitFor('the text', (state) => textsOf(state).includes('while it was listed'));
    // The thief keeps a copy of everything and stays off the network while he is removed.
    const disk = stolen.ports.disk.copy();
    stolen.ports.setNetwork(false);
    await ada.waitFor('two devices', ({ devices }) => devices.length === 2);
    await remove(ada, deviceOf(stolen), adasPassphrase);
    await openWith(ada, 'Ben');
    const toAda = await openWith(ben, 'Ada');
    await ben.commands.sendText(toAda, 'under the new list');
    await ada.waitFor('the text', (state) => textsOf(state).includes('under the new list'));

    const thief = openTestClient({ url: server.url, disk });
    t.teardown(() => thief.close());
    await thief.waitFor('the end', ({ session }) => session.kind === 'ended' && session.why === 'removed');
    t.notSame(thief.state.session.kind, 'signed-in');
  },
);

t.test('a device that was off learns list, key and record when it comes back', async (t) => {
  await using server = await openTestServer();
  const { ada, ben, adasPassphrase } = await makePair(server.url);
  const lost = await signInAgain(server.url, 'ada', adasPassphrase);
  const third = await signInAgain(server.url, 'ada', adasPassphrase);
  t.teardown(() => Promise.all([ada.close(), ben.close(), lost.close(), third.close()]));
  await ada.waitFor('three devices', ({ devices }) => devices.length === 3);
  third.ports.setNetwork(false);
  await third.waitFor('offline', ({ connection }) => connection.kind === 'offline');
  await third.commands.renameDevice(third.state.devices[0]!.device, 'Attic');
  await remove(ada, deviceOf(lost), adasPassphrase);
  third.ports.setNetwork(true);
  await third.waitFor('two devices', ({ devices }) => devices.length === 2);
  await ada.waitFor('the name given while off', ({ devices }) =>
    devices.some(({ name }) => name === 'Attic'),
  );
  t.strictSame(faultsOf(third), []);
});

t.test(
  'after a loss of power at any step of a removal the account goes on, with or without the device',
  async (t) => {
    await using server = await openTestServer();
    const { ada, ben, adasPassphrase } = await makePair(server.url);
    t.teardown(() => Promise.all([ada.close(), ben.close()]));
    let here = ada;
    const toAda = await openWith(ben, 'Ada');
    let rounds = 0;
    for (let steps = 2; steps < 40; steps += 3) {
      const lost = await signInAgain(server.url, 'ada', adasPassphrase);
      const device = deviceOf(lost);
      await here.waitFor('both devices', ({ devices }) => devices.length === 2);
      await lost.close();
      here.ports.power.failAfter(steps);
      const removal = here.commands.removeDevice(here.state.devices[1]!.device, adasPassphrase);
      const isDone = await Promise.race([
        removal.then(() => true),
        new Promise<false>((resolve) => here.ports.power.onLoss(() => resolve(false))),
      ]);
      here.ports.power.cut();
      here = openTestClient({ url: server.url, disk: here.ports.disk });
      const again = here;
      t.teardown(() => again.close());
      await isOnline(here);
      await openWith(here, 'Ben');
      if (here.state.devices.length > 1) await remove(here, device, adasPassphrase);
      await here.waitFor('one device', ({ devices }) => devices.length === 1);
      await ben.commands.sendText(toAda, `after ${steps}`);
      await here.waitFor('the text', (state) => textsOf(state).includes(`after ${steps}`));
      await here.commands.setName(`Ada ${steps}`);
      await hasContact(ben, `Ada ${steps}`);
      t.strictSame(here.client.background.failures, [], `${steps} steps`);
      rounds += 1;
      if (isDone) break;
    }
    t.ok(rounds > 4, 'many steps were cut');
  },
);

t.test(
  'a removal is asked for once where the credentials have changed, and again where the record has',
  async (t) => {
    await using server = await openTestServer();
    const later = { of: 'a build to come' };
    const lists = new Set<string>();
    let areLost = false;
    let asked = 0;
    let areChanged = true;
    let overtake: () => Promise<void> = async () => undefined;
    const isOf = (request: HttpRequest, { path, method }: Route): boolean =>
      request.path === path && request.method === method;
    const wire: Wire = {
      request: (request) => {
        if (!isOf(request, changeList)) return;
        asked += 1;
        const { bytes } = JSON.parse(request.body ?? '') as { readonly bytes: string };
        const { list } = signedChangeList.parse(decodeB64u(bytes) ?? new Uint8Array());
        lists.add(encodeB64u(list.bytes) + encodeB64u(list.signature));
      },
      reply: async (request, reply) => {
        if (asked === 0 && isOf(request, getRecord)) await overtake();
        if (areLost && isOf(request, changeList) && reply.status === 200) return { ...reply, status: 503 };
        if (asked === 0 || !areChanged || !isOf(request, getCredentials)) return reply;
        const credentials = JSON.parse(reply.body) as { readonly version: number };
        return { ...reply, body: JSON.stringify({ ...credentials, version: credentials.version + 1 }) };
      },
    };
    await using ada = openTestClient({ url: server.url, wire });
    const { passphrase } = await signUp(ada, 'ada');
    const thief = await openThief(server.url, 'ada', passphrase);
    await ada.waitFor('two devices', ({ devices }) => devices.length === 2);
    overtake = async () => {
      for (let i = 0; i < 3; i += 1) await thief.writeRecord((record) => encodeCbor({ ...record, later }));
    };
    await t.rejects(ada.commands.removeDevice(thief.device, passphrase), { code: 'version-mismatch' });
    t.equal(asked, 1, 'no other record would help');

    [asked, areChanged, areLost] = [0, false, true];
    await t.rejects(ada.commands.removeDevice(thief.device, passphrase), { code: 'offline' });
    t.ok(asked > 1, 'it was overtaken, and goes over what overtook it');
    t.equal(lists.size, 1, 'with one list in every try: of two a server could show each contact another');
    // Which try it was, nobody here was told.
    await isAlone(t, ada, passphrase);
    const found = await openLocalDatabase(
      openNodePorts({ url: server.url, disk: ada.ports.disk.copy() }),
      () => undefined,
    );
    if (found.kind !== 'device') return t.fail('no device');
    const stored = await found.db.read([T.record], (tx) => tx.get(T.record, 'record'));
    t.match(decodeCbor(stored?.plain ?? new Uint8Array()), { later }, 'what this build does not know stays');
  },
);

t.test('a removal that the server makes and denies is settled by the try that it made', async (t) => {
  await using server = await openTestServer();
  const wire = makeHostileWire();
  await using ada = openTestClient({ url: server.url, wire });
  const { passphrase } = await signUp(ada, 'ada');
  const thief = await openThief(server.url, 'ada', passphrase);
  await ada.waitFor('two devices', ({ devices }) => devices.length === 2);
  const answers: number[] = [];
  const shown = new Map<string, HttpReply>();
  wire.change = (frame) => (frame.kind === 'notice' ? [] : [frame]);
  wire.answer = ({ path, method }, reply) => {
    if (method === 'GET' && (path === getCredentials.path || path === getDirectory.path)) {
      // As it was before.
      if (!shown.has(path)) shown.set(path, reply);
      return shown.get(path) ?? reply;
    }
    // They tell the list too.
    if (path === strangerBundles.path) return { ...reply, status: 503 };
    if (path !== changeList.path || method !== changeList.method) return reply;
    answers.push(reply.status);
    if (answers.length > 1) return reply;
    return { ...reply, status: 409, body: JSON.stringify({ code: 'version-mismatch' }) };
  };
  await t.rejects(ada.commands.removeDevice(thief.device, passphrase), { code: 'list-mismatch' });
  t.ok(answers.length === 2 && answers[0] === 200, 'the first one was made');
  [wire.change, wire.answer] = [undefined, undefined];
  await isAlone(t, ada, passphrase);
});

/** The other device has gone, and what this one changes from now on reaches the server and the next device. */
async function isAlone(t: Test, ada: TestClient, passphrase: string): Promise<void> {
  // Who was overtaken again and again has said so.
  const before = faultsOf(ada).length;
  await reconnect(ada);
  await ada.waitFor('one device', ({ devices }) => devices.length === 1);
  await ada.commands.setName('Ada alone');
  // Waits until the record is on the server.
  await ada.commands.makeInvite();
  t.strictSame(faultsOf(ada).slice(before), []);
  await using next = await signInAgain(ada.ports.origin, 'ada', passphrase);
  t.match(next.state.session, { me: { name: 'Ada alone' } });
}
