/**
 * The measured phases, the same for every target: `offline`, sends to users who are signed off; `relay`, sends between connected users,
 * counted when delivered. Closed loops with a fixed number in flight for throughput and processor time, an open loop at a fixed rate
 * for latency. A phase is measured in short slices, so that several targets can take turns and meet the same machine.
 */
import { randomFillSync } from 'node:crypto';
import { cpuMicroseconds } from './process-figures.ts';
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

/** A short piece of a phase. */
export interface Slice {
  readonly count: number;
  readonly tookMs: number;
  readonly cpuUs: number;
  /** `offline`: send to acknowledgement; `relay`, at its fixed rate: send to delivery. */
  readonly timesMs: readonly number[];
}

/** A phase that runs on a target. */
export interface Phase {
  /** Sends as fast as answers come, for `ms`. */
  slice(ms: number): Promise<Slice>;
  close(): void;
}

/** Runs work on a fixed number of turns at once until `until` or until `most` have been begun; returns how many were. */
async function closedLoop(
  inFlight: number,
  until: number,
  most: number,
  work: (number: number) => Promise<void>,
): Promise<number> {
  let next = 0;
  await Promise.all(
    Array.from({ length: inFlight }, async () => {
      while (performance.now() < until && next < most) await work(next++);
    }),
  );
  return next;
}

async function measured(target: Target, ms: number, inFlight: number, work: (n: number) => Promise<void>) {
  const [from, cpu] = [performance.now(), cpuMicroseconds(target.pid)];
  const count = await closedLoop(inFlight, from + ms, Number.POSITIVE_INFINITY, work);
  return { count, tookMs: performance.now() - from, cpuUs: cpuMicroseconds(target.pid) - cpu };
}

/** Stores messages for signed-off users. Warm when it resolves. */
export async function openOffline(target: Target): Promise<Phase> {
  const senders: Sender[] = [];
  for (let i = 0; i < PEOPLE; i++) senders.push(await target.openSender(PEOPLE + i));
  let timesMs: number[] = [];
  const one = async (number: number): Promise<void> => {
    const from = performance.now();
    await senders[number % PEOPLE]?.send((number * 7) % PEOPLE, makeBody(number));
    timesMs.push(performance.now() - from);
  };
  await closedLoop(OFFLINE_IN_FLIGHT, performance.now() + WARM_MOST_MS, WARM_MESSAGES, one);
  return {
    async slice(ms) {
      timesMs = [];
      const figures = await measured(target, ms, OFFLINE_IN_FLIGHT, one);
      return { ...figures, timesMs };
    },
    close() {
      for (const sender of senders) sender.close();
    },
  };
}

/** Relays between connected users. Warm when it resolves. `paced`: at the fixed rate, for latency. */
export async function openRelay(
  target: Target,
): Promise<Phase & { paced(ms: number): Promise<readonly number[]> }> {
  const waiting = new Map<number, (latency: number) => void>();
  const receivers: Receiver[] = [];
  const senders: Sender[] = [];
  for (let i = 0; i < PEOPLE; i++) {
    const onBody = (body: Buffer): void => {
      const number = body.readUInt32LE(0);
      waiting.get(number)?.(performance.now() - body.readDoubleLE(4));
      waiting.delete(number);
    };
    receivers.push(await target.openReceiver(PEOPLE + i, onBody));
    senders.push(await target.openSender(PEOPLE + i));
  }
  let last = 0;
  const one = async (): Promise<number> => {
    const number = ++last;
    const from = number % PEOPLE;
    const arrived = new Promise<number>((resolve) => waiting.set(number, resolve));
    const to = PEOPLE + ((from + PEOPLE / 2) % PEOPLE);
    const [latency] = await Promise.all([arrived, senders[from]?.send(to, makeBody(number))]);
    return latency;
  };
  const relayed = async (): Promise<void> => {
    await one();
  };
  await closedLoop(RELAY_IN_FLIGHT, performance.now() + WARM_MOST_MS, WARM_MESSAGES, relayed);
  return {
    async slice(ms) {
      return { ...(await measured(target, ms, RELAY_IN_FLIGHT, relayed)), timesMs: [] };
    },
    async paced(ms) {
      const latencies: Promise<number>[] = [];
      const from = performance.now();
      while (performance.now() - from < ms) {
        const due = ((performance.now() - from) / 1000) * RATE_PER_S;
        while (latencies.length < due) latencies.push(one());
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
      return Promise.all(latencies);
    },
    close() {
      for (const end of [...senders, ...receivers]) end.close();
    },
  };
}

/** The value below which a share `q` of the values lies. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)] ?? Number.NaN;
}
