/** A server that says it was restored from a backup to have older states taken for good: it gains two minutes, twice a week, and is shown. */
import { randomBytes } from 'node:crypto';
import t from 'tap';
import { openLocalDatabase } from '@tacet/client/core/account/local';
import { T } from '@tacet/client/core/db/stores';
import type { HttpReply } from '@tacet/client/core/ports';
import { encodeB64u } from '@tacet/protocol/bytes';
import { ERRORS } from '@tacet/protocol/errors';
import { comeBack, getReceipts, type Receipts } from '@tacet/protocol/rest/receipts';
import { newChallenge } from '@tacet/protocol/rest/sessions';
import { makeHostileWire, type HostileWire } from '../support/hostile-wire.ts';
import {
  isOnline,
  openTestClient,
  reconnect,
  signIn,
  signUp,
  toldOf,
  type TestClient,
} from '../support/make-client.ts';
import { openNodePorts } from '../support/node-ports.ts';
import { readTables } from '../support/read-tables.ts';
import { openRestorableServer } from '../support/restorable-server.ts';

t.setTimeout(600_000);

const MINUTE_MS = 60_000;
const RECORD = '/v1/account/record';

/** How many secrets of prekeys a device keeps. */
async function countPreKeys(url: string, { ports }: TestClient): Promise<number> {
  const found = await openLocalDatabase(openNodePorts({ url, disk: ports.disk.copy() }), () => undefined);
  if (found.kind !== 'device') throw new Error('no device');
  try {
    return (await found.db.read([T.preKeys], (tx) => tx.keys(T.preKeys, {}))).length;
  } finally {
    found.db.close();
  }
}

async function backOnline(client: TestClient): Promise<void> {
  await client.commands.connectNow();
  await isOnline(client);
  await client.client.background.settled();
}

t.test(
  'a restored server that does not take the later record is told of once its time is over',
  async (t) => {
    const server = await openRestorableServer(t);
    const wire = makeHostileWire();
    let skew = 0;
    const ada = openTestClient({ url: server.url, wire, skewMs: () => skew });
    t.teardown(() => ada.close());
    await signUp(ada, 'ada');
    await ada.client.background.settled();
    await server.backUp();
    await ada.commands.setName('Countess');
    await ada.client.background.settled();
    await server.goBack();

    // What the backup has is all that is ever shown, whatever is put over it.
    let puts = 0;
    let older: HttpReply | undefined;
    wire.answer = (request, reply) => {
      if (request.path !== RECORD) return reply;
      if (request.method === 'GET') return (older ??= reply);
      puts += 1;
      return { ...reply, status: 409, body: JSON.stringify({ code: 'version-mismatch' }) };
    };
    wire.change = (frame) => (frame.kind === 'welcome' ? [{ ...frame, recordVersion: 1 }] : [frame]);
    await backOnline(ada);
    await ada.waitFor('the word', () => toldOf(ada).includes('restored'));
    t.strictSame(toldOf(ada), ['restored'], 'the own devices have their time');
    skew = 3 * MINUTE_MS;
    await reconnect(ada);
    await ada.waitFor('the alarm', () => toldOf(ada).includes('older-state'));
    t.ok(puts > 0, 'it was offered the later one');
    t.match(ada.state.session, { me: { name: 'Countess' } }, 'and nothing was taken back');
  },
);

t.test('a third restore in a week is not believed: its older states are told of', async (t) => {
  const server = await openRestorableServer(t);
  let skew = 0;
  const ada = openTestClient({ url: server.url, skewMs: () => skew });
  t.teardown(() => ada.close());
  await signUp(ada, 'ada');
  await ada.client.background.settled();
  await server.backUp();
  for (const [i, name] of ['One', 'Two', 'Three'].entries()) {
    await ada.commands.setName(name);
    await ada.client.background.settled();
    await server.goBack();
    skew += 3 * MINUTE_MS;
    await backOnline(ada);
    t.match(ada.state.session, { me: { name } }, 'nothing was taken back');
    if (i < 2) t.strictSame(toldOf(ada), ['restored']);
  }
  await ada.waitFor('the alarm', () => toldOf(ada).includes('older-state'));
});

