// What `npm test`, `npm run check` and `npm run soak` run once set-up is done: the checks, then the tap suites, and the browser
// suites beside both, so that each line of output says of itself what it is about. The browser suites that need mediasoup's worker come
// last, by themselves. Arguments select: `check`, `tap`, `browser`, or any part of a test file's path.
//
// The last line of output says how many checks and tests passed and failed, counted from what the runners printed. The
// exit code is 0 only if something ran and nothing failed.

import { runBrowser } from './run/browser.ts';
import { IMPORTS, runChecks } from './run/check.ts';
import {
  beginMediaWorker,
  mediaWorkerLast,
  needsMediaWorker,
  runAroundMediaWorker,
} from './run/media-worker.ts';
import { add, fault, none, type Outcome } from './run/outcome.ts';
import { filesMatching } from './run/select.ts';
import { runTap } from './run/tap.ts';

const suites: readonly string[] = ['check', 'tap', 'browser'];

const args = process.argv.slice(2);
const parts = args.filter((arg) => !suites.includes(arg));
const chosen = (suite: string): boolean => args.length === 0 || args.includes(suite);

/** Calls through the media server are two browsers each that encode and decode pictures. */
const CALLS_AT_A_TIME = 2;

function runPages(files: readonly string[]): Promise<Outcome> {
  const areCalls = files.every((file) => needsMediaWorker(file));
  return runBrowser(files, areCalls ? { workers: CALLS_AT_A_TIME, output: 'test-results/calls' } : {});
}

async function runAll(): Promise<Outcome> {
  const isChecked = chosen('check');
  const tapFiles = mediaWorkerLast(filesMatching('.test.ts', chosen('tap') ? [''] : parts)).filter(
    (file) => !(isChecked && file === IMPORTS),
  );
  const browserFiles = filesMatching('.spec.ts', chosen('browser') ? [''] : parts);
  const mediaWorkerFor = beginMediaWorker([...tapFiles, ...browserFiles]);
  const runOthers = async (browsers: Promise<unknown>): Promise<Outcome> => {
    const checks = isChecked ? await runChecks() : none;
    if (tapFiles.length === 0) return checks;
    return add(checks, await runTap(tapFiles, { before: mediaWorkerFor, browsers }));
  };
  const [firstBrowsers, others] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const between = (): Promise<void> => {
    firstBrowsers.resolve();
    return others.promise;
  };
  const browsers = runAroundMediaWorker(browserFiles, mediaWorkerFor, runPages, between);
  const beside = runOthers(Promise.race([firstBrowsers.promise, browsers])).finally(others.resolve);
  let total = (await Promise.all([beside, browsers])).reduce(add);
  for (const part of parts)
    if (filesMatching('.test.ts', [part]).length + filesMatching('.spec.ts', [part]).length === 0) {
      console.log(`No test file has "${part}" in its path.`);
      total = add(total, fault(`no test file has "${part}" in its path`));
    }
  return total;
}

const outcome = await runAll();
for (const told of outcome.faults) console.log(`\nFAILED: ${told}`);
if (outcome.skipped > 0) console.log(`\n${outcome.skipped} skipped, named above.`);
console.log(`\n${outcome.passed} passed, ${outcome.failed} failed`);
process.exitCode = outcome.failed === 0 && outcome.passed > 0 ? 0 : 1;
