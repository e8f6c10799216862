/**
 * `bench flood`: how much one abuser slows others. An honest sender writes to an honest recipient, one message at a time, in turns with and
 * without somebody who floods the server from another address: over an anonymous socket with sends, large sends, pings or broken frames,
 * over a signed-in one with copies, or over HTTP with public requests, sign-ins, a signed-in account's lookups or connections without end.
 * `slower`: median time of a message with him by that without, neighbouring turns compared, the median of those; 1.2 is what is allowed.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeAccount, bytesOf, sha256, type WireAccount } from '../test/support/make-account.ts';
import { startServer, type ServerProcess } from '../test/support/server-process.ts';
import { openAnonymous, openSignedIn, type SocketClient } from '../test/support/socket-client.ts';
import { idBytes } from '../protocol/ids.ts';
import { randomBytes } from 'node:crypto';
import type { Abuse, Orders } from './flood/abuser.ts';
import { quantile } from './messaging/phases.ts';
import { cpuMicroseconds, residentBytes } from './messaging/process-figures.ts';

const KINDS: readonly Abuse[] = [
  'sends',
  'large',
  'pings',
  'malformed',
  'own',
  'requests',
  'sign-ins',
  'lookups',
  'connections',
];
const TURNS = Number(process.env['TACET_BENCH_TURNS'] ?? '5');
/** Messages of a turn; within what one connection may send. */
const MESSAGES = 40;
/** How long an abuser is at work before anybody looks: what he may ask for at once is used up. */
const AT_WORK_MS = 700;

/** One who writes and one who reads. */
interface Pair {
  readonly sender: SocketClient;
  readonly receiver: SocketClient;
  readonly to: WireAccount;
}

async function openPair(server: ServerProcess): Promise<Pair> {
  const to = await makeAccount({ url: server.origin });
  const receiver = await openSignedIn(server.socketOrigin, bytesOf(to.devices[0]?.token ?? ''));
  await receiver.takeUntil('drained');
  return { sender: await openAnonymous(server.socketOrigin), receiver, to };
}

/** Sends a message and waits until it is stored and there; ms. */
async function roundTrip({ sender, receiver, to }: Pair): Promise<number> {
  const from = performance.now();
  const envelope = { id: randomBytes(16), body: randomBytes(1_024) };
  sender.send({
    kind: 'send',
    re: 1,
    account: idBytes(to.id),
    deliveryKey: to.deliveryKey,
    listHash: sha256(to.list.bytes),
    online: false,
    to: [{ device: to.devices[0]?.entry.device, envelope }],
  });
  const [delivered] = await Promise.all([receiver.take('deliver'), sender.take('sent')]);
  const took = performance.now() - from;
  receiver.acknowledge(delivered.id);
  return took;
}

async function turn(pair: Pair): Promise<readonly number[]> {
  const times: number[] = [];
  for (let i = 0; i < MESSAGES; i++) times.push(await roundTrip(pair));
  return times;
}

async function withAbuser<Result>(orders: Orders, work: () => Promise<Result>): Promise<Result> {
  const child = fork(join(import.meta.dirname, 'flood', 'abuser.ts'), [JSON.stringify(orders)]);
  try {
    await once(child, 'message');
    await new Promise((resolve) => setTimeout(resolve, AT_WORK_MS));
    return await work();
  } finally {
    const ended = once(child, 'exit');
    child.disconnect();
    await ended;
  }
}

async function measure(server: ServerProcess, kind: Abuse, token: string) {
  const quiet: number[] = [];
  const flooded: number[] = [];
  const ratios: number[] = [];
  let cpu = 0;
  let tookMs = 0;
  const pair = await openPair(server);
  await turn(pair);
  for (let i = 0; i < TURNS; i++) {
    const before = await turn(pair);
    const during = await withAbuser({ port: Number(new URL(server.origin).port), kind, token }, async () => {
      const [fromCpu, from] = [cpuMicroseconds(server.pid), performance.now()];
      const times = await turn(pair);
      cpu += cpuMicroseconds(server.pid) - fromCpu;
      tookMs += performance.now() - from;
      return times;
    });
    quiet.push(...before);
    flooded.push(...during);
    ratios.push(quantile(during, 0.5) / quantile(before, 0.5));
  }
  await Promise.all([pair.sender.close(), pair.receiver.close()]);
  const digits = (value: number): number => Number(value.toPrecision(3));
  return {
    slower: digits(quantile(ratios, 0.5)),
    quiet_p50_ms: digits(quantile(quiet, 0.5)),
    flooded_p50_ms: digits(quantile(flooded, 0.5)),
    quiet_p99_ms: digits(quantile(quiet, 0.99)),
    flooded_p99_ms: digits(quantile(flooded, 0.99)),
    server_cpu_percent: Math.round(cpu / tookMs / 10),
    rss_mb: Math.round(residentBytes(server.pid) / 1e6),
  };
}

/** Runs the benchmark, with the limits as published. */
export async function run(progress: (line: string) => void): Promise<Record<string, unknown>> {
  const wanted = process.env['TACET_BENCH_KINDS']?.split(',');
  const figures: Record<string, unknown> = {};
  let worst = 0;
  for (const kind of KINDS) {
    if (wanted !== undefined && !wanted.includes(kind)) continue;
    const folder = mkdtempSync(join(tmpdir(), 'tacet-bench-'));
    const server = await startServer({ dataDir: folder });
    try {
      const abuser = await makeAccount({ url: server.origin });
      const found = await measure(server, kind, abuser.devices[0]?.token ?? '');
      figures[kind] = found;
      worst = Math.max(worst, found.slower);
      progress(`${kind}: ${found.slower} times as slow, ${found.server_cpu_percent} % of a core`);
    } finally {
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    }
  }
  return { slower_at_worst: worst, ...figures };
}
