// The set-up script does what has changed and nothing else.

import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { makeClone } from './support/clone.ts';

interface SetUp {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function setUp(clone: string, ...parts: readonly string[]): SetUp {
  const script = join(clone, 'deploy', 'setup.mjs');
  return spawnSync(process.execPath, [script, ...parts], { cwd: clone, encoding: 'utf8' });
}

t.test('each step is done again only when what it works on has changed', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'tacet-setup-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const clone = makeClone(join(folder, 'clone'));

  const first = setUp(clone, 'client');
  t.equal(first.status, 0, first.stderr);
  t.match(first.stderr, /building the client: done/);
  t.notMatch(first.stderr, /installing/, 'what is installed already is what the lockfile asks for');
  t.equal(first.stdout, '', 'standard output is left to the program that follows');
  t.ok(existsSync(join(clone, 'client', 'dist', 'index.html')));
  t.ok(existsSync(join(clone, '.cache', 'node')), 'the chosen Node is left for the scripts');

  const second = setUp(clone, 'client');
  t.strictSame([second.status, second.stderr], [0, ''], 'nothing has changed, nothing is done');

  appendFileSync(join(clone, 'server', 'package.json'), '\n');
  t.equal(setUp(clone, 'client').stderr, '', 'the server is not part of the client');

  appendFileSync(join(clone, 'protocol', 'limits.ts'), '\n');
  t.match(setUp(clone, 'client').stderr, /building the client: done/, 'the wire is part of the client');

  rmSync(join(clone, 'client', 'dist'), { recursive: true });
  t.match(setUp(clone, 'client').stderr, /building the client: done/, 'what was deleted is built again');
  t.end();
});

t.test('a build that fails ends the start with its words and is tried again', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'tacet-setup-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const clone = makeClone(join(folder, 'clone'));
  const main = join(clone, 'client', 'main.tsx');
  const source = readFileSync(main, 'utf8');

  writeFileSync(main, `${source}\nimport './not-there.ts';\n`);
  const broken = setUp(clone, 'client');
  t.equal(broken.status, 1);
  t.match(broken.stderr, /not-there/);
  t.match(broken.stderr, /the client build failed/);

  writeFileSync(main, source);
  t.equal(setUp(clone, 'client').status, 0);
  t.end();
});

t.test('the first Node that is new enough is chosen: what npm runs on, then the one at hand', (t) => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'tacet-setup-')));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const clone = makeClone(join(folder, 'clone'));

  /** A program that says that it is Node of this version. */
  function makeNode(version: string): string {
    const path = join(folder, `node-${version}`);
    writeFileSync(path, `#!/bin/sh\necho ${version}\n`, { mode: 0o755 });
    return path;
  }
  function choose(started: string): string {
    const script = join(clone, 'deploy', 'setup.mjs');
    const env = { PATH: process.env['PATH'] ?? '', npm_node_execpath: started };
    const { status, stderr } = spawnSync(process.execPath, [script], { cwd: clone, encoding: 'utf8', env });
    t.equal(status, 0, stderr);
    return readlinkSync(join(clone, '.cache', 'node'));
  }

  for (const version of ['v24.12.0', 'v24.13.1', 'v25.0.0']) {
    const node = makeNode(version);
    t.equal(choose(node), node, `${version} is new enough`);
  }
  const own = realpathSync(process.execPath);
  for (const version of ['v24.11.9', 'v22.30.0', 'v20.0.0', 'nonsense']) {
    t.equal(choose(makeNode(version)), own, `${version} is not`);
  }
  t.equal(choose(join(folder, 'not-there')), own);
  t.end();
});
