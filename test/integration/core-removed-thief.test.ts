/** A removed device in the hands of a thief whom the server helps: contacts refuse what it sends, and the record opens under none of its keys. */
import t from 'tap';
import { openLocalDatabase } from '@tacet/client/core/account/local';
import type { HttpRequest } from '@tacet/client/core/ports';
import { Rest } from '@tacet/client/core/transport/rest';
import { keyFrom, openRecord, sealRecord, type RecordKey } from '@tacet/crypto/vault';
import { encodeB64u } from '@tacet/protocol/bytes';
import { encodeCbor } from '@tacet/protocol/cbor';
import { isWireError } from '@tacet/protocol/errors';
import { idBytes } from '@tacet/protocol/ids';
import { getRecord, putRecord } from '@tacet/protocol/rest/accounts';
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

t.test(
  'a thief who writes a record that nobody can read is told of, and cannot keep his device on the list by it',
  async (t) => {
    await using server = await openTestServer();
    await using ada = openTestClient({ url: server.url });
    const { passphrase } = await signUp(ada, 'ada');
    let token = '';
    const wire = Object.assign(makeHostileWire(), {
      request({ headers }: HttpRequest): void {
        token = headers['authorization']?.replace('Bearer ', '') ?? token;
      },
    });
    const stolen = openTestClient({ url: server.url, wire });
    await signIn(stolen, 'ada', passphrase);
    const { devices } = await ada.waitFor('two devices', ({ devices: all }) => all.length === 2);
    await stolen.close();
    const found = await openLocalDatabase(stolen.ports, () => undefined);
    if (found.kind !== 'device') throw new Error('no device');
    const recordKey = keyFrom<RecordKey>(found.own.recordKey);
    found.db.close();

    const rest = new Rest(stolen.ports.http, stolen.ports.clock);
    const overwrite = async (): Promise<void> => {
      const version = (await rest.call(getRecord, { token })).version + 1;
      const sealed = sealRecord(recordKey, encodeCbor({ v: 2 }), {
        account: idBytes(accountOf(ada)),
        version,
      });
      try {
        await rest.call(putRecord, { body: { version, sealed: encodeB64u(sealed) }, token });
      } catch (error) {
        // Another device has written in between.
        if (!isWireError(error, 'version-mismatch')) throw error;
        await overwrite();
      }
    };
    await overwrite();
    await ada.waitFor('the word', ({ outdated }) => outdated);

    await ada.commands.removeDevice(devices[1]!.device, passphrase);
    await ada.waitFor('the end of it', ({ outdated, devices: left }) => !outdated && left.length === 1);
    const { link } = await ada.commands.makeInvite();
    await using adaToo = openTestClient({ url: server.url });
    await signIn(adaToo, 'ada', passphrase);
    t.strictSame(
      (await adaToo.commands.readOwnInvites()).map((invite) => invite.link),
      [link],
      'a new device reads the record again',
    );
  },
);
