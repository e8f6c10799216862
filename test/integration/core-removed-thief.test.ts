/** A removed device in the hands of a thief whom the server helps: contacts refuse what it sends, and the record opens under none of its keys. */
import t from 'tap';
import { openLocalDatabase } from '@tacet/client/core/account/local';
import type { HttpReply, HttpRequest } from '@tacet/client/core/ports';
import type { ViewState } from '@tacet/client/core/view';
import { keyFrom, openRecord, sealProfile, sealedRecordBytes, type RecordKey } from '@tacet/crypto/vault';
import { encodeCbor } from '@tacet/protocol/cbor';
import { LIMITS } from '@tacet/protocol/limits';
import { idBytes } from '@tacet/protocol/ids';
import { getRecord } from '@tacet/protocol/rest/accounts';
import { changeList } from '@tacet/protocol/rest/devices';
import { makeHostileWire } from '../support/hostile-wire.ts';
import {
  accountOf,
  hasContact,
  isOnline,
  openTestClient,
  openWith,
  signIn,
  signUp,
  textsOf,
  type TestClient,
} from '../support/make-client.ts';
import { openNodePorts, type Disk } from '../support/node-ports.ts';
import { openTestServer } from '../support/open-test-server.ts';
import { readTables } from '../support/read-tables.ts';
import { openThief, type StolenRecord } from '../support/thief.ts';

t.setTimeout(120_000);

t.test(
  'what a removed device sends on is not believed, and the new record opens under none of its keys',
  async (t) => {
    await using server = await openTestServer();
    const [stolenWire, bensWire] = [makeHostileWire(), makeHostileWire()];
    const ada = openTestClient({ url: server.url });
    const { passphrase } = await signUp(ada, 'ada');
    const { link } = await ada.commands.makeInvite();
    const ben = openTestClient({ url: server.url, wire: bensWire });
    await signUp(ben, 'ben', link);
    await openWith(ben, 'Ada');
    const toBen = await openWith(ada, 'Ben');
    const stolen = openTestClient({ url: server.url, wire: stolenWire });
    t.teardown(() => Promise.all([ada.close(), ben.close(), stolen.close()]));
    await stolen.waitFor('signed out', ({ session }) => session.kind === 'signed-out');
    await stolen.commands.signIn({ username: 'ada', passphrase });
    await isOnline(stolen);
    await openWith(stolen, 'Ben');
    await stolen.commands.sendText(toBen, 'while it was listed');
    await ben.waitFor('the text', (state) => textsOf(state).includes('while it was listed'));
    const { devices } = await ada.waitFor('two devices', ({ devices: all }) => all.length === 2);
    const disk = stolen.ports.disk.copy();

    // The server helps the thief: his device is never told that its session has ended.
    stolenWire.answer = (_request, reply) => (reply.status === 401 ? { status: 503, body: '{}' } : reply);
    await ada.commands.removeDevice(devices[1]!.device, passphrase);
    await ada.commands.sendText(toBen, 'the new list comes with this');
    await ben.waitFor('the text', (state) => textsOf(state).includes('the new list comes with this'));
    const before = bensWire.delivered.length;
    await stolen.commands.sendText(toBen, 'from the thief');
    await ada.commands.sendText(toBen, 'after the thief');
    await ben.waitFor('the text', (state) => textsOf(state).includes('after the thief'));
    t.ok(bensWire.delivered.length > before);
    t.notOk(textsOf(ben.state).includes('from the thief'), 'it is not believed');

    const [record] =
      readTables(server.dataDir)['records']?.filter(
        ({ account }) => Buffer.compare(account as Uint8Array, idBytes(accountOf(ada))) === 0,
      ) ?? [];
    const sealed = new Uint8Array(record?.['sealed'] as Uint8Array);
    const binding = { account: idBytes(accountOf(ada)), version: Number(record?.['version']) };
    const keyOn = async (from: Disk): Promise<RecordKey> => {
      const found = await openLocalDatabase(openNodePorts({ url: server.url, disk: from }), () => undefined);
      if (found.kind !== 'device') throw new Error('no device');
      return keyFrom<RecordKey>(found.own.recordKey);
    };
    const [old, current] = [await keyOn(disk), await keyOn(ada.ports.disk.copy())];
    t.throws(() => openRecord(old, sealed, binding));
    t.doesNotThrow(() => openRecord(current, sealed, binding));
  },
);

