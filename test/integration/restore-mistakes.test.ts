/** What an operator does wrong with backups: nothing that is his is deleted, and no database is put in force that is not the backup. */
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { cp, open } from 'node:fs/promises';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import t, { type Test } from 'tap';
import { backUp } from '../../server/admin/back-up.ts';
import { packBackup } from '../../server/admin/backup-contents.ts';
import { faultIn } from '../../server/admin/database-check.ts';
import { restore } from '../../server/admin/restore.ts';
import { writeSealed } from '../../server/admin/sealed-file.ts';
import type { RunningServer } from '../../server/compose.ts';
import { makeAccount, trySignUp } from '../support/make-account.ts';
import { makeFolder } from '../support/open-store.ts';
import { openTestServer } from '../support/open-test-server.ts';
import { readTables } from '../support/read-tables.ts';

t.setTimeout(600_000);

const PASSPHRASE = 'a passphrase for this test';
const DATABASE = 'tacet.sqlite';
const ADMIN = join(import.meta.dirname, '..', '..', 'server', 'admin.ts');
const OLD = new Date('2020-01-01');

/** A data folder with an account in it, and a backup of that. */
async function makeBackup(t: Test) {
  const folder = makeFolder(t);
  const dataDir = join(folder, 'data');
  const file = join(folder, 'backup');
  await using server = await openTestServer({ dataDir });
  await makeAccount(server, { username: 'ada' });
  t.match(await backUp(dataDir, file, PASSPHRASE, Date.now()), { kind: 'made' });
  return { folder, dataDir, file };
}

/** What the commands are started with; the passphrase stands in a file of the folder. */
function makeEnvironment(folder: string, dataDir: string) {
  const key = join(folder, 'key');
  writeFileSync(key, PASSPHRASE);
  return { PATH: process.env['PATH'] ?? '', TACET_DATA_DIR: dataDir, TACET_BACKUP_KEY_FILE: key };
}

function putBack(dataDir: string, file: string, replace = true) {
  return restore(dataDir, file, PASSPHRASE, { replace, now: Date.now() });
}

function namesIn(dataDir: string): readonly string[] {
  return (readTables(dataDir)['accounts'] ?? []).map(({ username }) => String(username)).toSorted();
}

t.test('what the operator keeps in the data folder is his, whatever its name and age', async (t) => {
  const { dataDir } = await makeBackup(t);
  for (const name of ['backup-monday', 'backup-2026', 'restore-me.sh']) {
    writeFileSync(join(dataDir, name), 'mine');
    utimesSync(join(dataDir, name), OLD, OLD);
  }
  for (const name of ['backup-folder', 'backup-abc123', 'restore-abc123']) {
    mkdirSync(join(dataDir, name));
    writeFileSync(join(dataDir, name, 'backup'), 'mine');
    utimesSync(join(dataDir, name), OLD, OLD);
  }
  const before = readdirSync(dataDir);
  const second = join(dataDir, 'backup-tuesday');
  t.match(await backUp(dataDir, second, PASSPHRASE, Date.now()), { kind: 'made' });
  t.match(await putBack(dataDir, second), { kind: 'restored' });
  const left = readdirSync(dataDir);
  for (const name of before.filter((each) => !/-(?:wal|shm)$/.test(each))) t.ok(left.includes(name), name);
});

t.test('the folder of a command that was killed is cleared away a day later', async (t) => {
  const { dataDir, file } = await makeBackup(t);
  const left = join(dataDir, '.tacet-at-work-Ab3dEf');
  mkdirSync(left);
  writeFileSync(join(left, DATABASE), 'everything');
  t.match(await putBack(dataDir, file), { kind: 'restored' });
  t.ok(existsSync(left), 'a command may still be at work in it');
  utimesSync(left, OLD, OLD);
  t.match(await putBack(dataDir, file), { kind: 'restored' });
  t.notOk(existsSync(left));
  t.strictSame(
    readdirSync(dataDir).filter((name) => name.startsWith('.')),
    [],
  );
});

t.test('a backup of another server does not take the place of a database', async (t) => {
  const one = await makeBackup(t);
  const other = await makeBackup(t);
  const before = readTables(one.dataDir);
  t.strictSame(await putBack(one.dataDir, other.file), { kind: 'other-server' });
  t.strictSame(readTables(one.dataDir), before);
  t.match(await putBack(one.dataDir, one.file), { kind: 'restored' }, 'its own does');
  t.match(
    await putBack(join(one.folder, 'new'), other.file),
    { kind: 'restored' },
    'nor is a new folder concerned',
  );
});

t.test('a log that lies there without its database is not read into the restored one', async (t) => {
  const { folder, dataDir, file } = await makeBackup(t);
  // The server is killed while it has much in its log, and the operator clears away the database alone.
  {
    await using server = await openTestServer({ dataDir });
    for (let i = 0; i < 5; i += 1) await makeAccount(server);
    await cp(dataDir, join(folder, 'killed'), { recursive: true });
  }
  const killed = join(folder, 'killed');
  t.ok(readFileSync(join(killed, `${DATABASE}-wal`)).length > 0);
  renameSync(join(killed, DATABASE), join(folder, 'away'));
  t.match(await putBack(killed, file, false), { kind: 'restored' });
  t.equal(faultIn(join(killed, DATABASE)), undefined);
  t.strictSame(namesIn(killed), ['ada'], 'the backup, and nothing of the log');
  t.ok(
    readdirSync(killed).some((name) => /before-restore.*-wal$/.test(name)),
    'which is kept',
  );
});