t.test('a restore that is claimed anew with each connection and taken by nobody makes no keys', async (t) => {
  const server = await openRestorableServer(t);
  const wire = makeHostileWire();
  const ada = openTestClient({ url: server.url, wire });
  t.teardown(() => ada.close());
  await signUp(ada, 'ada');
  await ada.client.background.settled();
  const stored = await countPreKeys(server.url, ada);
  wire.answer = (request, reply) => {
    if (request.path !== newChallenge.path) return reply;
    const restore = { epoch: encodeB64u(randomBytes(16)), restoredAt: Date.now(), backedUpAt: Date.now() };
    return { ...reply, body: JSON.stringify({ ...JSON.parse(reply.body), restore }) };
  };
  const ROUNDS = 5;
  for (let i = 0; i < ROUNDS; i += 1) {
    wire.hangUp(ERRORS.unauthorized.close);
    await ada.waitFor('offline', ({ connection }) => connection.kind !== 'online');
    await backOnline(ada);
  }
  const tries = wire.asked.filter(({ path }) => path === comeBack.path);
  t.equal(tries.length, ROUNDS, 'it tried each time');
  t.equal(await countPreKeys(server.url, ada), stored);
  t.strictSame(toldOf(ada), [], 'nothing came of it');
});

/** Has every answer with receipts changed. */
function lieInReceipts(wire: HostileWire, lie: (told: Receipts) => Receipts): void {
  wire.answer = (request, reply) => {
    if (request.path !== getReceipts.path) return reply;
    return { ...reply, body: JSON.stringify(lie(JSON.parse(reply.body) as Receipts)) };
  };
}

t.test('a server that has lied in its receipts for a while gets the right ones afterwards', async (t) => {
  const server = await openRestorableServer(t);
  await server.backUp();
  const wire = makeHostileWire();
  const ada = openTestClient({ url: server.url, wire });
  t.teardown(() => ada.close());
  await signUp(ada, 'ada');
  await ada.client.background.settled();
  const most = Number.MAX_SAFE_INTEGER;
  const bytes = encodeB64u(randomBytes(32));
  lieInReceipts(wire, (told) => ({
    account: bytes,
    device: told.device,
    list: { counter: most, receipt: bytes },
    credentials: { ...told.credentials, version: most, vault: bytes },
    record: { version: most, receipt: bytes },
  }));
  await reconnect(ada);
  await ada.client.background.settled();
  wire.behave();
  await reconnect(ada);
  await ada.client.background.settled();
  await server.goBack();
  await backOnline(ada);
  await ada.waitFor('the word', () => toldOf(ada).includes('restored'));
  t.match(ada.state.session, { kind: 'signed-in' }, 'the account that was lost is there again');
});

t.test('the receipt of the account stays with the list that it belongs to', async (t) => {
  const server = await openRestorableServer(t);
  const wire = makeHostileWire();
  const ada = openTestClient({ url: server.url, wire });
  t.teardown(() => ada.close());
  const { passphrase } = await signUp(ada, 'ada');
  await server.backUp();
  const other = openTestClient({ url: server.url });
  t.teardown(() => other.close());
  await signIn(other, 'ada', passphrase);
  await ada.waitFor('both', ({ devices }) => devices.length === 2);
  await ada.client.background.settled();
  // As from before a reset: another account key, a list before the one that is known.
  const account = encodeB64u(randomBytes(32));
  lieInReceipts(wire, (told) => ({ ...told, account, list: { ...told.list, counter: 1 } }));
  await reconnect(ada);
  await ada.client.background.settled();
  wire.behave();
  await server.goBack();
  await backOnline(ada);
  await ada.waitFor('the word', () => toldOf(ada).includes('restored'));
  t.equal(readTables(server.dataDir)['accounts']?.[0]?.['list_counter'], 2);
});
