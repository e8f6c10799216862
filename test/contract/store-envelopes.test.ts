import { test } from 'tap';
import { sqliteBuilder } from '../../server/store/dialect.ts';
import { queueStatements } from '../../server/store/envelope-statements.ts';
import { all } from '../../server/store/transaction.ts';
import { openSqliteStore } from '../support/open-store.ts';
import { envelopeStoreContract } from './store-envelopes.ts';

envelopeStoreContract('SQLite', openSqliteStore);

test('SQLite: no statement of sending, paging and acknowledging walks a table', async (t) => {
  const engine = await openSqliteStore(t);
  const statements = queueStatements(sqliteBuilder(), 'sqlite');
  const bytes = new Uint8Array(16);
  const hot = [
    statements.queue({ device: bytes }),
    statements.count({ queue: 1 }),
    statements.waiting({ queue: 1, id: bytes }),
    statements.page({ queue: 1, after: 0, most: 10 }),
    statements.remove({ queue: 1, id: bytes }),
  ];
  for (const { sql, parameters } of hot) {
    const plan = await engine.read(() =>
      all<{ detail: string }>({ sql: `explain query plan ${sql}`, parameters }),
    );
    t.ok(plan.length > 0);
    t.same(
      plan.filter(({ detail }) => detail.startsWith('SCAN')),
      [],
      sql,
    );
  }
  const page = statements.page({ queue: 1, after: 0, most: 10 });
  const plan = await engine.read(() =>
    all<{ detail: string }>({ sql: `explain query plan ${page.sql}`, parameters: page.parameters }),
  );
  t.ok(plan.some(({ detail }) => detail.includes('INDEX') && detail.includes('(queue=?)')));
});