t.test(
  'a database that is damaged can be replaced, by hand where nobody can see whether it is in use',
  async (t) => {
    const { dataDir, file } = await makeBackup(t);
    const path = join(dataDir, DATABASE);
    const whole = readFileSync(path);
    // In its later pages: the file can still be locked.
    const inside = Buffer.from(whole);
    inside.fill(0x5a, whole.length - 6 * 4096, whole.length - 2 * 4096);
    writeFileSync(path, inside);
    t.not(faultIn(path), undefined);
    t.match(await putBack(dataDir, file), { kind: 'restored' });
    t.strictSame(namesIn(dataDir), ['ada']);
    writeFileSync(path, Buffer.concat([Buffer.alloc(4096, 0x5a), whole.subarray(4096)]));
    t.strictSame(await putBack(dataDir, file), { kind: 'unreadable' });
    renameSync(path, `${path}.noise`);
    mkdirSync(path);
    await t.rejects(
      putBack(dataDir, file),
      { code: 'SQLITE_CANTOPEN' },
      'what is no file is not called damaged',
    );
    rmdirSync(path);
    renameSync(`${path}.noise`, path);
    renameSync(path, `${path}.broken`);
    t.match(await putBack(dataDir, file, false), { kind: 'restored' });
    t.strictSame(namesIn(dataDir), ['ada']);
  },
);

t.test('what a damaged or an older database does not tell of deletions is said', async (t) => {
  const { folder, dataDir, file } = await makeBackup(t);
  const path = join(dataDir, DATABASE);
  const database = new Sqlite(path, { readonly: true });
  const find = database.prepare<[], number>(
    "select rootpage from sqlite_master where name = 'deleted_accounts'",
  );
  const page = find.pluck().get() ?? 0;
  const pageBytes = Number(database.pragma('page_size', { simple: true }));
  database.close();
  const older = (): void => {
    const before = new Sqlite(path);
    before.exec('drop table deleted_accounts');
    before.close();
  };
  const damaged = readFileSync(path).fill(0x5a, (page - 1) * pageBytes, page * pageBytes);
  const env = makeEnvironment(folder, dataDir);
  const say = () =>
    spawnSync(process.execPath, [ADMIN, 'restore', file, '--replace'], { env, encoding: 'utf8' }).stdout;
  t.match(say(), /^Restored to [^\n]* delete it once all is well\.\n$/);
  for (const spoil of [
    () => writeFileSync(path, damaged),
    () => writeFileSync(path, Buffer.alloc(0)),
    older,
  ]) {
    spoil();
    t.match(
      say(),
      /It is damaged or of an older version, and does not say which accounts were deleted since the backup/,
    );
  }
  t.strictSame(namesIn(dataDir), ['ada']);
});

t.test('a database that a server has open is not replaced', async (t) => {
  const { dataDir, file } = await makeBackup(t);
  await using server = await openTestServer({ dataDir });
  t.strictSame(await putBack(dataDir, file), { kind: 'in-use' });
  await makeAccount(server, { username: 'ben' });
  t.strictSame(namesIn(dataDir), ['ada', 'ben']);
});

t.test('the first invite of a backup that was used since makes no administrator a second time', async (t) => {
  const folder = makeFolder(t);
  const dataDir = join(folder, 'data');
  const file = join(folder, 'backup');
  const settings = { TACET_OPEN_SIGN_UP: 'no' };
  const codeOf = ({ firstInviteLink = '' }: RunningServer) => firstInviteLink.split('/i/')[1];
  let used: string | undefined;
  {
    await using server = await openTestServer({ dataDir, settings });
    used = codeOf(server);
    t.match(await backUp(dataDir, file, PASSPHRASE, Date.now()), { kind: 'made' });
    await makeAccount(server, { invite: used });
  }
  t.match(await putBack(dataDir, file), { kind: 'restored' });
  await using server = await openTestServer({ dataDir, settings });
  t.equal((await trySignUp(server, { invite: used })).answer.code, 'invite-invalid');
  t.equal((await trySignUp(server, { invite: codeOf(server) })).answer.code, undefined);
});

t.test('a backup of a newer version is told, and changes nothing', async (t) => {
  const { folder, dataDir, file } = await makeBackup(t);
  const newer = join(folder, 'newer');
  await cp(join(dataDir, DATABASE), newer);
  const database = new Sqlite(newer);
  database.exec("insert into kysely_migration (name, timestamp) values ('9999-later', '2099-01-01')");
  database.close();
  const path = join(folder, 'newer.backup');
  {
    await using source = await open(newer, 'r');
    await using sealed = await open(path, 'wx');
    await writeSealed(sealed, PASSPHRASE, packBackup(source, Date.now()));
  }
  const before = readTables(dataDir);
  t.match(await putBack(dataDir, path), { kind: 'faulty', fault: /newer version/ });
  t.strictSame(readTables(dataDir), before);
  t.match(await putBack(dataDir, file), { kind: 'restored' });
});

t.test(
  'a disk without room ends both commands with a sentence, and leaves everything as it was',
  async (t) => {
    const { folder, dataDir, file } = await makeBackup(t);
    const env = makeEnvironment(folder, dataDir);
    const before = [readTables(dataDir), readdirSync(folder), readdirSync(dataDir)];
    // No file may have more than 32 KiB: a write fails in the middle, as on a full disk.
    const command = `trap '' XFSZ; ulimit -f 64; exec "$0" "$@"`;
    for (const args of [
      ['backup', join(folder, 'second')],
      ['restore', file, '--replace'],
    ]) {
      const { status, stdout, stderr } = spawnSync('sh', ['-c', command, process.execPath, ADMIN, ...args], {
        env,
        encoding: 'utf8',
      });
      t.strictSame([status, stdout], [1, ''], args.join(' '));
      t.match(stderr, /^Not done: [^\n]+\.\n$/);
      t.strictSame([readTables(dataDir), readdirSync(folder), readdirSync(dataDir)], before);
    }
  },
);
