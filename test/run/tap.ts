// The tap suites. Each file is a process of its own that prints TAP 14: a test ends in a line without indent. They are not run
// by tap's own runner, whose loaders cost every file half a second of processor time. A file that passes is told in one line,
// one that fails is shown whole.

import { add, fault, none, type Outcome } from './outcome.ts';
import { runProgram } from './program.ts';
import { placesFor, runInTurn } from './turns.ts';

const testEnd = /^(ok|not ok) \d+ -? ?(.*)$/;
const plan = /^1\.\.(\d+)/;
/** How long one file may run that does not say it itself: tap's own half minute is a matter of the machine. */
export const FILE_SECONDS = 600;
/** The same with the long counts. */
const SOAK_FILE_SECONDS = 5_400;
/** For what tap has to tell of a file that takes longer. */
const GRACE_MS = 30_000;
/** Much of a test is waiting: six fill two cores, two do it beside the browser suites. */
const AT_A_TIME = 6;
const BESIDE_BROWSERS = 2;

/** Lines of a failed test that are told again at the end: its name and what it found. */
const FAULT_LINES = 14;

/** From the first assertion of a test that failed. */
function whatFailed(lines: readonly string[]): readonly string[] {
  const first = lines.findIndex((line) => /^ {4,}not ok /.test(line));
  return first < 0 ? [] : lines.slice(first, first + FAULT_LINES);
}

/** Counts the tests of one file from its lines; a file that fails outside its tests counts as one failed test. */
export function countTests(file: string, lines: readonly string[], fileFailed: boolean): Outcome {
  let total = none;
  let from = 0;
  let told = 0;
  for (const [at, line] of lines.entries()) {
    const end = testEnd.exec(line);
    if (end === null) continue;
    told += 1;
    if (/ # (SKIP|TODO)\b/i.test(end[2] ?? '')) total = add(total, { ...none, skipped: 1 });
    else if (end[1] === 'ok') total = add(total, { ...none, passed: 1 });
    else total = add(total, fault([file, line, ...whatFailed(lines.slice(from, at))].join('\n')));
    from = at + 1;
  }
  const planned = lines.map((line) => plan.exec(line)?.[1]).findLast((count) => count !== undefined);
  const isWhole = told > 0 && Number(planned) === told;
  return (fileFailed || !isWhole) && total.failed === 0
    ? add(total, fault(`${file} outside its tests`))
    : total;
}

function tell(lines: readonly string[], file: string, tests: Outcome, seconds: number): void {
  const counts = `${tests.passed} passed, ${tests.failed} failed`;
  console.log(`${tests.failed === 0 ? 'ok' : 'NOT OK'} ${file} (${counts}, ${seconds.toFixed(1)} s)`);
  if (tests.failed > 0) console.log(lines.join('\n'));
  // What was left out, and the tables that a test prints.
  else for (const line of lines) if (/ # (SKIP|TODO)\b|^ *# \|/i.test(line)) console.log(line.trim());
}

export interface TapOptions {
  /** Is told each line of the output as it comes. */
  readonly onOutput?: (line: string) => void;
  /** What a file waits for before it is run. */
  readonly before?: (file: string) => Promise<void>;
  /** Browser suites that run meanwhile: settles when no more of them run beside these. */
  readonly browsers?: Promise<unknown>;
}

export async function runTap(files: readonly string[], options: TapOptions = {}): Promise<Outcome> {
  const { onOutput, before, browsers } = options;
  console.log('\n# tap');
  const limit = process.env['TACET_SOAK'] === '1' ? SOAK_FILE_SECONDS : FILE_SECONDS;
  const places = [...placesFor(BESIDE_BROWSERS), ...placesFor(AT_A_TIME - BESIDE_BROWSERS, browsers)];
  return runInTurn(files, places, async (file) => {
    await before?.(file);
    const startedAt = performance.now();
    const lines: string[] = [];
    const { code } = await runProgram(process.execPath, [file], {
      env: { TAP_TIMEOUT: String(limit) },
      limit: { ms: limit * 1_000, graceMs: GRACE_MS },
      onLine(line) {
        lines.push(line);
        onOutput?.(line);
      },
    });
    const tests = countTests(file, lines, code !== 0);
    tell(lines, file, tests, (performance.now() - startedAt) / 1_000);
    return tests;
  });
}
