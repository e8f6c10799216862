// The tap suites. tap prints TAP 14: each file is a subtest whose lines are indented by four spaces and which ends in an
// unindented `ok` or `not ok` line. A file that passes is told in one line, one that fails is shown whole.

import { add, fault, none, type Outcome } from './outcome.ts';
import { programOf, runProgram } from './program.ts';

const fileEnd = /^(ok|not ok) \d+ - (\S+)(?: # time=([\d.]+)ms)?/;
const testEnd = /^ {4}(ok|not ok) \d+ -? ?(.*)$/;
/** How long one file may run: tap's own half minute is a matter of the machine. */
const FILE_SECONDS = 600;
/** The same with the long counts. */
const SOAK_FILE_SECONDS = 5_400;

/** Lines of a failed test that are told again at the end: its name and what it found. */
const FAULT_LINES = 14;

/** From the first assertion of a test that failed. */
function whatFailed(lines: readonly string[]): readonly string[] {
  const first = lines.findIndex((line) => /^ {8,}not ok /.test(line));
  return first < 0 ? [] : lines.slice(first, first + FAULT_LINES);
}

/** Counts the tests of one file from its lines; a file that fails outside its tests counts as one failed test. */
export function countTests(file: string, lines: readonly string[], fileFailed: boolean): Outcome {
  let total = none;
  let from = 0;
  for (const [at, line] of lines.entries()) {
    const end = testEnd.exec(line);
    if (end === null) continue;
    if (/ # (SKIP|TODO)\b/i.test(end[2] ?? '')) total = add(total, { ...none, skipped: 1 });
    else if (end[1] === 'ok') total = add(total, { ...none, passed: 1 });
    else total = add(total, fault([file, line, ...whatFailed(lines.slice(from, at))].join('\n')));
    from = at + 1;
  }
  return fileFailed && total.failed === 0 ? add(total, fault(`${file} outside its tests`)) : total;
}

function tell(lines: readonly string[], file: string, tests: Outcome, ms: string | undefined): void {
  const seconds = (Number(ms ?? 0) / 1000).toFixed(1);
  const counts = `${tests.passed} passed, ${tests.failed} failed`;
  console.log(`${tests.failed === 0 ? 'ok' : 'NOT OK'} ${file} (${counts}, ${seconds} s)`);
  if (tests.failed > 0) console.log(lines.join('\n'));
  // What was left out, and the tables that a test prints.
  else for (const line of lines) if (/ # (SKIP|TODO)\b|^ +# \|/i.test(line)) console.log(line.trim());
}

/** `onOutput`: is told each line of the output as it comes. */
export async function runTap(files: readonly string[], onOutput?: (line: string) => void): Promise<Outcome> {
  console.log('\n# tap');
  let total = none;
  let lines: string[] = [];
  let inDiagnosis = false;
  const onLine = (line: string): void => {
    onOutput?.(line);
    const end = fileEnd.exec(line);
    // What brought a whole file down is told in a block after its end line.
    inDiagnosis = inDiagnosis && line.startsWith('  ');
    if (inDiagnosis) console.log(line);
    if (end === null) {
      lines.push(line);
      return;
    }
    const tests = countTests(end[2] ?? '', lines, end[1] === 'not ok');
    tell(lines, end[2] ?? '', tests, end[3]);
    total = add(total, tests);
    inDiagnosis = tests.failed > 0;
    lines = [];
  };
  const seconds = process.env['TACET_SOAK'] === '1' ? SOAK_FILE_SECONDS : FILE_SECONDS;
  const tap = [
    programOf('tap', 'dist', 'esm', 'run.mjs'),
    '--reporter=tap',
    `--timeout=${String(seconds)}`,
    ...files,
  ];
  const { code } = await runProgram(process.execPath, tap, { onLine });
  if (code === 0 || total.failed > 0) return total;
  console.log(lines.join('\n'));
  return add(total, fault('tap'));
}
