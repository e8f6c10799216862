// SECURITY.md held against what is: its table of what the server knows against a freshly migrated database, the tests that
// its promises name, and the versions of the libraries that its algorithms come from.

import { existsSync, globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { IN_MEMORY, STORED } from '../server/admin/known.ts';
import { openSqlite } from '../server/store/dialect.ts';
import { migrateSqlite } from '../server/store/migrate.ts';
import { ROWS } from './hostile/rows.ts';
import { findRowTests, wordsOf } from './hostile/table.ts';
import { readTable } from './support/markdown-table.ts';

const root = join(import.meta.dirname, '..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const document = read('SECURITY.md');

/** Table, column and meaning, as the one table has them. */
const known = Object.entries(STORED).flatMap(([table, { columns }]) =>
  Object.entries(columns).map(([column, [, meaning]]) => [table, column, meaning] as const),
);

interface Column {
  readonly name: string;
}

/** Every column of a new database, `table.column`, the migrator's own bookkeeping left out. */
async function columnsOfSchema(): Promise<readonly string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'tacet-schema-'));
  try {
    const path = join(folder, 'tacet.sqlite');
    await migrateSqlite(path);
    const database = openSqlite(path);
    const tables = database.prepare("select name from sqlite_schema where type = 'table'").all() as Column[];
    const own = tables.map(({ name }) => name).filter((name) => !/^(sqlite|kysely)_/.test(name));
    const columns = own.flatMap((table) =>
      (database.pragma(`table_info(${table})`) as Column[]).map(({ name }) => `${table}.${name}`),
    );
    database.close();
    return columns;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

t.test('every column of the database has its words, and all words their column', async (t) => {
  const stored = await columnsOfSchema();
  t.ok(stored.length > 40, 'the schema was read');
  t.strictSame(known.map(([table, column]) => `${table}.${column}`).sort(), [...stored].sort());
  t.ok(
    known.every(([, , meaning]) => meaning.length > 5),
    'each says something',
  );
});

t.test('SECURITY.md shows what the server knows in the words of the one table, stored and in memory', (t) => {
  t.strictSame(readTable(document, 'Table'), known);
  t.strictSame(
    readTable(document, 'In memory only'),
    IN_MEMORY.map(({ what, until }) => [what, until]),
  );
  t.end();
});

t.test('every promise names a test that exists, or says that it has not landed', (t) => {
  const rows = readTable(document, 'A hostile server cannot');
  t.ok(rows.length >= 10, 'the promises were found');
  for (const [promise, shown = ''] of rows) {
    if (shown === 'not yet landed') continue;
    const named = [...shown.matchAll(/`([^`]+)`: ([^;]+)/g)];
    t.ok(named.length > 0, `${promise}: names its tests`);
    for (const [, path = '', title = ''] of named) {
      t.ok(existsSync(join(root, path)), path);
      t.ok(
        existsSync(join(root, path)) && read(path).includes(title.trim()),
        `${path} has "${title.trim()}"`,
      );
    }
  }
  t.end();
});

t.test('the hostile server’s list says of each row which files hold it, or what it waits for', (t) => {
  const tests = findRowTests();
  const expected = ROWS.map((row) => [row.id, row.title, wordsOf(row, tests)]);
  t.equal(ROWS.length, 88);
  t.strictSame(
    readTable(document, 'Row'),
    expected,
    'as `node test/hostile/write-table.ts` and prettier write it',
  );
  const rows = new Set<string>(ROWS.map(({ id }) => id));
  for (const { row, title } of tests) t.ok(rows.has(row), title);
  t.throws(() => wordsOf({ id: 'A00', title: 'what nobody has thought of' }, tests), /neither a test/);
  const titles = tests.map(({ title }) => title);
  t.equal(new Set(titles).size, titles.length, 'no title twice');
  t.end();
});

t.test('the versions that SECURITY.md names are the versions that are installed', (t) => {
  const declared = new Map<string, string>();
  for (const path of globSync('{package.json,*/package.json}', { cwd: root, exclude: ['node_modules/**'] })) {
    const manifest = JSON.parse(read(path)) as Readonly<
      Record<string, Readonly<Record<string, string>> | undefined>
    >;
    for (const kind of ['dependencies', 'devDependencies'])
      for (const [name, version] of Object.entries(manifest[kind] ?? {})) declared.set(name, version);
  }
  const named = [...document.matchAll(/`([@\w/-]+)` (\d+\.\d+\.\d+)/g)];
  t.ok(named.length >= 5, 'versions were found');
  for (const [, name = '', version = ''] of named) t.equal(declared.get(name), version, name);
  t.end();
});
