/**
 * A filled database of each earlier version is brought to the newest one: no row is lost or changed, and the server runs on it and serves
 * what is in it. Its rows are those that a server of today stored, as far as the earlier version has places for them.
 */
import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { Kysely, SqliteDialect } from 'kysely';
import { Migrator } from 'kysely/migration';
import t, { type Test } from 'tap';
import { MIGRATIONS } from '../../migrations/index.ts';
import { DATABASE_FILE } from '../../server/store/database-file.ts';
import { openSqlite } from '../../server/store/dialect.ts';
import { sendTo, tryDelete } from '../support/account-requests.ts';
import { bytesOf, linkDevice, makeAccount, tryRenew, type WireAccount } from '../support/make-account.ts';
import { makeFolder } from '../support/open-store.ts';
import { openTestServer } from '../support/open-test-server.ts';
import { readTables, type Tables } from '../support/read-tables.ts';
import { openAnonymous, openSignedIn } from '../support/socket-client.ts';

t.setTimeout(300_000);

const VERSIONS = Object.keys(MIGRATIONS);
const FAR = 4_000_000_000_000;

/** What waits for a device, by id. */
type Waiting = readonly string[];

function toBytes(id: string): Buffer {
  return Buffer.from(bytesOf(id));
}

/** A data folder in which every table has rows. */
async function fill(dataDir: string): Promise<{ readonly account: WireAccount; readonly waiting: Waiting }> {
  const server = await openTestServer({ dataDir });
  const account = await makeAccount(server);
  await linkDevice(server, account);
  await makeAccount(server, { oneTimeKeys: 0 });
  await tryDelete(server, await makeAccount(server));
  const sender = await openAnonymous(server.url.replace('http', 'ws'));
  const ids = [randomBytes(16), randomBytes(16), randomBytes(16)];
  for (const id of ids) {
    sender.send(sendTo(account, { id }));
    await sender.take('sent');
  }
  await sender.close();
  await server.close();
  const [first] = account.devices;
  if (first === undefined) throw new Error('no device');
  const database = new Sqlite(join(dataDir, DATABASE_FILE));
  const owner = toBytes(account.id);
  database
    .prepare('insert into invites (code, account, uses_left, expires_at) values (?, ?, 1, ?)')
    .run(randomBytes(16), owner, FAR);
  database
    .prepare('insert into resets (device, account, due_at) values (?, ?, ?)')
    .run(toBytes(first.id), owner, FAR);
  database
    .prepare('insert into departures (device, account, notice, signature) values (?, ?, ?, ?)')
    .run(randomBytes(16), owner, randomBytes(90), randomBytes(64));
  database.close();
  return { account, waiting: ids.map((id) => id.toString('hex')) };
}

/** A database of an earlier version, with those of the rows that it has tables and columns for. */
async function makeEarlier(t: Test, path: string, version: string, rows: Tables): Promise<Tables> {
  const database = openSqlite(path);
  const db = new Kysely<unknown>({ dialect: new SqliteDialect({ database }) });
  const provider = { getMigrations: () => Promise.resolve({ ...MIGRATIONS }) };
  const { error } = await new Migrator({ db, provider }).migrateTo(version);
  t.equal(error, undefined);
  database.pragma('foreign_keys = OFF');
  const put: Record<string, readonly Readonly<Record<string, unknown>>[]> = {};
  for (const [table, held] of Object.entries(rows)) {
    const columns = database
      .prepare<[string], { name: string }>('select name from pragma_table_info(?)')
      .all(table)
      .map(({ name }) => name);
    if (columns.length === 0) continue;
    const names = columns.map((name) => `"${name}"`).join(', ');
    const slots = columns.map(() => '?').join(', ');
    const insert = database.prepare(`insert into "${table}" (${names}) values (${slots})`);
    for (const row of held) insert.run(columns.map((name) => row[name]));
    put[table] = held;
  }
  t.same(database.pragma('foreign_key_check'), [], 'the rows belong together');
  await db.destroy();
  return put;
}

/** The server knows the account, its session and what waits for it, and takes more. */
async function expectServed(
  t: Test,
  dataDir: string,
  account: WireAccount,
  waiting: Waiting | undefined,
): Promise<void> {
  await using server = await openTestServer({ dataDir });
  const origin = server.url.replace('http', 'ws');
  const [device] = account.devices;
  if (device === undefined) throw new Error('no device');
  const renewed = await tryRenew(server, device);
  t.equal(renewed.code, undefined, 'the session goes on');
  const more = randomBytes(16);
  const sender = await openAnonymous(origin);
  sender.send(sendTo(account, { id: more }));
  t.match(await sender.next(), { kind: 'sent' }, 'the list and the delivery key are known');
  await sender.close();
  const socket = await openSignedIn(origin, bytesOf(device.token));
  await socket.take('welcome');
  const { before } = await socket.takeUntil('drained');
  const ids = before.flatMap((frame) =>
    frame.kind === 'deliver' ? [Buffer.from(frame.id).toString('hex')] : [],
  );
  t.same(ids, [...(waiting ?? []), more.toString('hex')], 'what waited comes, in order');
  await socket.close();
}

/** Starts the server and stops it. */
async function expectStart(dataDir: string): Promise<void> {
  await using _server = await openTestServer({ dataDir });
}

t.test('a filled database of each version keeps every row and is served', async (t) => {
  const folder = makeFolder(t);
  const source = join(folder, 'today');
  mkdirSync(source);
  const { account, waiting } = await fill(source);
  const rows = readTables(source);
  for (const [table, held] of Object.entries(rows)) t.ok(held.length > 0, `${table} has rows`);
  for (const version of VERSIONS) {
    await t.test(version, async (t) => {
      const dataDir = join(folder, version);
      mkdirSync(dataDir);
      const put = await makeEarlier(t, join(dataDir, DATABASE_FILE), version, rows);
      const hasDevices = 'devices' in put;
      if (hasDevices) await expectServed(t, dataDir, account, 'envelopes' in put ? waiting : undefined);
      else await expectStart(dataDir);
      const after = readTables(dataDir);
      t.same(Object.keys(after), Object.keys(rows), 'every table of today is there');
      for (const [table, held] of Object.entries(put)) {
        // What the server writes as it runs: sessions are renewed, envelopes come.
        const isSteady = table !== 'sessions' && table !== 'envelopes' && table !== 'devices';
        if (isSteady) t.same(after[table], held, `${table} is as it was`);
        else t.ok((after[table]?.length ?? 0) >= held.length, `${table} has all rows`);
      }
    });
  }
});
