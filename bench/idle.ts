/**
 * `bench idle`: what 2,000 signed-in sockets that say nothing cost the server process. `bytes_per_socket`: growth of resident memory or of
 * live objects after a collection, whichever is more, so that memory which was free before the sockets came does not flatter it.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cpuMicroseconds, residentBytes } from './messaging/process-figures.ts';
import { Inspector } from './messaging/inspector.ts';
import { startTacet } from './messaging/tacet.ts';

const SOCKETS = Number(process.env['TACET_BENCH_SOCKETS'] ?? '2000');
/** Sockets opened at a time. */
const TOGETHER = 25;
/** How long the idle server is watched. */
const WATCH_MS = 3_000;

/** Runs the benchmark. */
export async function run(progress: (line: string) => void): Promise<Record<string, unknown>> {
  const folder = mkdtempSync(join(tmpdir(), 'tacet-bench-'));
  const target = await startTacet(folder, SOCKETS, ['--inspect=127.0.0.1:0']);
  try {
    progress(`${String(SOCKETS)} accounts signed up`);
    const inspector = await Inspector.open(target.server.output());
    const before = { live: await inspector.liveBytes(), resident: residentBytes(target.pid) };
    const from = performance.now();
    for (let user = 0; user < SOCKETS; user += TOGETHER) {
      const users = Array.from({ length: Math.min(TOGETHER, SOCKETS - user) }, (_, i) => user + i);
      await Promise.all(users.map((one) => target.openReceiver(one, () => undefined)));
    }
    const signInsPerS = (SOCKETS / (performance.now() - from)) * 1000;
    progress('all sockets signed in');
    const after = { live: await inspector.liveBytes(), resident: residentBytes(target.pid) };
    const cpu = cpuMicroseconds(target.pid);
    await new Promise((resolve) => setTimeout(resolve, WATCH_MS));
    const idleCpu = (cpuMicroseconds(target.pid) - cpu) / WATCH_MS / 10;
    inspector.close();
    const resident = Math.round((after.resident - before.resident) / SOCKETS);
    const live = Math.round((after.live - before.live) / SOCKETS);
    return {
      sockets: SOCKETS,
      bytes_per_socket: Math.max(resident, live),
      resident_bytes_per_socket: resident,
      live_bytes_per_socket: live,
      rss_mb: Math.round(after.resident / 1e6),
      rss_mb_before: Math.round(before.resident / 1e6),
      sign_ins_per_s: Math.round(signInsPerS),
      idle_cpu_percent: Number(idleCpu.toFixed(1)),
    };
  } finally {
    await target.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}
