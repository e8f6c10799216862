/**
 * `bench sfu`: what a forwarded packet costs in Tacet's media server beside a bare mediasoup router that does the same, both with the
 * worker of this machine, in turns in one run: processor time of the worker and of the Node process above it. One picture of 1,100-byte
 * packets to 20 who get it, encrypted as browsers ask for (AES-256-GCM). `consumers_per_core`: how many who get a picture of 1.5 Mbit/s fill
 * a core at that cost.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { cacheHome, obtainWorker } from '@tacet/sfu/worker';
import { median } from './figures/median.ts';
import { exactCpuMicroseconds } from './messaging/process-figures.ts';
import type { Place } from './sfu/host.ts';

const KINDS = ['tacet', 'bare'] as const;
type Kind = (typeof KINDS)[number];

const CONSUMERS = 20;
const PACKETS_PER_S = 500;
const PAYLOAD_BYTES = 1_100;
/** Packets a second of a picture of 1.5 Mbit/s. */
const PICTURE_PACKETS_PER_S = 1_500_000 / 8 / PAYLOAD_BYTES;
const ROUNDS = Number(process.env['TACET_BENCH_ROUNDS'] ?? '7');
const ROUND_MS = Number(process.env['TACET_BENCH_ROUND_MS'] ?? '5000');
/** What is on its way when the last packet has been sent. */
const SETTLE_MS = 300;
const PACE_MS = 2;

class Host {
  readonly #process: ChildProcess;
  readonly #place: Place;
  #sequence = 0;

  private constructor(process: ChildProcess, place: Place) {
    this.#process = process;
    this.#place = place;
  }

  static async start(kind: Kind, workerPath: string, sinkPort: number): Promise<Host> {
    const process = fork(join(import.meta.dirname, 'sfu', 'host.ts'), [
      kind,
      workerPath,
      String(sinkPort),
      String(CONSUMERS),
    ]);
    const [place] = (await once(process, 'message')) as [Place];
    return new Host(process, place);
  }

  /** Microseconds of processor time for each packet that left. */
  async measure(from: Socket): Promise<number> {
    const [packets, cpu] = [await this.#packets(), this.#cpu()];
    const startedAt = performance.now();
    let sent = 0;
    while (performance.now() - startedAt < ROUND_MS) {
      const due = ((performance.now() - startedAt) / 1_000) * PACKETS_PER_S;
      for (; sent < due; sent++) from.send(this.#packet(), this.#place.port, '127.0.0.1');
      await setTimeout(PACE_MS);
    }
    await setTimeout(SETTLE_MS);
    const spent = this.#cpu() - cpu;
    const forwarded = ((await this.#packets()) - packets) * CONSUMERS;
    if (forwarded === 0) throw new Error('nothing was forwarded');
    return spent / forwarded;
  }

  close(): void {
    this.#process.disconnect();
  }

  async #packets(): Promise<number> {
    this.#process.send('packets');
    const [count] = (await once(this.#process, 'message')) as [number];
    return count;
  }

  #cpu(): number {
    return exactCpuMicroseconds(this.#place.workerPid) + exactCpuMicroseconds(this.#process.pid ?? 0);
  }

  /** An RTP packet (RFC 3550 section 5.1) of VP8, each a frame of its own. */
  #packet(): Buffer {
    const packet = Buffer.alloc(12 + PAYLOAD_BYTES);
    packet.writeUInt16BE(0x80e0, 0);
    packet.writeUInt16BE(this.#sequence & 0xffff, 2);
    packet.writeUInt32BE((this.#sequence * 90) >>> 0, 4);
    packet.writeUInt32BE(77, 8);
    // The first byte of a payload's descriptor (RFC 7741): a partition begins.
    packet[12] = 0x10;
    this.#sequence += 1;
    return packet;
  }
}

export async function run(progress: (line: string) => void): Promise<Record<string, unknown>> {
  const root = join(import.meta.dirname, '..');
  const worker = await obtainWorker({
    setting: process.env['TACET_MEDIA_WORKER'],
    cacheDir: cacheHome(process.env['XDG_CACHE_HOME']),
    packageDir: join(root, 'node_modules', 'mediasoup'),
    overlayDir: join(root, 'deploy', 'mediasoup-worker'),
  });
  if (worker.kind === 'missing') throw new Error(`there is no media worker: ${worker.remedy}`);
  const source = createSocket('udp4');
  const sink = fork(join(import.meta.dirname, 'sfu', 'sink.ts'));
  const [sinkPort] = (await once(sink, 'message')) as [number];
  const arrived = once(sink, 'message');
  const hosts = new Map<Kind, Host>();
  try {
    for (const kind of KINDS) hosts.set(kind, await Host.start(kind, worker.path, sinkPort));
    const rounds: Record<Kind, number[]> = { tacet: [], bare: [] };
    // One round to warm up, not counted. Who begins changes from round to round.
    for (let round = -1; round < ROUNDS; round++) {
      if (round === 0) {
        await arrived;
        sink.kill('SIGSTOP');
      }
      const order = round % 2 === 0 ? KINDS : KINDS.toReversed();
      for (const kind of order) {
        const us = await hosts.get(kind)?.measure(source);
        if (us === undefined || round < 0) continue;
        rounds[kind].push(us);
        progress(`${kind}: ${us.toFixed(2)} µs`);
      }
    }
    const ratios = rounds.tacet.map((us, i) => us / (rounds.bare[i] ?? Number.NaN));
    const us = median(rounds.tacet);
    return {
      ratio_to_bare: round2(median(ratios)),
      consumers_per_core: Math.floor(1e6 / (us * PICTURE_PACKETS_PER_S)),
      tacet_us: round2(us),
      bare_us: round2(median(rounds.bare)),
      ratios: ratios.map(round2),
      consumers: CONSUMERS,
      packets_per_s: PACKETS_PER_S,
    };
  } finally {
    for (const host of hosts.values()) host.close();
    source.close();
    sink.kill('SIGKILL');
  }
}

function round2(value: number): number {
  return Math.round(value * 100) / 100;
}
