// The commands around the tests and benchmarks tell the truth: what they count, how they refuse, how they end.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { readReport } from './run/browser.ts';
import { beginMediaWorker, mediaWorkerLast, runAroundMediaWorker } from './run/media-worker.ts';
import { programOf, runProgram } from './run/program.ts';
import { none } from './run/outcome.ts';
import { countTests } from './run/tap.ts';
import { placesFor, runInTurn } from './run/turns.ts';

const root = join(import.meta.dirname, '..');

interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function run(...args: readonly string[]): Ended {
  // Without tap's own marks, which would make a nested runner speak to its parent.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('TAP')));
  return spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8', env });
}

function lastLine(text: string): string {
  return text.trimEnd().split('\n').at(-1) ?? '';
}

t.test('tests are counted, their assertions and nested tests are not', (t) => {
  const lines = [
    '# Subtest: one',
    '    ok 1 - inner',
    '    ok 2 - inner',
    '    1..2',
    'ok 1 - one # time=4ms',
    'ok 2 - two # SKIP for a reason',
    'not ok 3 - three # time=1ms',
    '1..3',
  ];
  const count = (some: readonly string[], hasFailed: boolean) => countTests('x.test.ts', some, hasFailed);
  t.match(count(lines, true), { passed: 1, failed: 1, skipped: 1, faults: [/x\.test\.ts[^]*three/] });
  const one = lines.slice(0, 5);
  t.match(count([...one, '1..1'], true), { passed: 1, failed: 1, skipped: 0, faults: [/outside/] });
  t.match(count([...one, '1..1'], false), { passed: 1, failed: 0, skipped: 0 });
  for (const broken of [[], ['1..0'], one, [...one, '1..2']])
    t.match(count(broken, false), { failed: 1, faults: [/outside/] }, 'less was told than there is');
  t.end();
});

