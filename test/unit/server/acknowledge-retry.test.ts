/** Acknowledgements go together in one commit; one that fails must not take those after it with it. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import t from 'tap';
import { idBytes, type DeviceId } from '../../../protocol/ids.ts';
import { openSqlite } from '../../../server/store/dialect.ts';
import { buildEnvelopeStore } from '../../../server/store/envelopes.ts';
import { migrateSqlite } from '../../../server/store/migrate.ts';
import { SqliteEngine } from '../../../server/store/writer.ts';
import { makeFolder, makeId, storeAccount } from '../../support/open-store.ts';

t.test('a device can acknowledge again after the database was locked by somebody else', async (t) => {
  const path = join(makeFolder(t), 'tacet.sqlite');
  await migrateSqlite(path);
  const database = openSqlite(path);
  database.pragma('busy_timeout = 1');
  const engine = new SqliteEngine(database);
  t.teardown(() => engine.close());
  const store = buildEnvelopeStore(engine);
  const { devices } = await storeAccount(engine, 1);
  const [device = makeId<DeviceId>()] = devices;
  const id = randomBytes(16);
  await store.send([{ device, key: idBytes(device), id, body: randomBytes(20) }], 1, 'contact');

  const other = openSqlite(path);
  t.teardown(() => other.close());
  other.exec('begin immediate');
  await t.rejects(store.acknowledge(device, [id]), { code: 'failed' });
  other.exec('rollback');

  await t.resolves(store.acknowledge(device, [id]));
  t.same(await store.page(device, 0, 10, 1e6), []);
});
