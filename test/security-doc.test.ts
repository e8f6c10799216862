// SECURITY.md held against what is: its table of what the server knows against a freshly migrated database, the tests that
// its promises name, and the versions of the libraries that its algorithms come from.

import { existsSync, globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { openSqlite } from '../server/store/dialect.ts';
import { migrateSqlite } from '../server/store/migrate.ts';
import { readTable } from './support/markdown-table.ts';

const root = join(import.meta.dirname, '..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const document = read('SECURITY.md');

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

t.test('every column of the database has its line in SECURITY.md, and every line its column', async (t) => {
  const rows = readTable(document, 'Table');
  const written = rows.map(([table, column]) => `${table}.${column}`);
  const stored = await columnsOfSchema();
  t.ok(stored.length > 40, 'the schema was read');
  t.strictSame([...written].sort(), [...stored].sort());
  t.ok(
    rows.every((row) => (row[2] ?? '').length > 5),
    'each line says something',
  );
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
