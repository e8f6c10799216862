/** What an earlier build has stored opens with this one, and nothing of it is lost; what a newer one has stored is left alone. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { encodeB64u } from '@tacet/protocol/bytes';
import { encodeCbor } from '@tacet/protocol/cbor';
import { readRecord } from '@tacet/client/core/account/record-form';
import { DATABASE_VERSION, LAYOUT } from '@tacet/client/core/db/migrations';
import { T } from '@tacet/client/core/db/stores';
import { idBytes } from '@tacet/protocol/ids';
import { getRecord } from '@tacet/protocol/rest/accounts';
import { keyFrom, sealRecord, type RecordKey } from '@tacet/crypto/vault';
import { makeHostileWire } from '../support/hostile-wire.ts';
import { look } from '../support/local-text.ts';
import {
  isOnline,
  openTestClient,
  openWith,
  signUp,
  textsOf,
  type TestClient,
} from '../support/make-client.ts';
import type { Disk } from '../support/node-ports.ts';
import { openTestServer } from '../support/open-test-server.ts';
import { diskOf, type RecordedProfile } from '../support/recorded-disk.ts';

t.setTimeout(120_000);

/** Nobody listens there. */
const NOWHERE = 'http://127.0.0.1:1';

/** Ada's disk as the build before version 5 of the database left it. */
function openRecordedDisk(): Disk {
  const file = join(import.meta.dirname, '..', 'vectors', 'database-4.json');
  return diskOf(JSON.parse(readFileSync(file, 'utf8')) as RecordedProfile, 4);
}

async function expectEverything(t: Test, ada: TestClient): Promise<void> {
  const { conversations } = await ada.waitFor('signed in', ({ session }) => session.kind === 'signed-in');
  t.match(ada.state.session, { me: { name: 'Ada', username: 'ada' } });
  t.strictSame(
    conversations
      .map(({ person, state, last, draft }) => [person.name, person.trust, state, last?.text, draft])
      .toSorted(([a], [b]) => (String(a) < String(b) ? -1 : 1)),
    [
      ['Ben', 'verified', 'accepted', 'Kept from Ben', ''],
      ['Carol', 'unverified', 'accepted', undefined, 'Half a thought'],
      ['Dan', 'by-invite', 'accepted', undefined, ''],
      ['Eve', 'unverified', 'request', 'May I?', ''],
    ],
  );
  await openWith(ada, 'Ben');
  t.strictSame(textsOf(ada.state), ['Kept from Ada', 'Kept from Ben']);
}

t.test(
  'a database of version 4 opens without a connection, whole, and is brought to the form of today',
  async (t) => {
    const disk = openRecordedDisk();
    const sessions = disk.databases.get('tacet')?.get('sessions')?.size;
    const ada = openTestClient({ url: NOWHERE, disk });
    await expectEverything(t, ada);
    await ada.close();
    await look(disk, async (db) => {
      const stored = await db.read([T.record], (tx) => tx.get(T.record, 'record'));
      t.match(stored, { dirty: true }, 'the other devices are to get it too');
      const { value, isOld } = await readRecord(stored?.plain ?? new Uint8Array());
      t.equal(isOld, false);
      const carol = value.contacts.find(({ name }) => name === 'Carol');
      t.ok(carol?.judgedAt !== undefined, 'the mark that was taken away stays away');
      t.equal(value.invites.length, 4);
      t.equal(await db.read([T.layout], (tx) => tx.get(T.layout, 'layout')), LAYOUT);
      t.equal((await db.read([T.sessions], (tx) => tx.keys(T.sessions, {}))).length, sessions);
    });
    await using again = openTestClient({ url: NOWHERE, disk });
    await expectEverything(t, again);
  },
);

