/** A removed device in the hands of a thief whom the server helps: contacts refuse what it sends, and the record opens under none of its keys. */
import t from 'tap';
import { openLocalDatabase } from '@tacet/client/core/account/local';
import type { HttpRequest } from '@tacet/client/core/ports';
import { Rest } from '@tacet/client/core/transport/rest';
import {
  hashRecord,
  keyFrom,
  openRecord,
  sealedRecordBytes,
  sealRecord,
  type RecordKey,
} from '@tacet/crypto/vault';
import { decodeB64u, encodeB64u } from '@tacet/protocol/bytes';
import { decodeCbor, encodeCbor } from '@tacet/protocol/cbor';
import { LIMITS } from '@tacet/protocol/limits';
import { isWireError } from '@tacet/protocol/errors';
import { idBytes } from '@tacet/protocol/ids';
import { getRecord, putProfile, putRecord } from '@tacet/protocol/rest/accounts';
import { makeHostileWire } from '../support/hostile-wire.ts';
import {
  accountOf,
  isOnline,
  openTestClient,
  openWith,
  signIn,
  signUp,
  textsOf,
} from '../support/make-client.ts';
import { openNodePorts, type Disk } from '../support/node-ports.ts';
import { openTestServer } from '../support/open-test-server.ts';
import { readTables } from '../support/read-tables.ts';

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
const RUINS: Readonly<Record<string, (record: Record<string, unknown>) => Uint8Array | undefined>> = {
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
    let token = '';
    const wire = Object.assign(makeHostileWire(), {
      request({ headers }: HttpRequest): void {
        token = headers['authorization']?.replace('Bearer ', '') ?? token;
      },
    });
    const stolen = openTestClient({ url: server.url, wire });
    await signIn(stolen, 'ada', passphrase);
    await openWith(stolen, 'Ben');
    const { devices } = await ada.waitFor('two devices', ({ devices: all }) => all.length === 2);
    await stolen.close();
    const found = await openLocalDatabase(stolen.ports, () => undefined);
    if (found.kind !== 'device') throw new Error('no device');
    const recordKey = keyFrom<RecordKey>(found.own.recordKey);
    found.db.close();

    const account = idBytes(accountOf(ada));
    const rest = new Rest(stolen.ports.http, stolen.ports.clock);
    const overwrite = async (): Promise<void> => {
      const held = await rest.call(getRecord, { token });
      const sealedNow = decodeB64u(held.sealed);
      if (sealedNow === undefined) throw new Error('no record');
      const record = decodeCbor(openRecord(recordKey, sealedNow, { account, version: held.version }));
      const version = held.version + 1;
      const next = { ...(record as Record<string, unknown>), previous: hashRecord(sealedNow) };
      const plain = ruin(next);
      const sealed =
        plain === undefined
          ? new Uint8Array(sealedNow.length).fill(1)
          : sealRecord(recordKey, plain, { account, version });
      try {
        await rest.call(putRecord, { body: { version, sealed: encodeB64u(sealed) }, token });
      } catch (error) {
        // Another device has written in between.
        if (!isWireError(error, 'version-mismatch')) throw error;
        await overwrite();
      }
    };
    await overwrite();
    // Nor by a profile that no version comes after.
    const body = { version: Number.MAX_SAFE_INTEGER, sealed: encodeB64u(new Uint8Array(100).fill(1)) };
    await rest.call(putProfile, { body, token });
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
