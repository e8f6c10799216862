/** Migrations that move rows: what earlier versions stored is there afterwards. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { Kysely, SqliteDialect } from 'kysely';
import { Migrator } from 'kysely/migration';
import { test } from 'tap';
import { MIGRATIONS } from '../../../migrations/index.ts';
import { openSqlite } from '../../../server/store/dialect.ts';
import { migrateSqlite } from '../../../server/store/migrate.ts';
import { buildResetStore } from '../../../server/store/resets.ts';
import { openSqliteEngine } from '../../../server/store/writer.ts';
import { makeFolder } from '../../support/open-store.ts';

test('announced resets are kept by the migration to one of each device, less those of devices that are gone', async (t) => {
  const path = join(makeFolder(t), 'tacet.db');
  const before = openSqlite(path);
  const db = new Kysely<unknown>({ dialect: new SqliteDialect({ database: before }) });
  const provider = { getMigrations: () => Promise.resolve(MIGRATIONS) };
  const { error } = await new Migrator({ db, provider }).migrateTo('0004-resets');
  t.equal(error, undefined);
  const [ada, ben, device, gone] = Array.from({ length: 4 }, () => randomBytes(16));
  const account = before.prepare(`insert into accounts (id, username, account_key, administrator,
    delivery_key_hash, list, list_signature, list_counter, list_hash) values (?, ?, x'05', 0, x'01', x'02', x'03', 1, x'04')`);
  account.run(ada, 'ada');
  account.run(ben, 'ben');
  before
    .prepare(
      `insert into devices (id, account, start_counter, signed_id, signed_key, signed_signature, last_resort_id,
    last_resort_key, last_resort_signature, statement, statement_signature)
    values (?, ?, 0, 1, x'01', x'02', 1, x'03', x'04', x'05', x'06')`,
    )
    .run(device, ada);
  const reset = before.prepare('insert into resets (account, device, due_at) values (?, ?, ?)');
  reset.run(ada, device, 77);
  reset.run(ben, gone, 88);
  await db.destroy();

  await migrateSqlite(path);
  const engine = openSqliteEngine(path);
  t.teardown(() => engine.close());
  const resets = buildResetStore(engine);
  const [kept] = await resets.list(ada ?? randomBytes(0), 80);
  t.equal(kept?.dueAt, 77);
  t.same(Buffer.from(kept?.device ?? []), device);
  t.same(await resets.list(ben ?? randomBytes(0), 80), []);
});