/** What a thief makes of the record that he can still read and write. */
const RUINS: Readonly<Record<string, (record: StolenRecord) => Uint8Array | undefined>> = {
  'of a form that nobody knows': () => encodeCbor({ v: 2 }),
  'that opens under no key': () => undefined,
  'that does not follow the one before': (record) =>
    encodeCbor({ ...record, previous: new Uint8Array(32).fill(7) }),
  'of things within each other': (record) => {
    // Encoded by hand: 4,000 lists of one entry each, the last of them empty.
    const deep = Uint8Array.from([...Array.from({ length: 4_000 }, () => 0x81), 0x80]);
    const plain = encodeCbor({ ...record, zzzz: [] });
    // The longest key is the last; its value, the empty list, is the last byte.
    return Uint8Array.from([...plain.subarray(0, -1), ...deep]);
  },
  'of numbers that nothing comes after': (record) =>
    encodeCbor({ ...record, profileVersion: Number.MAX_SAFE_INTEGER }),
  'filled with people': (record) => {
    const [contact] = record['contacts'] as readonly Record<string, unknown>[];
    const filled = (name: string): Uint8Array => {
      const many = Array.from({ length: 2_999 }, (_, i) => {
        const account = new Uint8Array(16).fill(9);
        new DataView(account.buffer).setUint32(0, i);
        return { ...contact, account, state: 'blocked', name };
      });
      return encodeCbor({ ...record, contacts: [contact, ...many] });
    };
    // As much as the server takes.
    const fits = (plain: Uint8Array): boolean => sealedRecordBytes(plain.length) <= LIMITS.recordMaxBytes;
    const lengths = Array.from({ length: 64 }, (_, i) => 64 - i);
    return lengths.map((length) => filled('n'.repeat(length))).find(fits);
  },
};

for (const [what, ruin] of Object.entries(RUINS)) {
  t.test(`a thief who writes a record ${what} cannot keep his device on the list by it`, async (t) => {
    await using server = await openTestServer();
    await using ada = openTestClient({ url: server.url });
    const { passphrase } = await signUp(ada, 'ada');
    const { link: toBen } = await ada.commands.makeInvite();
    await using ben = openTestClient({ url: server.url });
    await signUp(ben, 'ben', toBen);
    const conversation = await openWith(ada, 'Ben');
    await openWith(ben, 'Ada');
    const thief = await openThief(server.url, 'ada', passphrase);
    const { devices } = await ada.waitFor('two devices', ({ devices: all }) => all.length === 2);
    await thief.writeRecord(ruin);
    // Nor by a profile that no version comes after.
    await thief.writeProfile(Number.MAX_SAFE_INTEGER, new Uint8Array(100).fill(1));
    if (what.startsWith('of')) await ada.waitFor('the word', ({ outdated }) => outdated);

    await ada.commands.removeDevice(devices[1]!.device, passphrase);
    await ada.waitFor('the end of it', ({ outdated, devices: left }) => !outdated && left.length === 1);
    await ada.commands.sendText(conversation, 'without the thief');
    await ben.waitFor('the text', (state) => textsOf(state).includes('without the thief'));
    await ada.commands.setName('Ada again');
    const { link } = await ada.commands.makeInvite();
    await using adaToo = openTestClient({ url: server.url });
    await signIn(adaToo, 'ada', passphrase);
    t.ok(
      (await adaToo.commands.readOwnInvites()).some((invite) => invite.link === link),
      'a new device reads the record again',
    );
  });
}

t.test(
  'a thief who puts the highest version on the profile leaves no name behind with contacts',
  async (t) => {
    await using server = await openTestServer();
    await using ada = openTestClient({ url: server.url });
    const { passphrase } = await signUp(ada, 'ada');
    const thief = await openThief(server.url, 'ada', passphrase);
    const version = Number.MAX_SAFE_INTEGER;
    const document = encodeCbor({ v: 1, name: 'Not Ada', username: 'ada' });
    const sealed = sealProfile(await thief.profileKey(), document, { account: thief.account, version });
    await thief.writeProfile(version, sealed);
    const { link } = await ada.commands.makeInvite();
    await using ben = openTestClient({ url: server.url });
    await signUp(ben, 'ben', link);
    await hasContact(ben, 'Not Ada');

    const { devices } = await ada.waitFor('two devices', ({ devices: all }) => all.length === 2);
    await ada.commands.removeDevice(devices[1]!.device, passphrase);
    await hasContact(ben, 'Ada');
    await ada.commands.setName('Ada again');
    t.equal(await hasContact(ben, 'Ada again'), accountOf(ada));
  },
);

