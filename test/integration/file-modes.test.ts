/** What the server writes is for its own user alone, wherever the operator lets it write. */
import { chmodSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { startServer } from '../support/server-process.ts';

t.test(
  'no other user of the machine can read the database, even in a folder that is open to all',
  async (t) => {
    const dataDir = t.testdir();
    chmodSync(dataDir, 0o755);
    const before = process.umask(0o022);
    t.teardown(() => process.umask(before));
    const server = await startServer({ dataDir });
    const files = readdirSync(dataDir);
    t.ok(files.includes('tacet.sqlite') && files.includes('tacet.sqlite-wal'), 'database and log are there');
    for (const file of files) t.equal(statSync(join(dataDir, file)).mode & 0o077, 0, file);
    t.equal(await server.stop(), 0);
  },
);