t.test(
  'a database of a newer build is left alone and told as such, and can be deleted to begin afresh',
  async (t) => {
    await using server = await openTestServer();
    const first = openTestClient({ url: server.url });
    const { passphrase } = await signUp(first, 'ada');
    await first.close();
    const { disk } = first.ports;
    const before = disk.copy();
    disk.versions.set('tacet', DATABASE_VERSION + 1);
    await using ada = openTestClient({ url: server.url, disk });
    const { session } = await ada.waitFor('broken', ({ session: { kind } }) => kind === 'broken');
    t.match(session, { failure: { code: 'app-outdated' } });
    t.strictSame(disk.databases.get('tacet'), before.databases.get('tacet'));
    await ada.commands.wipe();
    t.match(ada.state.session, { kind: 'ended', why: 'signed-out' });
    t.notOk(disk.databases.has('tacet'));
    await ada.commands.signIn({ username: 'ada', passphrase });
    await isOnline(ada);
  },
);

t.test('what a newer build has written into the record is told as such, and stays', async (t) => {
  await using server = await openTestServer();
  const first = openTestClient({ url: server.url });
  await signUp(first, 'ada');
  await first.close();
  const { disk } = first.ports;
  const newer = encodeCbor({ v: 2, people: [] });
  await look(disk, (db) =>
    db.write([T.record], async (tx) => {
      const stored = await tx.get(T.record, 'record');
      if (stored !== undefined) tx.put(T.record, 'record', { ...stored, plain: newer });
    }),
  );
  const ada = openTestClient({ url: server.url, disk });
  const { session } = await ada.waitFor('broken', ({ session: { kind } }) => kind === 'broken');
  t.match(session, { failure: { code: 'app-outdated' } });
  await ada.close();
  const stored = await look(disk, (db) => db.read([T.record], (tx) => tx.get(T.record, 'record')));
  t.strictSame(stored?.plain, newer);
});

t.test(
  'a record that another own device wrote with a newer build is said above the list, and stays on the server',
  async (t) => {
    await using server = await openTestServer();
    const first = openTestClient({ url: server.url });
    await signUp(first, 'ada');
    const { disk } = first.ports;
    await first.close();
    const { account, recordKey } = await look(disk, async (db) => {
      const own = await db.read([T.own], (tx) => tx.get(T.own, 'own'));
      if (own === undefined) throw new Error('no device');
      return { account: own.account, recordKey: keyFrom<RecordKey>(own.recordKey) };
    });
    const wire = makeHostileWire();
    let puts = 0;
    wire.answer = (request, reply) => {
      if (request.path !== getRecord.path) return reply;
      if (request.method === 'PUT') {
        puts += 1;
        return { status: 409, body: JSON.stringify({ code: 'version-mismatch' }) };
      }
      const plain = encodeCbor({ v: 2, people: [] });
      const sealed = sealRecord(recordKey, plain, { account: idBytes(account), version: 9 });
      return { status: 200, body: JSON.stringify({ version: 9, sealed: encodeB64u(sealed) }) };
    };
    wire.change = (frame) => [frame.kind === 'welcome' ? { ...frame, recordVersion: 9 } : frame];
    await using ada = openTestClient({ url: server.url, disk, wire });
    await isOnline(ada);
    await ada.waitFor('the word', ({ outdated }) => outdated);
    await t.rejects(
      ada.commands.makeInvite(),
      { code: 'app-outdated' },
      'nothing is given that only this device knows',
    );
    t.equal(puts, 1);
    t.equal(ada.state.session.kind, 'signed-in', 'and messages go on');
    t.strictSame(ada.state.alerts, []);
  },
);

t.test('a new account needs nothing brought to today’s layout', async (t) => {
  await using server = await openTestServer();
  const ada = openTestClient({ url: server.url });
  const { passphrase } = await signUp(ada, 'ada');
  await using adaToo = openTestClient({ url: server.url });
  await adaToo.waitFor('signed out', ({ session }) => session.kind === 'signed-out');
  await adaToo.commands.signIn({ username: 'ada', passphrase });
  for (const client of [ada, adaToo]) {
    await isOnline(client);
    await client.close();
    t.equal(
      await look(client.ports.disk, (db) => db.read([T.layout], (tx) => tx.get(T.layout, 'layout'))),
      LAYOUT,
    );
  }
});
