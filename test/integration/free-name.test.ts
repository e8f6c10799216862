/** The administrator frees a name: with the server stopped and when confirmed, and everything of the account is gone. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { makeAccount, trySignUp } from '../support/make-account.ts';
import { openTestServer } from '../support/open-test-server.ts';
import { readTables } from '../support/read-tables.ts';

const ADMIN = join(import.meta.dirname, '..', '..', 'server', 'admin.ts');

function run(dataDir: string, ...args: readonly string[]) {
  const env = { PATH: process.env['PATH'] ?? '', TACET_DATA_DIR: dataDir };
  const { status, stdout, stderr } = spawnSync(process.execPath, [ADMIN, ...args], { env, encoding: 'utf8' });
  return { status, said: stdout + stderr };
}

t.test(
  'a name is freed only with the server stopped, when confirmed, and then everything of it is gone',
  async (t) => {
    const dataDir = mkdtempSync(join(tmpdir(), 'tacet-free-'));
    t.teardown(() => rmSync(dataDir, { recursive: true, force: true }));
    let server = await openTestServer({ dataDir });
    await makeAccount(server, { username: 'ada' });
    await makeAccount(server, { username: 'ben' });
    const running = run(dataDir, 'free-name', 'ada', '--yes');
    t.equal(running.status, 1);
    t.match(running.said, /server is running/);
    await server.close();

    const before = readTables(dataDir);
    const asked = run(dataDir, 'free-name', 'ada');
    t.equal(asked.status, 1);
    t.match(asked.said, /1 device/);
    t.match(run(dataDir, 'free-name', 'nobody', '--yes').said, /No account/);
    t.strictSame(readTables(dataDir), before, 'nothing has changed');

    const freed = run(dataDir, 'free-name', 'ada', '--yes');
    t.equal(freed.status, 0, freed.said);
    t.match(freed.said, /name is free/);
    server = await openTestServer({ dataDir });
    t.teardown(() => server.close());
    const names = JSON.stringify(readTables(dataDir));
    t.notMatch(names, '"ada"');
    t.match(names, 'ben', 'others stay');
    t.equal((await trySignUp(server, { username: 'ada' })).answer.code, undefined, 'the name is free');
  },
);

t.test('a command that there is not, and a folder without a database, are told', (t) => {
  const dataDir = mkdtempSync(join(tmpdir(), 'tacet-free-'));
  t.teardown(() => rmSync(dataDir, { recursive: true, force: true }));
  t.equal(run(dataDir, 'free-names', 'ada').status, 2);
  t.equal(run(dataDir, 'free-name', 'ada', '--no').status, 2);
  const empty = run(dataDir, 'free-name', 'ada', '--yes');
  t.equal(empty.status, 1);
  t.match(empty.said, /no database/);
  t.end();
});
