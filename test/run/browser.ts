// The browser suites, run by Playwright. Its list reporter prints each test; its JSON report gives the counts.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { add, none, type Outcome } from './outcome.ts';
import { programOf, runProgram } from './program.ts';

interface Stats {
  readonly expected: number;
  readonly unexpected: number;
  readonly flaky: number;
  readonly skipped: number;
}

export async function runBrowser(files: readonly string[]): Promise<Outcome> {
  console.log('\n# browser');
  const folder = mkdtempSync(join(tmpdir(), 'tacet-report-'));
  const report = join(folder, 'report.json');
  const args = [programOf('@playwright', 'test', 'cli.js'), 'test', '--reporter=list,json', ...files];
  const env = { PLAYWRIGHT_JSON_OUTPUT_FILE: report, FORCE_COLOR: '0' };
  const { code } = await runProgram(process.execPath, args, { env, onLine: (line) => console.log(line) });
  try {
    const { stats } = JSON.parse(readFileSync(report, 'utf8')) as { readonly stats: Stats };
    const outcome = {
      passed: stats.expected + stats.flaky,
      failed: stats.unexpected,
      skipped: stats.skipped,
    };
    return code !== 0 && outcome.failed === 0 ? add(outcome, { ...none, failed: 1 }) : outcome;
  } catch {
    return { ...none, failed: 1 };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
