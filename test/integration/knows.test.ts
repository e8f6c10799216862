/** The command that prints what is stored about an account: every column and every value, running or stopped, and nothing of others. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import t from 'tap';
import { decodeB64u, encodeB64u } from '@tacet/protocol/bytes';
import { IN_MEMORY, STORED } from '../../server/admin/known.ts';
import { DATABASE_FILE } from '../../server/store/database-file.ts';
import { linesOf, makePair, openWith, textsOf } from '../support/make-client.ts';
import { makeAccount } from '../support/make-account.ts';
import { openTestServer } from '../support/open-test-server.ts';
import { readTables } from '../support/read-tables.ts';

const KNOWS = join(import.meta.dirname, '..', '..', 'server', 'knows.ts');

function run(dataDir: string, ...args: readonly string[]) {
  const env = { PATH: process.env['PATH'] ?? '', TACET_DATA_DIR: dataDir };
  const { status, stdout, stderr } = spawnSync(process.execPath, [KNOWS, ...args], {
    env,
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}

/** What is said of a table, from its line to the next empty one. */
function partOf(said: string, table: string): string {
  return said.split('\n\n').find((part) => part.startsWith(`${table}: `)) ?? '';
}

t.test(
  'everything that is stored about an account is said, with the server running and stopped',
  async (t) => {
    const dataDir = mkdtempSync(join(tmpdir(), 'tacet-knows-'));
    t.teardown(() => rmSync(dataDir, { recursive: true, force: true }));
    const server = await openTestServer({ dataDir });
    t.teardown(() => server.close());
    const { ada, ben } = await makePair(server.url);
    t.teardown(() => Promise.all([ada.close(), ben.close()]));
    const toAda = await openWith(ben, 'Ada');
    await openWith(ada, 'Ben');
    await ben.commands.sendText(toAda, 'while she is there');
    await ada.waitFor('the message', (state) => textsOf(state).includes('while she is there'));
    await ada.close();
    await ben.commands.sendText(toAda, 'while she is away');
    await ben.waitFor('on the server', (state) => linesOf(state).at(-1)?.delivery.kind === 'sent');
    await ben.close();

    const running = run(dataDir, 'ada');
    t.equal(running.status, 0, running.stderr);
    await server.close();
    const rowsHere = readTables(dataDir);
    const stopped = run(dataDir, 'ada', '--whole');
    t.equal(stopped.status, 0, stopped.stderr);
    t.strictSame(readdirSync(dataDir), [DATABASE_FILE], 'no file is left behind');
    t.strictSame(readTables(dataDir), rowsHere, 'nothing has changed');

    for (const { stdout } of [running, stopped])
      for (const [table, { columns }] of Object.entries(STORED)) {
        const part = partOf(stdout, table);
        const count = /^\w+: (\d+) rows?/.exec(part)?.[1];
        t.ok(count !== undefined, `${table} is said`);
        for (const [column, [, meaning]] of Object.entries(columns)) {
          if (count === '0') continue;
          t.ok(part.includes(`  ${column}: ${meaning}\n`), `${table}.${column} has its meaning`);
          t.equal(part.split(`    ${column} = `).length - 1, Number(count), `${table}.${column}: every row`);
        }
      }
    for (const { what } of IN_MEMORY) t.ok(running.stdout.includes(what), what);

    const [adasRow] = (rowsHere['accounts'] ?? []).filter(({ username }) => username === 'ada');
    const [bensRow] = (rowsHere['accounts'] ?? []).filter(({ username }) => username === 'ben');
    const said = stopped.stdout;
    t.ok(said.includes(`id = ${encodeB64u(adasRow?.['id'] as Uint8Array)}`), 'ids as they are');
    t.ok(said.includes(`account_key = ${encodeB64u(adasRow?.['account_key'] as Uint8Array)}`), 'public keys');
    const [state] = rowsHere['server_state'] ?? [];
    t.match(partOf(said, 'server_state'), 'receipt_key = a secret, 32 bytes');
    t.notOk(
      said.includes(encodeB64u(state?.['receipt_key'] as Uint8Array)),
      'the server’s own secret is not',
    );
    t.ok(said.includes('list_hash = hash '), 'hashes as such');
    t.match(
      partOf(said, 'accounts'),
      /list = \d+ bytes that say \{"account":.*"devices":\[\{/,
      'the list is read',
    );
    t.match(partOf(said, 'records'), /sealed = sealed, \d+ bytes$/m);
    t.match(
      partOf(said, 'envelopes'),
      /^envelopes: [1-9][^]*body = sealed, \d+ bytes$/m,
      'what waits is counted',
    );
    t.match(partOf(said, 'devices'), /statement = \d+ bytes that say \{"device"/);
    const kyber = partOf(said, 'one_time_kyber_prekeys');
    const longest = Math.max(
      ...[...kyber.matchAll(/public_key = (\S+)/g)].map(([, key = '']) => decodeB64u(key)?.length ?? 0),
    );
    t.equal(longest, 1569, 'with --whole, long keys are whole');
    t.match(
      partOf(running.stdout, 'one_time_kyber_prekeys'),
      /public_key = 1569 bytes, \S+…/,
      'else their beginning',
    );
    for (const column of ['id', 'account_key', 'delivery_key_hash'])
      t.notOk(said.includes(encodeB64u(bensRow?.[column] as Uint8Array)), `nothing of Ben: ${column}`);
  },
);

t.test(
  'an unknown name, a folder without a database and another version are told, each in a sentence',
  async (t) => {
    const dataDir = mkdtempSync(join(tmpdir(), 'tacet-knows-'));
    t.teardown(() => rmSync(dataDir, { recursive: true, force: true }));
    const told = (...args: readonly string[]) => {
      const { status, stdout, stderr } = run(dataDir, ...args);
      t.equal(stdout, '');
      return [status, stderr.trim()];
    };
    t.strictSame(told('ada'), [1, 'There is no database in TACET_DATA_DIR.']);
    t.strictSame(readdirSync(dataDir), [], 'none is made');
    await (await openTestServer({ dataDir })).close();
    t.strictSame(told('nobody'), [1, 'No account has this name.']);
    t.strictSame(told("' or 1=1 --"), [1, 'No account has this name.']);
    t.match(told(), [2, /^Use: npm run/]);
    t.match(told('ada', '--all'), [2, /^Use: npm run/]);
    const database = new Sqlite(join(dataDir, DATABASE_FILE));
    database.exec('alter table profiles add column shoe_size integer');
    database.close();
    t.match(told('ada'), [1, /^The database is not of this version: they differ in profiles\.shoe_size\./]);
    writeFileSync(join(dataDir, DATABASE_FILE), 'no database');
    t.match(told('ada'), [1, /^Not done: [^\n]+\.$/]);
  },
);

t.test(
  'nothing that is printed is taken for a command by a terminal, whatever the database holds',
  async (t) => {
    const dataDir = mkdtempSync(join(tmpdir(), 'tacet-knows-'));
    t.teardown(() => rmSync(dataDir, { recursive: true, force: true }));
    const server = await openTestServer({ dataDir });
    await makeAccount(server, { username: 'ada' });
    await server.close();
    const name = 'ada\u001B]0;title\u0007\u009B31m\u202Enettirw\r\nfake = line';
    const database = new Sqlite(join(dataDir, DATABASE_FILE));
    database.prepare('update accounts set username = ?').run(name);
    database.prepare('update wraps set way = ?').run('\u001B[2J');
    database.close();
    const said = run(dataDir, name);
    t.equal(said.status, 0, said.stderr);
    t.notMatch(said.stdout, /[^\P{C}\n]/u, 'no control or format character but the ends of its lines');
    t.notMatch(said.stdout, /^fake/m, 'and no line of its own');
    t.match(
      said.stdout,
      'username = ada\\u{1b}]0;title\\u{7}\\u{9b}31m\\u{202e}nettirw\\u{d}\\u{a}fake = line',
    );
    const altered = new Sqlite(join(dataDir, DATABASE_FILE));
    altered.exec('alter table profiles add column "\u001B[31mshoe" integer');
    altered.close();
    const other = run(dataDir, name);
    t.equal(other.status, 1);
    t.match(other.stderr, 'profiles.\\u{1b}[31mshoe');
    t.notMatch(other.stderr, /[^\P{C}\n]/u);
  },
);
