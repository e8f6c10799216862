// The browser suites, run by Playwright. Its list reporter prints each test; its JSON report gives the counts.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { add, fault, none, type Outcome } from './outcome.ts';
import { programOf, runProgram } from './program.ts';

interface Stats {
  readonly expected: number;
  readonly unexpected: number;
  readonly flaky: number;
  readonly skipped: number;
}

/** `onOutput`: is told each line of the output as it comes. */
export async function runBrowser(
  files: readonly string[],
  onOutput?: (line: string) => void,
): Promise<Outcome> {
  console.log('\n# browser');
  const folder = mkdtempSync(join(tmpdir(), 'tacet-report-'));
  const report = join(folder, 'report.json');
  const args = [programOf('@playwright', 'test', 'cli.js'), 'test', '--reporter=list,json', ...files];
  const env = { PLAYWRIGHT_JSON_OUTPUT_FILE: report, FORCE_COLOR: '0' };
  const onLine = (line: string): void => {
    console.log(line);
    onOutput?.(line);
  };
  const { code } = await runProgram(process.execPath, args, { env, onLine });
  try {
    const { stats } = JSON.parse(readFileSync(report, 'utf8')) as { readonly stats: Stats };
    const outcome = {
      // Playwright has just told of each.
      ...none,
      passed: stats.expected + stats.flaky,
      failed: stats.unexpected,
      skipped: stats.skipped,
    };
    return code !== 0 && outcome.failed === 0 ? add(outcome, fault('the browser suites')) : outcome;
  } catch {
    return fault('the browser suites did not report');
  } finally {
    rmSync(folder, { recursive: true });
  }
}
