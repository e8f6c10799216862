/**
 * `bench crypto`: this project's Signal engine in Node and in Chromium beside the native library in Node, interleaved in
 * one run. Only the ratios of one run mean anything. `pingpong` and `burst`: encrypt+decrypt pairs of 200 bytes per
 * second; `session_start`: processPreKeyBundle and first signalEncrypt per second; `fingerprint`: milliseconds.
 */
import { join } from 'node:path';
import * as native from '@signalapp/libsignal-client';
import * as ours from '../crypto/index.ts';
import { openChromiumWorker } from './chromium/open-worker.ts';
import { openBench, tasks } from './crypto/work.ts';
import type { BenchLibrary, Task } from './crypto/work.ts';
import { median } from './figures/median.ts';

const ROUNDS = Number(process.env['TACET_BENCH_ROUNDS'] ?? '9');
const ROUND_MS = 400;

type Measure = (task: Task, durationMs: number) => Promise<number>;

export async function run(progress: (line: string) => void): Promise<Record<string, unknown>> {
  await ours.ready();
  const browser = await openChromiumWorker<{ readonly task: Task; readonly durationMs: number }, number>(
    join(import.meta.dirname, 'crypto', 'worker.ts'),
  );
  progress(`bundle for Chromium: ${Math.round(browser.bundleBytes / 1000)} kB minified`);
  const places: Readonly<Record<'native' | 'node' | 'chromium', Measure>> = {
    native: (await openBench(native as unknown as BenchLibrary)).run,
    node: (await openBench(ours)).run,
    chromium: (task, durationMs) => browser.ask({ task, durationMs }),
  };
  try {
    const figures: Record<string, unknown> = {};
    for (const task of tasks) {
      const values: Record<keyof typeof places, number[]> = { native: [], node: [], chromium: [] };
      // One round to warm up, not counted.
      for (let round = 0; round <= ROUNDS; round += 1) {
        for (const place of ['native', 'node', 'chromium'] as const) {
          const value = await places[place](task, ROUND_MS);
          if (round > 0) values[place].push(value);
        }
      }
      const digits = task === 'fingerprint' ? 100 : 1;
      const figure = Object.fromEntries(
        Object.entries(values).map(([place, list]) => [place, Math.round(median(list) * digits) / digits]),
      );
      figures[task] = figure;
      progress(`${task}: ${JSON.stringify(figure)}`);
    }
    return figures;
  } finally {
    await browser.close();
  }
}
