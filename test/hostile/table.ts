/** Which tests hold which row, and the table of rows and verdicts as SECURITY.md shows it and as a run prints it. */
import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { ROWS, type Row } from './rows.ts';

const root = join(import.meta.dirname, '..', '..');

/** Where rows are held. */
const PLACES = ['test/hostile/*.test.ts', 'test/e2e/hostile*.spec.ts'] as const;

/** A test of a row. */
export interface RowTest {
  readonly row: string;
  readonly title: string;
  /** From the root of the repository. */
  readonly path: string;
}

/** How a row ended in a run. */
export type Verdict = 'held' | 'BROKEN' | 'needs the store' | 'not run';

/** Every test whose title begins with a row's number. */
export function findRowTests(): readonly RowTest[] {
  return globSync([...PLACES], { cwd: root })
    .sort()
    .flatMap((path) => {
      const source = readFileSync(join(root, path), 'utf8');
      return [...source.matchAll(/\btest\(\s*(['"`])((A\d\d): .*?)\1/g)].map((match) => ({
        row: match[3] ?? '',
        title: match[2] ?? '',
        path,
      }));
    });
}

/** What SECURITY.md says of a row: by which files it is held, or what it waits for. Throws where it is neither. */
export function wordsOf(row: Row, tests: readonly RowTest[]): string {
  const files = new Set(tests.filter((test) => test.row === row.id).map(({ path }) => basename(path)));
  const held = [...files].map((file) => `\`${file}\``).join(', ');
  if (held !== '') return row.waitsFor === undefined ? held : `${held}; more waits for ${row.waitsFor}`;
  if (row.waitsFor === undefined) throw new Error(`${row.id} has neither a test nor a reason`);
  return `waits for ${row.waitsFor}`;
}

/** The table of SECURITY.md, unaligned: prettier does that. */
export function markdownTable(tests: readonly RowTest[] = findRowTests()): string {
  const lines = ROWS.map((row) => `| ${row.id} | ${row.title} | ${wordsOf(row, tests)} |`);
  return ['| Row | What the server tries | Held by |', '| --- | --- | --- |', ...lines].join('\n');
}

/** The line of a run's output that says how a test of a row ended: tap's, or that of Playwright's list. */
export function readVerdict(line: string): { readonly row: string; readonly verdict: Verdict } | undefined {
  const tap = /^(ok|not ok) \d+ - (A\d\d): (.*)$/.exec(line);
  if (tap !== null) {
    const skipped = / # SKIP/i.test(tap[3] ?? '');
    return { row: tap[2] ?? '', verdict: skipped ? 'needs the store' : tap[1] === 'ok' ? 'held' : 'BROKEN' };
  }
  const browser = /^\s*(✓|✘|-|ok|x)\s+\d+ .*› (A\d\d): /.exec(line);
  if (browser === null) return undefined;
  const mark = browser[1] ?? '';
  const verdict = mark === '-' ? 'needs the store' : mark === '✓' || mark === 'ok' ? 'held' : 'BROKEN';
  return { row: browser[2] ?? '', verdict };
}

/** One verdict of those of a row's tests: one that broke breaks the row, and one that was left out does not undo one that held. */
export function judgeRow(verdicts: readonly Verdict[]): Verdict {
  for (const verdict of ['BROKEN', 'held', 'needs the store'] as const) {
    if (verdicts.includes(verdict)) return verdict;
  }
  return 'not run';
}

/** The table at the end of a run. */
export function runTable(ran: ReadonlyMap<string, readonly Verdict[]>): string {
  const tests = findRowTests();
  const wide = Math.max(...ROWS.map(({ title }) => title.length));
  return ROWS.map((row) => {
    const isTested = tests.some((test) => test.row === row.id);
    const verdict = isTested ? judgeRow(ran.get(row.id) ?? []) : wordsOf(row, tests);
    return `${row.id}  ${row.title.padEnd(wide)}  ${verdict}`;
  }).join('\n');
}
