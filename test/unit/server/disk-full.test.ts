/** A disk without room: what was acknowledged stays, what does not fit is refused and leaves nothing, and it goes on when there is room. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import t from 'tap';
import { idBytes, type DeviceId } from '../../../protocol/ids.ts';
import { openSqlite } from '../../../server/store/dialect.ts';
import { buildEnvelopeStore } from '../../../server/store/envelopes.ts';
import { migrateSqlite } from '../../../server/store/migrate.ts';
import { SqliteEngine } from '../../../server/store/writer.ts';
import { makeFolder, makeId, storeAccount } from '../../support/open-store.ts';

t.test(
  'a full disk refuses what does not fit, keeps what was acknowledged, and takes more once there is room',
  async (t) => {
    const path = join(makeFolder(t), 'tacet.sqlite');
    await migrateSqlite(path);
    const database = openSqlite(path);
    const engine = new SqliteEngine(database);
    t.teardown(() => engine.close());
    const store = buildEnvelopeStore(engine);
    const { devices } = await storeAccount(engine, 1);
    const [device = makeId<DeviceId>()] = devices;
    const accepted: string[] = [];
    async function send(): Promise<void> {
      const id = randomBytes(16);
      const { kind } = await store.send(
        [{ device, key: idBytes(device), id, body: randomBytes(3_000) }],
        1,
        'contact',
      );
      if (kind === 'stored') accepted.push(id.toString('hex'));
    }
    const waiting = async (): Promise<readonly string[]> =>
      (await store.page(device, 0, 1_000, 1e9)).map(({ id }) => Buffer.from(id).toString('hex'));

    const pages = Number(database.pragma('page_count', { simple: true }));
    database.pragma(`max_page_count = ${pages + 8}`);
    const refusals: unknown[] = [];
    for (let i = 0; i < 12; i += 1) {
      const outcomes = await Promise.allSettled([send(), send(), send()]);
      for (const outcome of outcomes) if (outcome.status === 'rejected') refusals.push(outcome.reason);
    }
    t.ok(accepted.length > 0, 'some fitted');
    t.ok(refusals.length > 0, 'and then none did');
    for (const refusal of refusals) t.match(refusal, { code: 'failed' });
    t.strictSame(await waiting(), accepted);

    database.pragma('max_page_count = 1000000');
    await send();
    t.equal(accepted.length, (await waiting()).length);
  },
);
