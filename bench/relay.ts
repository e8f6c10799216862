/**
 * `bench relay`: the real server process beside the anchor, which take turns of half a second, so that both meet the same machine.
 * `offline`: accepted sends a second, each on disk before its acknowledgement, 50 senders, 32 in flight, receivers signed off.
 * `relay`: 50 connected users, 64 in flight; processor time of the server per stored and delivered message, then latency at 200
 * messages a second. `accepted_to_anchor` and `cpu_to_anchor` are medians of the ratios of neighbouring turns.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startAnchor } from './messaging/anchor.ts';
import { openOffline, openRelay, PEOPLE, quantile, type Phase, type Slice } from './messaging/phases.ts';
import { residentBytes } from './messaging/process-figures.ts';
import { startTacet } from './messaging/tacet.ts';
import type { Target } from './messaging/target.ts';

const TURNS = Number(process.env['TACET_BENCH_TURNS'] ?? '12');
const TURN_MS = 500;
const PACED_MS = 1_000;

/** The two sides of a comparison. */
interface Sides<Value> {
  readonly tacet: Value;
  readonly anchor: Value;
}

function digits(value: number): number {
  return value >= 1000 ? Math.round(value) : Number(value.toPrecision(3));
}

function perSecond(slices: readonly Slice[]): number {
  const count = slices.reduce((sum, slice) => sum + slice.count, 0);
  return Math.round((count / slices.reduce((sum, slice) => sum + slice.tookMs, 0)) * 1000);
}

function cpuPerMessage(slices: readonly Slice[]): number {
  const count = slices.reduce((sum, slice) => sum + slice.count, 0);
  return slices.reduce((sum, slice) => sum + slice.cpuUs, 0) / count;
}

async function takeTurns(phases: Sides<Phase>): Promise<Sides<readonly Slice[]>> {
  const slices = { tacet: [] as Slice[], anchor: [] as Slice[] };
  for (let turn = 0; turn < TURNS; turn++) {
    slices.anchor.push(await phases.anchor.slice(TURN_MS));
    slices.tacet.push(await phases.tacet.slice(TURN_MS));
  }
  return slices;
}

/** The median over the turns of ours divided by the anchor's. */
function ratio(slices: Sides<readonly Slice[]>, figure: (slices: readonly Slice[]) => number): number {
  const ratios = slices.tacet.map((ours, i) => {
    const theirs = slices.anchor[i];
    return theirs === undefined ? Number.NaN : figure([ours]) / figure([theirs]);
  });
  return digits(quantile(ratios, 0.5));
}

function offlineFigures(slices: readonly Slice[]) {
  const times = slices.flatMap((slice) => slice.timesMs);
  return {
    accepted_per_s: perSecond(slices),
    ack_p50_ms: digits(quantile(times, 0.5)),
    ack_p99_ms: digits(quantile(times, 0.99)),
    cpu_us_per_msg: digits(cpuPerMessage(slices)),
  };
}

function relayFigures(slices: readonly Slice[], latencies: readonly number[], pid: number) {
  return {
    msgs_per_s: perSecond(slices),
    cpu_us_per_msg: digits(cpuPerMessage(slices)),
    p50_ms: digits(quantile(latencies, 0.5)),
    p99_ms: digits(quantile(latencies, 0.99)),
    rss_mb: Math.round(residentBytes(pid) / 1e6),
  };
}

async function compare(targets: Sides<Target>, progress: (line: string) => void) {
  const offline = {
    tacet: await openOffline(targets.tacet),
    anchor: await openOffline(targets.anchor),
  };
  const stored = await takeTurns(offline);
  progress(
    `accepted sends a second: ${String(perSecond(stored.tacet))}, anchor ${String(perSecond(stored.anchor))}`,
  );
  offline.tacet.close();
  offline.anchor.close();
  const relay = { tacet: await openRelay(targets.tacet), anchor: await openRelay(targets.anchor) };
  const relayed = await takeTurns(relay);
  progress(
    `relayed a second: ${String(perSecond(relayed.tacet))}, anchor ${String(perSecond(relayed.anchor))}`,
  );
  const latencies = { tacet: [] as number[], anchor: [] as number[] };
  for (let turn = 0; turn < 4; turn++) {
    latencies.anchor.push(...(await relay.anchor.paced(PACED_MS)));
    latencies.tacet.push(...(await relay.tacet.paced(PACED_MS)));
  }
  const ours = {
    offline: offlineFigures(stored.tacet),
    relay: relayFigures(relayed.tacet, latencies.tacet, targets.tacet.pid),
  };
  relay.tacet.close();
  relay.anchor.close();
  return {
    ...ours,
    anchor: {
      offline: offlineFigures(stored.anchor),
      relay: relayFigures(relayed.anchor, latencies.anchor, targets.anchor.pid),
    },
    accepted_to_anchor: ratio(stored, perSecond),
    cpu_to_anchor: ratio(relayed, cpuPerMessage),
    accepted_per_s: ours.offline.accepted_per_s,
    cpu_us_per_msg: ours.relay.cpu_us_per_msg,
    p50_ms: ours.relay.p50_ms,
    p99_ms: ours.relay.p99_ms,
    rss_mb: ours.relay.rss_mb,
  };
}

/** Runs the benchmark; `relay` and `offline` are ours, `anchor` has the same two. */
export async function run(progress: (line: string) => void): Promise<Record<string, unknown>> {
  const folder = mkdtempSync(join(tmpdir(), 'tacet-bench-'));
  const anchor = await startAnchor(folder);
  try {
    const tacet = await startTacet(join(folder, 'data'), 2 * PEOPLE);
    try {
      return await compare({ tacet, anchor }, progress);
    } finally {
      await tacet.stop();
    }
  } finally {
    await anchor.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}
