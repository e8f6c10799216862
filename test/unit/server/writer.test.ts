import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { sql } from 'kysely';
import { test, type Test } from 'tap';
import { isStoreError } from '../../../server/store/errors.ts';
import { all, compileOnce, first, run, type Transaction } from '../../../server/store/transaction.ts';
import { openSqliteEngine, type SqliteEngine } from '../../../server/store/writer.ts';

interface Row {
  readonly n: number;
}

function openEngine(t: Test): { engine: SqliteEngine; path: string } {
  const folder = mkdtempSync(join(tmpdir(), 'tacet-writer-'));
  const path = join(folder, 'test.db');
  const set = new Sqlite(path);
  set.exec('create table item (n integer primary key)');
  set.close();
  const engine = openSqliteEngine(path);
  t.teardown(async () => {
    await engine.close();
    rmSync(folder, { recursive: true });
  });
  return { engine, path };
}

function* insert(engine: SqliteEngine, n: number): Transaction<number> {
  yield sql`insert into item (n) values (${n})`.compile(engine.build);
  return n;
}

async function numbers(engine: SqliteEngine): Promise<number[]> {
  const rows = await engine.read(() =>
    all<Row>({ compile: () => sql<Row>`select n from item order by n`.compile(engine.build) }),
  );
  return rows.map((row) => row.n);
}

test('transactions of one turn share one commit and each gets its own result', async (t) => {
  const { engine } = openEngine(t);
  const results = await Promise.all([1, 2, 3].map((n) => engine.write(() => insert(engine, n))));
  t.same(results, [1, 2, 3]);
  t.same(engine.figures, { commits: 1, transactions: 3 });
});

test('a transaction that throws undoes itself only', async (t) => {
  const { engine } = openEngine(t);
  const outcomes = await Promise.allSettled([
    engine.write(() => insert(engine, 1)),
    engine.write(function* () {
      yield* insert(engine, 2);
      yield* insert(engine, 1);
    }),
    engine.write(() => insert(engine, 3)),
  ]);
  t.same(
    outcomes.map((outcome) => outcome.status),
    ['fulfilled', 'rejected', 'fulfilled'],
  );
  const [, refused] = outcomes;
  t.ok(refused?.status === 'rejected' && isStoreError(refused.reason, 'failed'));
  t.same(await numbers(engine), [1, 3]);
});

test('what a transaction throws itself reaches its caller unchanged', async (t) => {
  const { engine } = openEngine(t);
  const own = new Error('own');
  await t.rejects(
    engine.write(function* () {
      yield* insert(engine, 1);
      throw own;
    }),
    own,
  );
  t.same(await numbers(engine), []);
});

test('a result is told only after another connection can read it', async (t) => {
  const { engine, path } = openEngine(t);
  await engine.write(() => insert(engine, 7));
  const other = new Sqlite(path, { readonly: true });
  t.same(other.prepare('select n from item').all(), [{ n: 7 }]);
  other.close();
});

test('a lazy write joins the next commit and comes by itself when none follows', async (t) => {
  const { engine } = openEngine(t);
  await Promise.all([engine.writeSoon(() => insert(engine, 1)), engine.write(() => insert(engine, 2))]);
  t.equal(engine.figures.commits, 1);
  await engine.writeSoon(() => insert(engine, 3));
  t.same(await numbers(engine), [1, 2, 3]);
});

test('more transactions than a batch holds are all committed, in order', async (t) => {
  const { engine } = openEngine(t);
  const order: number[] = [];
  await Promise.all(
    Array.from({ length: 1200 }, (_, n) =>
      engine.write(() => insert(engine, n)).then((got) => order.push(got)),
    ),
  );
  t.same(
    order,
    Array.from({ length: 1200 }, (_, n) => n),
  );
  t.equal(engine.figures.commits, 3);
});

test('close commits what is queued and refuses what comes later', async (t) => {
  const { engine, path } = openEngine(t);
  const queued = engine.write(() => insert(engine, 1));
  await engine.close();
  t.equal(await queued, 1);
  const other = new Sqlite(path, { readonly: true });
  t.same(other.prepare('select n from item').all(), [{ n: 1 }]);
  other.close();
  await t.rejects(
    engine.write(() => insert(engine, 2)),
    { code: 'closed' },
  );
  await t.rejects(
    engine.read(() => insert(engine, 2)),
    { code: 'closed' },
  );
});

test('a statement compiled once is filled with each call’s values', async (t) => {
  const { engine } = openEngine(t);
  const add = compileOnce((value: { low: number; high: number }) => ({
    compile: () =>
      sql`insert into item (n) values (${value.high}), (${value.low}), (${40})`.compile(engine.build),
  }));
  const touched = await engine.write(() => run(add({ low: 1, high: 2 })));
  t.equal(touched, 3);
  t.same(await numbers(engine), [1, 2, 40]);
  t.same(add({ low: 5, high: 6 }).parameters, [6, 5, 40]);
});

test('the builder itself runs nothing', async (t) => {
  const { engine } = openEngine(t);
  await t.rejects(sql`select 1`.execute(engine.build));
  t.equal(
    (await engine.read(() => first<Row>({ compile: () => sql<Row>`select 1 as n`.compile(engine.build) })))
      ?.n,
    1,
  );
});