/** A person at a server that goes on taking the code of a link, whoever has ended it. */
async function openGuest(url: string, link: string): Promise<TestClient> {
  const wire = makeHostileWire();
  const guest = openTestClient({ url, wire });
  await signUp(guest, 'guest');
  let kept: HttpReply | undefined;
  wire.answer = ({ path }, reply) => {
    if (!path.startsWith('/v1/invites/')) return reply;
    kept ??= reply;
    return kept;
  };
  await guest.commands.readInvite(link);
  return guest;
}

/** Waits for the words that somebody sent by a link, and gives how he stands. */
async function standingOf(client: TestClient, guest: TestClient): Promise<string | undefined> {
  const isHis = ({ id, last }: ViewState['conversations'][number]): boolean =>
    id === accountOf(guest) && last?.text === 'by the link';
  const { conversations } = await client.waitFor('the text', (state) => state.conversations.some(isHis));
  return conversations.find(isHis)?.state;
}

t.test('an invite that a removed device could read or make lets nobody in', async (t) => {
  await using server = await openTestServer();
  const lost = { isLost: false };
  const wire = Object.assign(makeHostileWire(), {
    // After the removal the server hears nothing more of this device.
    request(): void {
      if (lost.isLost) throw new Error('no network');
    },
    reply(request: HttpRequest, reply: HttpReply): HttpReply {
      if (request.path === changeList.path && request.method === changeList.method) lost.isLost = true;
      return reply;
    },
  });
  await using ada = openTestClient({ url: server.url, wire });
  const { passphrase } = await signUp(ada, 'ada');
  const { link } = await ada.commands.makeInvite();
  const thief = await openThief(server.url, 'ada', passphrase);
  t.match(await thief.readRecord(), { invites: [{ closedAt: undefined }] });
  const code = await thief.makeInvite();
  await using guest = await openGuest(server.url, link);
  await ada.waitFor('two devices', ({ devices }) => devices.length === 2);
  await ada.commands.removeDevice(thief.device, passphrase);
  t.match(await ada.commands.readOwnInvites(), [{ state: 'withdrawn', link: undefined }]);
  const left = readTables(server.dataDir)['invites']?.filter(({ account }) => account !== null);
  t.strictSame(left, [], 'the server has none of them any more');
  await using late = openTestClient({ url: server.url });
  await late.waitFor('signed out', ({ session }) => session.kind === 'signed-out');
  for (const each of [link, link.replace(/\/i\/[^#]*/, `/i/${code}`)]) {
    await t.rejects(late.commands.readInvite(each), { code: 'invite-invalid' });
  }

  lost.isLost = false;
  await guest.commands.sendText(await guest.commands.followInvite(link), 'by the link');
  t.equal(await standingOf(ada, guest), 'request', 'nor does a server that still takes the code');
});

t.test('an invite that only the thief and another own device knew lets nobody in either', async (t) => {
  await using server = await openTestServer();
  const wire = makeHostileWire();
  await using ada = openTestClient({ url: server.url, wire });
  const { passphrase } = await signUp(ada, 'ada');
  await using adaToo = openTestClient({ url: server.url });
  await signIn(adaToo, 'ada', passphrase);
  const thief = await openThief(server.url, 'ada', passphrase);
  await adaToo.waitFor('three devices', ({ devices }) => devices.length === 3);
  await ada.waitFor('three devices', ({ devices }) => devices.length === 3);
  wire.answer = ({ path, method }, reply) =>
    path === getRecord.path && method === getRecord.method ? { ...reply, status: 503, body: '{}' } : reply;
  const { link } = await adaToo.commands.makeInvite();
  await using guest = await openGuest(server.url, link);
  adaToo.ports.setNetwork(false);
  await adaToo.waitFor('offline', ({ connection }) => connection.kind === 'offline');
  t.match(await thief.readRecord(), { invites: [{ closedAt: undefined }] });
  await thief.writeRecord(() => undefined);
  wire.answer = undefined;
  await ada.commands.removeDevice(thief.device, passphrase);
  t.strictSame(await ada.commands.readOwnInvites(), [], 'it was never seen here');
  await guest.commands.sendText(await guest.commands.followInvite(link), 'by the link');
  t.equal(await standingOf(ada, guest), 'request');

  adaToo.ports.setNetwork(true);
  t.equal(await standingOf(adaToo, guest), 'request');
  t.match(await adaToo.commands.readOwnInvites(), [{ state: 'withdrawn', link: undefined }]);
  // What the other device brings with its record.
  await adaToo.commands.setName('Ada again');
  await ada.waitFor('it', ({ session }) => session.kind === 'signed-in' && session.me.name === 'Ada again');
  t.match(await ada.commands.readOwnInvites(), [{ state: 'withdrawn', link: undefined }]);
  t.equal(await standingOf(ada, guest), 'request');
});
