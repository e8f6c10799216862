/**
 * `bench writes`: where the writes run best. The store's sends, 1 KiB each, on the main thread and on a writer thread that gets the same
 * sends by message, alone in their process: sends a second, processor time per send, and how long the main thread's loop was
 * held up. docs/performance.md says what followed from it.
 */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Worker } from 'node:worker_threads';
import { idBytes } from '../protocol/ids.ts';
import type { Addressee, StoreSendOutcome } from '../server/store/envelope-port.ts';
import { buildEnvelopeStore } from '../server/store/envelopes.ts';
import { migrateSqlite } from '../server/store/migrate.ts';
import { openSqliteEngine } from '../server/store/writer.ts';
import { storeAccount } from '../test/support/open-store.ts';
import { median } from './figures/median.ts';
import type { Job } from './writes/thread.ts';

const DEVICES = 50;
const IN_FLIGHT = [1, 32, 128] as const;
const PHASE_MS = Number(process.env['TACET_BENCH_MS'] ?? '2000');
const ROUNDS = Number(process.env['TACET_BENCH_ROUNDS'] ?? '3');

type Send = (to: readonly Addressee[]) => Promise<StoreSendOutcome>;

interface Place {
  readonly send: Send;
  close(): Promise<void>;
}

function openMain(path: string): Place {
  const engine = openSqliteEngine(path);
  const store = buildEnvelopeStore(engine);
  return { send: (to) => store.send(to, 1, 'contact'), close: () => engine.close() };
}

function openThread(path: string): Place {
  const worker = new Worker(new URL('./writes/thread.ts', import.meta.url), { workerData: { path } });
  const waiting = new Map<number, (outcome: StoreSendOutcome) => void>();
  let jobs: Job[] = [];
  let next = 0;
  worker.on('message', (answers: readonly (readonly [number, StoreSendOutcome])[]) => {
    for (const [number, outcome] of answers) {
      waiting.get(number)?.(outcome);
      waiting.delete(number);
    }
  });
  return {
    send: (to) =>
      new Promise((resolve) => {
        const number = next++;
        waiting.set(number, resolve);
        if (jobs.length === 0) {
          setImmediate(() => {
            worker.postMessage(jobs);
            jobs = [];
          });
        }
        jobs.push({ number, to });
      }),
    async close() {
      await worker.terminate();
    },
  };
}

interface Figures {
  readonly sends_per_s: number;
  readonly cpu_us_per_send: number;
  readonly loop_p99_ms: number;
}

async function measure(
  send: Send,
  devices: readonly Omit<Addressee, 'id' | 'body'>[],
  inFlight: number,
): Promise<Figures> {
  const bodies = Array.from({ length: 61 }, () => randomBytes(1024));
  let count = 0;
  const loop = async (until: number): Promise<void> => {
    await Promise.all(
      Array.from({ length: inFlight }, async () => {
        while (performance.now() < until) {
          const number = count++;
          const device = devices[number % devices.length];
          const body = bodies[number % bodies.length];
          if (device === undefined || body === undefined) throw new RangeError('no device');
          await send([{ ...device, id: randomBytes(16), body }]);
        }
      }),
    );
  };
  await loop(performance.now() + PHASE_MS / 2);
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  count = 0;
  const [from, cpu] = [performance.now(), process.cpuUsage()];
  await loop(from + PHASE_MS);
  const [took, used] = [performance.now() - from, process.cpuUsage(cpu)];
  delay.disable();
  return {
    sends_per_s: Math.round((count / took) * 1000),
    cpu_us_per_send: Number(((used.user + used.system) / count).toFixed(1)),
    loop_p99_ms: Number((delay.percentile(99) / 1e6).toFixed(2)),
  };
}

/** Runs the benchmark; the two places take turns. */
export async function run(progress: (line: string) => void): Promise<Record<string, unknown>> {
  const rounds = new Map<string, Figures[]>();
  for (let round = 0; round < ROUNDS; round++) {
    for (const [name, open] of [
      ['main', openMain],
      ['thread', openThread],
    ] as const) {
      const folder = mkdtempSync(join(tmpdir(), 'tacet-bench-'));
      const path = join(folder, 'writes.sqlite');
      await migrateSqlite(path);
      const engine = openSqliteEngine(path);
      const { devices } = await storeAccount(engine, DEVICES);
      await engine.close();
      const place = open(path);
      for (const inFlight of IN_FLIGHT) {
        const to = devices.map((device) => ({ device, key: idBytes(device) }));
        const figures = await measure(place.send, to, inFlight);
        const key = `${name}_${String(inFlight)}`;
        rounds.set(key, [...(rounds.get(key) ?? []), figures]);
        progress(`${name}, ${String(inFlight)} in flight: ${JSON.stringify(figures)}`);
      }
      await place.close();
      rmSync(folder, { recursive: true });
    }
  }
  return Object.fromEntries(
    Array.from(rounds, ([key, all]) => [
      key,
      {
        sends_per_s: median(all.map((one) => one.sends_per_s)),
        cpu_us_per_send: median(all.map((one) => one.cpu_us_per_send)),
        loop_p99_ms: median(all.map((one) => one.loop_p99_ms)),
      },
    ]),
  );
}
