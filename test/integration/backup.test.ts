/** The commands of the operator: a backup while the server runs, and a restore that checks everything before it changes anything. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { DATABASE_FILE } from '../../server/store/database-file.ts';
import { sendTo } from '../support/account-requests.ts';
import { makeAccount, tryRenew, trySignUp, type WireAccount } from '../support/make-account.ts';
import { makeFolder } from '../support/open-store.ts';
import { openTestServer } from '../support/open-test-server.ts';
import { readTables } from '../support/read-tables.ts';
import { openAnonymous } from '../support/socket-client.ts';

const ADMIN = join(import.meta.dirname, '..', '..', 'server', 'admin.ts');
/** Each command stretches the passphrase; on a busy machine that is seconds. */
t.setTimeout(600_000);

const PASSPHRASE = 'nine words would be better for this';
/** Too long to be met by chance in what looks like noise. */
const TELLTALE = 'telltale-username';

/** Runs a command; the passphrase lies in a file beside the data. */
async function run(folder: string, dataDir: string, ...args: readonly string[]) {
  const keyFile = join(folder, 'backup.key');
  const env = { PATH: process.env['PATH'] ?? '', TACET_DATA_DIR: dataDir, TACET_BACKUP_KEY_FILE: keyFile };
  const child = spawn(process.execPath, [ADMIN, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const [stdout, stderr, [status]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit'),
  ]);
  return { status: status as number | null, said: stdout + stderr };
}

function makeFolders(t: Test) {
  const folder = makeFolder(t);
  writeFileSync(join(folder, 'backup.key'), `${PASSPHRASE}\n`);
  return { folder, dataDir: join(folder, 'data'), file: join(folder, 'tacet.backup') };
}

/** Sends to an account without pause until told to end; gives how many were acknowledged by then. */
function sendOn(url: string, account: WireAccount): { end(): Promise<number> } {
  let running = true;
  const done = (async () => {
    const client = await openAnonymous(url.replace('http', 'ws'));
    let sent = 0;
    while (running) {
      const id = Buffer.from((++sent).toString(16).padStart(32, '0'), 'hex');
      client.send(sendTo(account, { re: sent, id, body: Buffer.alloc(4000, 1) }));
      await client.take('sent');
    }
    await client.close();
    return sent;
  })();
  return {
    end() {
      running = false;
      return done;
    },
  };
}

t.test(
  'a backup made under load restores to one moment of the server, in a folder that was empty',
  async (t) => {
    const { folder, dataDir, file } = makeFolders(t);
    const server = await openTestServer({ dataDir });
    t.teardown(() => server.close());
    const ada = await makeAccount(server, { username: TELLTALE });
    const load = sendOn(server.url, ada);
    const made = await run(folder, dataDir, 'backup', file);
    t.equal(made.status, 0, made.said);
    await makeAccount(server, { username: 'zoe' });
    const sent = await load.end();
    const later = readTables(dataDir);
    await server.close();

    t.equal(statSync(file).mode & 0o777, 0o600, 'for the operator alone');
    t.ok(readFileSync(join(dataDir, DATABASE_FILE)).includes(TELLTALE));
    t.notOk(readFileSync(file).includes(TELLTALE), 'nothing of it can be read');
    t.strictSame(
      [
        readdirSync(folder).toSorted(),
        readdirSync(dataDir).filter((name) => !name.startsWith('tacet.sqlite')),
      ],
      [['backup.key', 'data', 'tacet.backup'], []],
      'no copy is left',
    );

    const other = join(folder, 'restored');
    const restored = await run(folder, other, 'restore', file);
    t.equal(restored.status, 0, restored.said);
    t.match(restored.said, /Restored to 20/);
    for (const name of readdirSync(other)) t.equal(statSync(join(other, name)).mode & 0o077, 0, name);
    const tables = readTables(other);
    t.strictSame(
      tables['accounts'],
      later['accounts']?.filter(({ username }) => username === TELLTALE),
      'the account of that moment, and not the later one',
    );
    const envelopes = tables['envelopes'] ?? [];
    t.ok(envelopes.length <= sent, 'no envelope was made up');
    t.strictSame(
      envelopes,
      later['envelopes']?.slice(0, envelopes.length),
      'every envelope up to that moment, none between missing',
    );
    t.strictSame(
      [tables['one_time_prekeys'], tables['one_time_kyber_prekeys']],
      [[], []],
      'no prekey comes twice',
    );

    const again = await openTestServer({ dataDir: other });
    t.teardown(() => again.close());
    const [device] = ada.devices;
    t.ok(device);
    if (device !== undefined) t.equal((await tryRenew(again, device)).code, undefined, 'her session goes on');
    t.equal((await trySignUp(again, { username: 'zoe' })).answer.code, undefined, 'the later name is free');
  },
);

t.test(
  'a backup takes the place of no file, and a restore takes the place of data only when told, and keeps them',
  async (t) => {
    const { folder, dataDir, file } = makeFolders(t);
    let server = await openTestServer({ dataDir });
    t.teardown(() => server.close());
    await makeAccount(server, { username: 'ada' });
    t.equal((await run(folder, dataDir, 'backup', file)).status, 0);
    const bytes = readFileSync(file);
    const second = await run(folder, dataDir, 'backup', file);
    t.equal(second.status, 1);
    t.match(second.said, /file of that name/);
    t.strictSame(readFileSync(file), bytes);
    await makeAccount(server, { username: 'ben' });

    t.match((await run(folder, dataDir, 'restore', file)).said, /--replace/);
    const running = await run(folder, dataDir, 'restore', file, '--replace');
    t.equal(running.status, 1);
    t.match(running.said, /server is running/);
    await server.close();
    const before = readTables(dataDir);

    const replaced = await run(folder, dataDir, 'restore', file, '--replace');
    t.equal(replaced.status, 0, replaced.said);
    t.equal(readTables(dataDir)['accounts']?.length, 1);
    const kept = readdirSync(dataDir).find((name) => name.includes('before-restore')) ?? '';
    t.match(replaced.said, kept, 'the former database is named');
    const former = join(folder, 'former');
    t.strictSame(readTables(dataDir, kept)['accounts'], before['accounts'], 'and whole');
    const epochOf = (folder: string) => readTables(folder)['server_state']?.[0]?.['restore_epoch'];
    t.equal((await run(folder, former, 'restore', file)).status, 0);
    t.notSame(epochOf(former), epochOf(dataDir), 'each restore has an epoch of its own');
    server = await openTestServer({ dataDir });
  },
);

t.test('a backup that is damaged, or opens under another passphrase, changes nothing', async (t) => {
  const { folder, dataDir, file } = makeFolders(t);
  const server = await openTestServer({ dataDir });
  t.teardown(() => server.close());
  await makeAccount(server, { username: 'ada' });
  t.equal((await run(folder, dataDir, 'backup', file)).status, 0);
  await makeAccount(server, { username: 'ben' });
  await server.close();
  const before = readTables(dataDir);
  const names = readdirSync(dataDir);
  const bytes = readFileSync(file);
  const damages: Readonly<Record<string, readonly [Buffer, RegExp]>> = {
    damaged: [Buffer.concat([bytes.subarray(0, -20), Buffer.alloc(20)]), /damaged/],
    short: [bytes.subarray(0, -1), /damaged/],
    foreign: [Buffer.from('something else'.repeat(1000)), /no backup/],
  };
  for (const [name, [changed, said]] of Object.entries(damages)) {
    writeFileSync(join(folder, name), changed);
    const refused = await run(folder, dataDir, 'restore', join(folder, name), '--replace');
    t.equal(refused.status, 1);
    t.match(refused.said, said);
  }
  writeFileSync(join(folder, 'backup.key'), 'another passphrase altogether');
  const wrong = await run(folder, dataDir, 'restore', file, '--replace');
  t.equal(wrong.status, 1);
  t.match(wrong.said, /passphrase is not/);
  t.notMatch(wrong.said, 'another passphrase', 'which is not repeated');
  t.match((await run(folder, dataDir, 'restore', join(folder, 'none'), '--replace')).said, /no file/);
  t.strictSame(readTables(dataDir), before);
  t.strictSame(readdirSync(dataDir), names);
});

t.test('a damaged database is not backed up as if it were whole', async (t) => {
  const { folder, dataDir, file } = makeFolders(t);
  const server = await openTestServer({ dataDir });
  await makeAccount(server, { username: 'ada' });
  await server.close();
  const path = join(dataDir, 'tacet.sqlite');
  const bytes = readFileSync(path);
  bytes.fill(0x5a, bytes.length - 6 * 4096, bytes.length - 2 * 4096);
  writeFileSync(path, bytes);
  const refused = await run(folder, dataDir, 'backup', file);
  t.equal(refused.status, 1);
  t.match(refused.said, /damaged|malformed/);
  t.notOk(readdirSync(folder).includes('tacet.backup'));
});

t.test('a passphrase is needed, long enough, and from nowhere but a file or a terminal', async (t) => {
  const { folder, dataDir, file } = makeFolders(t);
  writeFileSync(join(folder, 'backup.key'), 'too short');
  const short = await run(folder, dataDir, 'backup', file);
  t.equal(short.status, 1);
  t.match(short.said, /at least 16/);
  chmodSync(join(folder, 'backup.key'), 0o600);
  const missing = await run(makeFolder(t), dataDir, 'backup', file);
  t.equal(missing.status, 2);
  t.match(missing.said, /TACET_BACKUP_KEY_FILE/);
  const env = { PATH: process.env['PATH'] ?? '', TACET_DATA_DIR: dataDir };
  const child = spawn(process.execPath, [ADMIN, 'backup', file], {
    env,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const [said] = await Promise.all([text(child.stderr), once(child, 'exit')]);
  t.match(said, /no terminal/);
  t.equal((await run(folder, dataDir, 'backup', file, PASSPHRASE)).status, 2, 'not on the command line');
});
