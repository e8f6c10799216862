/**
 * `bench flood`: how much one abuser slows others. An honest sender writes to an honest recipient, one message at a time, in turns with and
 * without somebody who floods the server from another address: over an anonymous socket with sends, large sends, pings or broken frames,
 * with messages that are kept, over a signed-in one with copies, or over HTTP with public requests, pages, bodies, sign-ins, connections
 * without end, answered or given up before, a signed-in account's lookups, and the largest profiles and records that one may store; each over one connection and over many
 * at a time. `slower`: median time of a message with him by that without, neighbouring turns compared, the median of those; 1.2 is
 * what is allowed.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { sendTo } from '../test/support/account-requests.ts';
import { makeAccount, bytesOf, sha256, type WireAccount } from '../test/support/make-account.ts';
import { startServer, type ServerProcess } from '../test/support/server-process.ts';
import { openAnonymous, openSignedIn, type SocketClient } from '../test/support/socket-client.ts';
import { idBytes } from '../protocol/ids.ts';
import { randomBytes } from 'node:crypto';
import { ABUSES, type Orders } from './flood/orders.ts';
import { quantile } from './messaging/phases.ts';
import { cpuMicroseconds, residentBytes } from './messaging/process-figures.ts';

/** Connections of the abuser at a time: one socket, and one address. */
const CONNECTIONS = [1, 50];
const TURNS = Number(process.env['TACET_BENCH_TURNS'] ?? '12');
/** Messages of a turn; all of them together within what one connection may send. */
const MESSAGES = 20;
/** How long an abuser is at work before anybody looks: what he may ask for at once is used up, as far as it ever is. */
const AT_WORK_MS = 4_000;
/** How long he is at work again before a turn, or still, so that what he left is done. */
const AGAIN_MS = 300;
/** How long the server's processor time is looked at while there is nobody but him. */
const ALONE_MS = 4_000;

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
  sender.send(sendTo(to, { body: randomBytes(1_024) }));
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

/** An abuser at work, who can be stopped and let go on. */
async function openAbuser(orders: Orders) {
  const child = fork(join(import.meta.dirname, 'flood', 'abuser.ts'), [JSON.stringify(orders)]);
  await once(child, 'message');
  await delay(AT_WORK_MS);
  return {
    async isAtWork(atWork: boolean): Promise<void> {
      child.kill(atWork ? 'SIGCONT' : 'SIGSTOP');
      await delay(AGAIN_MS);
    },
    async close(): Promise<void> {
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    },
  };
}

/** Times of the messages of some turns, and what they cost the server. */
class Turns {
  readonly medians: number[] = [];
  readonly #times: number[] = [];
  readonly #server: ServerProcess;
  #cpu = 0;
  #tookMs = 0;

  constructor(server: ServerProcess) {
    this.#server = server;
  }

  async add(pair: Pair): Promise<void> {
    const [cpu, from] = [cpuMicroseconds(this.#server.pid), performance.now()];
    const times = await turn(pair);
    this.#cpu += cpuMicroseconds(this.#server.pid) - cpu;
    this.#tookMs += performance.now() - from;
    this.#times.push(...times);
    this.medians.push(quantile(times, 0.5));
  }

  figures(name: string): Record<string, number> {
    return {
      [`${name}_p50_ms`]: digits(quantile(this.#times, 0.5)),
      [`${name}_p99_ms`]: digits(quantile(this.#times, 0.99)),
      [`${name}_cpu_percent`]: Math.round(this.#cpu / this.#tookMs / 10),
    };
  }
}

/** What the abuser knows of an account that is his. */
function ordersFor({
  id,
  deliveryKey,
  list,
  devices: [device],
}: WireAccount): Pick<Orders, 'token' | 'mailbox'> {
  if (device === undefined) throw new Error('no device');
  const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
  const mailbox = {
    account: hex(idBytes(id)),
    device: hex(idBytes(device.id)),
    deliveryKey: hex(deliveryKey),
    listHash: hex(sha256(list.bytes)),
  };
  return { token: device.token, mailbox };
}

function digits(value: number): number {
  return Number(value.toPrecision(3));
}

/** Processor time of a process for a while, percent of a core. */
async function cpuPercent(pid: number, forMs: number): Promise<number> {
  const [cpu, from] = [cpuMicroseconds(pid), performance.now()];
  await delay(forMs);
  return Math.round((cpuMicroseconds(pid) - cpu) / (performance.now() - from) / 10);
}

async function measure(server: ServerProcess, abuse: Omit<Orders, 'port'>) {
  const [quiet, flooded] = [new Turns(server), new Turns(server)];
  const pair = await openPair(server);
  await turn(pair);
  let alone = Number.NaN;
  const abuser = await openAbuser({ ...abuse, port: Number(new URL(server.origin).port) });
  try {
    for (let i = 0; i < TURNS; i++) {
      await abuser.isAtWork(false);
      await quiet.add(pair);
      await abuser.isAtWork(true);
      await flooded.add(pair);
    }
    alone = await cpuPercent(server.pid, ALONE_MS);
  } finally {
    await abuser.close();
  }
  await Promise.all([pair.sender.close(), pair.receiver.close()]);
  const ratios = flooded.medians.map((ms, i) => ms / (quiet.medians[i] ?? Number.NaN));
  return {
    slower: digits(quantile(ratios, 0.5)),
    ...quiet.figures('quiet'),
    ...flooded.figures('flooded'),
    alone_cpu_percent: alone,
    rss_mb: Math.round(residentBytes(server.pid) / 1e6),
  };
}

/** Runs the benchmark, with the limits as published. */
export async function run(progress: (line: string) => void): Promise<Record<string, unknown>> {
  const wanted = process.env['TACET_BENCH_KINDS']?.split(',');
  const figures: Record<string, unknown> = {};
  let worst = 0;
  for (const kind of ABUSES) {
    if (wanted !== undefined && !wanted.includes(kind)) continue;
    for (const connections of CONNECTIONS) {
      const folder = mkdtempSync(join(tmpdir(), 'tacet-bench-'));
      const server = await startServer({ dataDir: folder });
      try {
        const account = await makeAccount({ url: server.origin });
        const found = await measure(server, { kind, connections, ...ordersFor(account) });
        const name = `${kind}_${String(connections)}`;
        figures[name] = found;
        worst = Math.max(worst, found.slower);
        progress(`${name}: ${JSON.stringify(found)}`);
      } finally {
        await server.stop();
        rmSync(folder, { recursive: true, force: true });
      }
    }
  }
  return { slower_at_worst: worst, ...figures };
}
