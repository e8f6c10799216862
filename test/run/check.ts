// The checks: format, lint with the type-aware rules, the types of every room that has a tsconfig, and the import table.

import { globSync } from 'node:fs';
import { dirname } from 'node:path';
import { fault, none, type Outcome } from './outcome.ts';
import { programOf, root, runProgram } from './program.ts';
import { FILE_SECONDS } from './tap.ts';
import { placesFor, runInTurn } from './turns.ts';

/** The test of who imports whom: one of the checks, and not run a second time beside them. */
export const IMPORTS = 'test/architecture.test.ts';

interface Check {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
}

function typeChecks(): readonly Check[] {
  const exclude = ['**/node_modules/**', 'bench/peers/**'];
  const configs = globSync('**/tsconfig.json', { cwd: root, exclude }).sort();
  const tsc = programOf('.bin', 'tsc');
  return configs.map((config) => ({
    name: `types of ${dirname(config)}`,
    command: tsc,
    args: ['-p', config],
  }));
}

function allChecks(): readonly Check[] {
  return [
    { name: 'format', command: programOf('.bin', 'prettier'), args: ['--check', '--log-level=warn', '.'] },
    { name: 'lint', command: programOf('.bin', 'oxlint'), args: ['--deny-warnings'] },
    ...typeChecks(),
    { name: 'imports', command: process.execPath, args: [IMPORTS] },
  ];
}

async function runCheck(check: Check): Promise<Outcome> {
  const startedAt = performance.now();
  // One of them is a test file; the others do not read its limit.
  const env = { NO_COLOR: '1', TAP_TIMEOUT: String(FILE_SECONDS) };
  const { code, output } = await runProgram(check.command, check.args, { env });
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  console.log(`${code === 0 ? 'ok' : 'NOT OK'} ${check.name} (${seconds} s)`);
  if (code !== 0) console.log(output.trimEnd());
  return code === 0 ? { ...none, passed: 1 } : fault(`check: ${check.name}`);
}

/** Most of them use one core: two run at a time, the long ones first. */
const AT_A_TIME = 2;

export async function runChecks(): Promise<Outcome> {
  console.log('# check');
  return runInTurn(allChecks(), placesFor(AT_A_TIME), runCheck);
}
