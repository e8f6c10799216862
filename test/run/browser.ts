// The browser suites, run by Playwright. Its list reporter prints each test; its JSON report gives the counts, and what failed.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JSONReport, JSONReportSpec, JSONReportSuite, JSONReportTest } from '@playwright/test/reporter';
import { add, fault, none, type Outcome } from './outcome.ts';
import { programOf, runProgram } from './program.ts';

/** Lines of what a failed test found that are told again at the end. */
const FAULT_LINES = 24;

function specsOf(suite: JSONReportSuite): readonly JSONReportSpec[] {
  return [...suite.specs, ...(suite.suites ?? []).flatMap((inner) => specsOf(inner))];
}

function failure(spec: JSONReportSpec, test: JSONReportTest): Outcome {
  const { errors = [], status = 'did not run' } = test.results.at(-1) ?? {};
  const found = errors.flatMap(({ message }) => message.split('\n')).slice(0, FAULT_LINES);
  return fault([`${spec.file}:${spec.line} ${spec.title} (${status})`, ...found].join('\n'));
}

/** The counts of a report, each failed test by its name with what it found, and what went wrong outside of tests. */
export function readReport({
  stats,
  suites,
  errors,
}: Pick<JSONReport, 'stats' | 'suites' | 'errors'>): Outcome {
  const failures = suites
    .flatMap((suite) => specsOf(suite))
    .flatMap((spec) =>
      spec.tests.filter((test) => test.status === 'unexpected').map((test) => failure(spec, test)),
    );
  const { faults } = failures.reduce(add, none);
  return {
    passed: stats.expected + stats.flaky,
    failed: stats.unexpected,
    skipped: stats.skipped,
    faults: [...faults, ...errors.map(({ message = 'an error without words' }) => message)],
  };
}

export interface BrowserOptions {
  /** Is told each line of the output as it comes. */
  readonly onOutput?: (line: string) => void;
  /** Tests at a time; otherwise as playwright.config.ts says. */
  readonly workers?: number;
  /** Where traces of failures are left; otherwise as playwright.config.ts says. Emptied at the beginning. */
  readonly output?: string;
}

export async function runBrowser(
  files: readonly string[],
  { onOutput, workers, output }: BrowserOptions = {},
): Promise<Outcome> {
  console.log('\n# browser');
  const folder = mkdtempSync(join(tmpdir(), 'tacet-report-'));
  const report = join(folder, 'report.json');
  const atATime = workers === undefined ? [] : [`--workers=${workers}`];
  const args = [
    programOf('@playwright', 'test', 'cli.js'),
    'test',
    '--reporter=list,json',
    ...atATime,
    ...(output === undefined ? [] : [`--output=${output}`]),
    ...files,
  ];
  const env = { PLAYWRIGHT_JSON_OUTPUT_FILE: report, FORCE_COLOR: '0' };
  const onLine = (line: string): void => {
    console.log(line);
    onOutput?.(line);
  };
  const { code } = await runProgram(process.execPath, args, { env, onLine });
  try {
    const outcome = readReport(JSON.parse(readFileSync(report, 'utf8')) as JSONReport);
    return code !== 0 && outcome.failed === 0 ? add(outcome, fault('the browser suites')) : outcome;
  } catch {
    return fault('the browser suites did not report');
  } finally {
    rmSync(folder, { recursive: true });
  }
}
