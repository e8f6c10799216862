/**
 * The measured phases, the same for every target: `offline`, sends to users who are signed off; `relay`, sends between connected users,
 * counted when delivered. Closed loops with a fixed number in flight for throughput and processor time, then an open loop at a
 * fixed rate for latency.
 */
import { randomFillSync } from 'node:crypto';
import { cpuMicroseconds, residentBytes } from './process-figures.ts';
import type { Receiver, Sender, Target } from './target.ts';

/** Bytes of every message's body. */
export const BODY_BYTES = 1024;
/** Users 0 to PEOPLE - 1 are signed off in `offline`; the next PEOPLE send there, and write to each other in `relay`. */
export const PEOPLE = 50;
const OFFLINE_IN_FLIGHT = 32;
const RELAY_IN_FLIGHT = 64;
const RATE_PER_S = 200;
/** Messages before anything is counted: compilers and caches have settled; on a slow machine `WARM_MOST_MS` ends it. */
const WARM_MESSAGES = 20_000;
const WARM_MOST_MS = 10_000;

const pool = Buffer.alloc(1 << 20);
randomFillSync(pool);

/** A body that carries its number and the time it was made. */
function makeBody(number: number): Buffer {
  const from = (number * 7919) % (pool.length - BODY_BYTES);
  const body = Buffer.from(pool.subarray(from, from + BODY_BYTES));
  body.writeUInt32LE(number, 0);
  body.writeDoubleLE(performance.now(), 4);
  return body;
}

function quantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)] ?? Number.NaN;
}

export interface OfflineFigures {
  readonly accepted_per_s: number;
  readonly ack_p50_ms: number;
  readonly ack_p99_ms: number;
  readonly cpu_us_per_msg: number;
}

/** Stores messages for signed-off users for about `ms`. */
export async function offline(target: Target, ms: number): Promise<OfflineFigures> {
  const senders: Sender[] = [];
  for (let i = 0; i < PEOPLE; i++) senders.push(await target.openSender(PEOPLE + i));
  const loop = async (until: number, most: number, times: number[]): Promise<void> => {
    let number = 0;
    await Promise.all(
      Array.from({ length: OFFLINE_IN_FLIGHT }, async () => {
        while (performance.now() < until && number < most) {
          const mine = number++;
          const from = performance.now();
          await senders[mine % PEOPLE]?.send((mine * 7) % PEOPLE, makeBody(mine));
          times.push(performance.now() - from);
        }
      }),
    );
  };
  await loop(performance.now() + WARM_MOST_MS, WARM_MESSAGES, []);
  const times: number[] = [];
  const [from, cpu] = [performance.now(), cpuMicroseconds(target.pid)];
  await loop(from + ms, Number.POSITIVE_INFINITY, times);
  const [took, used] = [performance.now() - from, cpuMicroseconds(target.pid) - cpu];
  for (const sender of senders) sender.close();
  return {
    accepted_per_s: Math.round((times.length / took) * 1000),
    ack_p50_ms: quantile(times, 0.5),
    ack_p99_ms: quantile(times, 0.99),
    cpu_us_per_msg: used / times.length,
  };
}

export interface RelayFigures {
  readonly msgs_per_s: number;
  readonly cpu_us_per_msg: number;
  readonly client_cpu_percent: number;
  readonly p50_ms: number;
  readonly p99_ms: number;
  readonly rss_mb: number;
}

/** Relays between connected users for about `ms` in each of the two loops. */
export async function relay(target: Target, ms: number): Promise<RelayFigures> {
  const waiting = new Map<number, (at: number) => void>();
  const receivers: Receiver[] = [];
  const senders: Sender[] = [];
  for (let i = 0; i < PEOPLE; i++) {
    receivers.push(
      await target.openReceiver(PEOPLE + i, (body) => {
        const number = body.readUInt32LE(0);
        waiting.get(number)?.(performance.now() - body.readDoubleLE(4));
        waiting.delete(number);
      }),
    );
    senders.push(await target.openSender(PEOPLE + i));
  }
  let number = 0;
  const one = async (): Promise<number> => {
    const mine = ++number;
    const from = mine % PEOPLE;
    const arrived = new Promise<number>((resolve) => waiting.set(mine, resolve));
    const sender = senders[from];
    if (sender === undefined) throw new RangeError('no such sender');
    const [latency] = await Promise.all([
      arrived,
      sender.send(PEOPLE + ((from + PEOPLE / 2) % PEOPLE), makeBody(mine)),
    ]);
    return latency;
  };
  const closedLoop = async (until: number, most: number): Promise<void> => {
    const end = number + most;
    await Promise.all(
      Array.from({ length: RELAY_IN_FLIGHT }, async () => {
        while (performance.now() < until && number < end) await one();
      }),
    );
  };
  await closedLoop(performance.now() + WARM_MOST_MS, WARM_MESSAGES);
  const before = number;
  const [from, cpu, own] = [performance.now(), cpuMicroseconds(target.pid), process.cpuUsage()];
  await closedLoop(from + ms, Number.POSITIVE_INFINITY);
  const [took, used] = [performance.now() - from, cpuMicroseconds(target.pid) - cpu];
  const client = process.cpuUsage(own);
  const count = number - before;
  const rss = residentBytes(target.pid);
  const latencies = await openLoop(one, ms);
  for (const end of [...senders, ...receivers]) end.close();
  return {
    msgs_per_s: Math.round((count / took) * 1000),
    cpu_us_per_msg: used / count,
    client_cpu_percent: Math.round((client.user + client.system) / 10 / took),
    p50_ms: quantile(latencies, 0.5),
    p99_ms: quantile(latencies, 0.99),
    rss_mb: Math.round(rss / 1e6),
  };
}

async function openLoop(one: () => Promise<number>, ms: number): Promise<readonly number[]> {
  const latencies: Promise<number>[] = [];
  const from = performance.now();
  while (performance.now() - from < ms) {
    const due = ((performance.now() - from) / 1000) * RATE_PER_S;
    while (latencies.length < due) latencies.push(one());
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  return Promise.all(latencies);
}
