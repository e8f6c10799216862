// The client build is reproducible: two clones in different folders give the same bytes, so that anybody can check what a
// server serves.

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import t from 'tap';
import { makeClone } from './support/clone.ts';

/** Path → SHA-256 of every file of the client that a clone builds. */
function buildClient(clone: string): Readonly<Record<string, string>> {
  const vite = join(clone, 'node_modules', 'vite', 'bin', 'vite.js');
  const env = { ...process.env, NODE_ENV: 'production' };
  const options = { cwd: join(clone, 'client'), env, stdio: 'pipe', encoding: 'utf8' } as const;
  execFileSync(process.execPath, [vite, 'build'], options);
  const dist = join(clone, 'client', 'dist');
  const files = readdirSync(dist, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = files.map((entry) => join(entry.parentPath, entry.name)).sort();
  return Object.fromEntries(
    paths.map((path) => [
      relative(dist, path),
      createHash('sha256').update(readFileSync(path)).digest('hex'),
    ]),
  );
}

t.test('the client build of two clones is bit-identical', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'tacet-build-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const first = buildClient(makeClone(join(folder, 'a')));
  const second = buildClient(makeClone(join(folder, 'elsewhere', 'in', 'a-longer-place')));
  t.ok('index.html' in first && Object.keys(first).length > 5, 'a client was built');
  t.strictSame(second, first);
  t.end();
});