t.test('a run ends with its counts, and fails when a test fails, a file falls or nothing is found', (t) => {
  const folder = mkdtempSync(join(root, 'test', 'planted-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const planted = folder.slice(folder.lastIndexOf('planted-'));
  const head = "import t from 'tap';\n";
  writeFileSync(
    join(folder, 'good.test.ts'),
    `${head}t.test('holds', async (t) => { t.ok(1); t.ok(1); });\n`,
  );

  const good = run('test/run.ts', planted);
  t.strictSame([good.status, lastLine(good.stdout)], [0, '1 passed, 0 failed']);

  writeFileSync(join(folder, 'bad.test.ts'), `${head}t.test('does not hold', async (t) => { t.ok(0); });\n`);
  const bad = run('test/run.ts', planted);
  t.strictSame([bad.status, lastLine(bad.stdout)], [1, '1 passed, 1 failed']);
  t.match(bad.stdout, 'does not hold');
  t.match(
    bad.stdout,
    /\nFAILED: [^]*does not hold[^]*not ok 1[^]*\n1 passed, 1 failed/,
    'told again at the end',
  );

  writeFileSync(join(folder, 'bad.test.ts'), "throw new Error('it fell');\n");
  const fallen = run('test/run.ts', planted);
  t.strictSame([fallen.status, lastLine(fallen.stdout)], [1, '1 passed, 1 failed']);
  t.match(fallen.stdout, 'it fell');

  const none = run('test/run.ts', 'no-such-test-anywhere');
  t.strictSame([none.status, lastLine(none.stdout)], [1, '0 passed, 1 failed']);
  t.end();
});

t.test('a browser test that failed is told at the end by its name and what it found', (t) => {
  const folder = mkdtempSync(join(root, 'test', 'e2e', 'planted-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const planted = folder.slice(folder.lastIndexOf('planted-'));
  writeFileSync(
    join(folder, 'bad.spec.ts'),
    `import { expect, test } from '@playwright/test';
test.describe('a group', () => {
  test('holds', () => expect(1).toBe(1));
  test('does not hold', () => expect(['seen'], 'what was seen').toEqual(['wanted']));
});
`,
  );
  // Without what the browser tests begin with, which needs a server and a browser.
  const playwright = programOf('@playwright', 'test', 'cli.js');
  // Playwright empties the folder of its results, where a run that goes on has what its tests begin with.
  const results = `--output=${join(folder, 'results')}`;
  const { stdout } = run(playwright, 'test', '--no-deps', '--reporter=json', results, planted);
  const { faults, ...counts } = readReport(JSON.parse(stdout) as Parameters<typeof readReport>[0]);
  t.strictSame(counts, { passed: 1, failed: 1, skipped: 0 });
  t.match(faults, [/bad\.spec\.ts:4 does not hold \(failed\)\n[^]*what was seen[^]*"wanted"/]);
  t.equal(faults.length, 1);
  t.end();
});

t.test('a place is used from when it is free, and not waited for once nothing is left', async (t) => {
  const free = Promise.withResolvers<void>();
  const begun: string[] = [];
  const ended = new Map(['one', 'two', 'three', 'four'].map((name) => [name, Promise.withResolvers<void>()]));
  const end = async (name: string): Promise<void> => {
    ended.get(name)?.resolve();
    await new Promise((resolve) => setImmediate(resolve));
  };
  const places = [
    ...placesFor(1),
    ...placesFor(1, free.promise),
    ...placesFor(1, new Promise(() => undefined)),
  ];
  const run = async (name: string): Promise<typeof none> => {
    begun.push(name);
    await ended.get(name)?.promise;
    return { ...none, passed: 1 };
  };
  const total = runInTurn([...ended.keys()], places, run);
  await end('nothing yet');
  t.strictSame(begun, ['one']);
  await end('one');
  t.strictSame(begun, ['one', 'two']);
  free.resolve();
  await end('nothing more');
  t.strictSame(begun, ['one', 'two', 'three']);
  for (const name of ended.keys()) await end(name);
  t.match(await total, { passed: 4 });
});

t.test('a test file has the time that it asks for, also when it no longer hears its own clock', async (t) => {
  const folder = mkdtempSync(join(root, 'test', 'planted-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'deaf.test.ts');
  const deaf = 'Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 60_000);';
  writeFileSync(file, `import t from 'tap';\nt.setTimeout(500);\n${deaf}\nt.comment('it was let run');\n`);
  const { code, output } = await runProgram(process.execPath, [file], {
    limit: { ms: 3_600_000, graceMs: 500 },
  });
  t.equal(code, 1);
  t.notMatch(output, 'it was let run');
});

t.test('what needs the media worker waits for it, after all that does not', async (t) => {
  const folder = mkdtempSync(join(root, 'test', 'planted-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const path = (name: string): string => join('test', folder.slice(folder.lastIndexOf('planted-')), name);
  const [calls, plain] = [path('a-calls.test.ts'), path('plain.test.ts')];
  // By something that it imports.
  writeFileSync(join(root, path('server.ts')), "export { findWorker } from '../support/media-worker.ts';\n");
  writeFileSync(join(root, calls), "import {\n  findWorker,\n} from './server.ts';\n");
  writeFileSync(join(root, plain), "import { join } from 'node:path';\n");
  t.strictSame(mediaWorkerLast([calls, plain]), [plain, calls]);
  let worker: 'obtaining' | 'obtained' = 'obtaining';
  const obtained = Promise.withResolvers<void>();
  const before = beginMediaWorker([calls, plain], async () => obtained.promise);
  await before(plain);
  const waited = before(calls).then(() => worker);
  setImmediate(() => {
    worker = 'obtained';
    obtained.resolve();
  });
  t.equal(await waited, 'obtained');
  const idle = beginMediaWorker([plain], async () => {
    t.fail('nothing that was chosen needs it');
  });
  await idle(plain);
});

t.test(
  'what needs the media worker in a suite comes last, when the worker is there and nothing else runs',
  async (t) => {
    const folder = mkdtempSync(join(root, 'test', 'planted-'));
    t.teardown(() => rmSync(folder, { recursive: true }));
    const path = (name: string): string => join('test', folder.slice(folder.lastIndexOf('planted-')), name);
    const [calls, plain] = [path('a-calls.spec.ts'), path('plain.spec.ts')];
    writeFileSync(join(root, calls), "import { findWorker } from '../support/media-worker.ts';\n");
    writeFileSync(join(root, plain), "import { join } from 'node:path';\n");
    const order: string[] = [];
    const run = async (files: readonly string[]) => {
      order.push(files.join());
      return { ...none, passed: files.length };
    };
    const later = async (what: string): Promise<void> => {
      await new Promise((resolve) => setImmediate(resolve));
      order.push(what);
    };
    const between = () => later('nothing else runs');
    const before = beginMediaWorker([calls, plain], () => later('worker'));
    t.match(await runAroundMediaWorker([calls, plain], before, run, between), { passed: 2 });
    t.strictSame(order.toSorted(), [plain, 'worker', 'nothing else runs', calls].toSorted());
    t.strictSame([order[0], order.at(-1)], [plain, calls]);
    order.length = 0;
    await runAroundMediaWorker([calls], before, run, between);
    await runAroundMediaWorker([plain], before, run, between);
    t.match(await runAroundMediaWorker([], before, run, between), { passed: 0 });
    t.strictSame(order, ['nothing else runs', calls, plain]);
  },
);

t.test('bench without a name lists the benchmarks, with a wrong name says so and ends with 2', (t) => {
  const list = run('bench/main.ts');
  t.equal(list.status, 0);
  t.match(list.stdout, /^Benchmarks: .+ Run one with: npm run -s bench -- NAME\n$/);
  const wrong = run('bench/main.ts', 'no-such-bench');
  t.strictSame([wrong.status, wrong.stdout], [2, '']);
  t.match(wrong.stderr, /^There is no benchmark "no-such-bench"; there are [^\n]+\.\n$/);
  t.end();
});
