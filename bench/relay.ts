/**
 * `bench relay`: the real server process beside the anchor, interleaved in one run. `offline`: accepted sends a second, each on disk
 * before its acknowledgement, 50 senders, 32 in flight, receivers signed off. `relay`: 50 connected users, 64 in flight; processor time
 * of the server per stored and delivered message, then latency at 200 messages a second. Medians of the rounds.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startAnchor } from './messaging/anchor.ts';
import { offline, PEOPLE, relay, type OfflineFigures, type RelayFigures } from './messaging/phases.ts';
import { startTacet } from './messaging/tacet.ts';
import type { Target } from './messaging/target.ts';

const ROUNDS = Number(process.env['TACET_BENCH_ROUNDS'] ?? '3');
const PHASE_MS = Number(process.env['TACET_BENCH_MS'] ?? '3000');

interface Round {
  readonly offline: OfflineFigures;
  readonly relay: RelayFigures;
}

/** The median of each figure, rounded to three significant digits below 1,000. */
function medians<Figures extends object>(rounds: readonly Figures[]): Figures {
  const [sample] = rounds;
  const names = Object.keys(sample ?? {}) as (keyof Figures)[];
  return Object.fromEntries(
    names.map((name) => {
      const sorted = rounds.map((figures) => Number(figures[name])).toSorted((a, b) => a - b);
      const value = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
      return [name, value >= 1000 ? Math.round(value) : Number(value.toPrecision(3))];
    }),
  ) as Figures;
}

async function measure(start: (folder: string) => Promise<Target>): Promise<Round> {
  const folder = mkdtempSync(join(tmpdir(), 'tacet-bench-'));
  const target = await start(folder);
  try {
    const stored = await offline(target, PHASE_MS);
    return { offline: stored, relay: await relay(target, PHASE_MS) };
  } finally {
    await target.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Runs the benchmark; `relay` and `offline` are ours, `anchor` has the same two. */
export async function run(progress: (line: string) => void): Promise<Record<string, unknown>> {
  const rounds: { readonly tacet: Round; readonly anchor: Round }[] = [];
  for (let i = 0; i < ROUNDS; i++) {
    const anchor = await measure(startAnchor);
    progress(`round ${String(i + 1)}, anchor: ${JSON.stringify(anchor)}`);
    const tacet = await measure((folder) => startTacet(folder, 2 * PEOPLE));
    progress(`round ${String(i + 1)}, tacet: ${JSON.stringify(tacet)}`);
    rounds.push({ tacet, anchor });
  }
  const [tacet, anchor] = (['tacet', 'anchor'] as const).map((name) => ({
    offline: medians(rounds.map((round) => round[name].offline)),
    relay: medians(rounds.map((round) => round[name].relay)),
  }));
  if (tacet === undefined || anchor === undefined) throw new Error('no rounds');
  const ratios = rounds.map(
    (round) => round.tacet.offline.accepted_per_s / round.anchor.offline.accepted_per_s,
  );
  return {
    relay: tacet.relay,
    offline: tacet.offline,
    anchor,
    accepted_per_s: tacet.offline.accepted_per_s,
    accepted_to_anchor: medians(ratios.map((ratio) => ({ ratio }))).ratio,
    cpu_us_per_msg: tacet.relay.cpu_us_per_msg,
    p50_ms: tacet.relay.p50_ms,
    p99_ms: tacet.relay.p99_ms,
    rss_mb: tacet.relay.rss_mb,
  };
}
