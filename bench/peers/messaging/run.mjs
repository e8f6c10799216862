#!/usr/bin/env node
// node run.mjs --target prosody --variant internal --phases startup,relay,offline,crash,idle --reps 3 --n 50,500
import { mkdirSync, rmSync, appendFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { relay, offline, crash, idle, syncs } from './lib/phases.mjs';
import { rssKb } from './lib/proc.mjs';
import { sleep, round, medMinMax } from './lib/stats.mjs';

const { values: o } = parseArgs({
  options: {
    target: { type: 'string' },
    variant: { type: 'string', default: '' },
    phases: { type: 'string', default: 'startup,relay,offline,crash,idle' },
    reps: { type: 'string', default: '3' },
    n: { type: 'string', default: '50,500' },
    secs: { type: 'string', default: '6' },
    rate: { type: 'string', default: '200' },
    idle: { type: 'string', default: '2000' },
    size: { type: 'string', default: '1024' },
    port: { type: 'string', default: '18080' },
    window: { type: 'string', default: '64' },
    out: { type: 'string', default: 'results.jsonl' },
    work: { type: 'string', default: '' },
    each: { type: 'string', default: '100' },
    pin: { type: 'string' },
  },
});
const modPath = o.target.includes('/')
  ? path.resolve(o.target)
  : new URL(`./targets/${o.target}.mjs`, import.meta.url).pathname;
const { default: make } = await import(pathToFileURL(modPath));
const base = path.join(o.work || tmpdir(), `bench-messaging-${process.pid}`);
const maxUsers = Math.max(Number(o.idle), ...o.n.split(',').map(Number), 100);
const users = Array.from({ length: maxUsers }, (_, i) => `u${i}`);
const hard = setTimeout(
  () => {
    console.error('hard stop: 15 min');
    cleanup().finally(() => process.exit(3));
  },
  15 * 60 * 1000,
);
hard.unref();
let target;
async function cleanup() {
  try {
    await target?.stop();
  } catch {}
  try {
    rmSync(base, { recursive: true, force: true });
  } catch {}
}
process.on('SIGINT', () => cleanup().finally(() => process.exit(1)));
process.on('SIGTERM', () => cleanup().finally(() => process.exit(1)));
process.on('unhandledRejection', (e) => console.error('unhandled', e?.message || e));

const rows = [];
const rec = (r) => {
  const row = { target: o.target, variant: o.variant, ...r };
  rows.push(row);
  console.log(JSON.stringify(row));
  appendFileSync(o.out, JSON.stringify(row) + '\n');
};
let k = 0;
async function fresh(nusers) {
  await target?.stop();
  const dir = path.join(base, String(k++));
  mkdirSync(dir, { recursive: true });
  target = await make({
    dir,
    port: Number(o.port) + (k % 50),
    variant: o.variant,
    users: users.slice(0, nusers),
    pin: o.pin,
  });
  const t0 = performance.now();
  await target.start();
  const readyMs = performance.now() - t0;
  return readyMs;
}
const phases = o.phases.split(',');
const reps = Number(o.reps);
for (let r = 0; r < reps; r++) {
  for (const ph of phases) {
    try {
      if (ph === 'startup') {
        const ms = await fresh(10);
        await sleep(2500);
        rec({
          phase: 'startup',
          rep: r,
          ready_ms: round(ms, 0),
          idle_rss_mb: round(rssKb(target.pids()) / 1024, 1),
          procs: target.pids().length,
        });
      } else if (ph === 'relay')
        for (const n of o.n.split(',').map(Number)) {
          await fresh(n);
          await target.provision?.(users.slice(0, n));
          rec({
            rep: r,
            ...(await relay(target, {
              n,
              secs: Number(o.secs),
              rate: Number(o.rate),
              size: Number(o.size),
              windowTotal: Number(o.window),
              users,
            })),
          });
        }
      else if (ph === 'offline') {
        await fresh(60);
        await target.provision?.(users.slice(0, 60));
        rec({ rep: r, ...(await offline(target, { users, each: Number(o.each), size: Number(o.size) })) });
      } else if (ph === 'crash') {
        await fresh(60);
        await target.provision?.(users.slice(0, 60));
        rec({ rep: r, ...(await crash(target, { users, size: Number(o.size) })) });
      } else if (ph === 'idle') {
        const n = Number(o.idle);
        await fresh(n);
        await target.provision?.(users.slice(0, n));
        rec({ rep: r, ...(await idle(target, { n, users })) });
      } else if (ph === 'syncs') {
        await fresh(60);
        await target.provision?.(users.slice(0, 60));
        rec({ rep: r, ...(await syncs(target, { users, size: Number(o.size), dir: target.dir })) });
      } else console.error('unknown phase', ph);
    } catch (e) {
      rec({ phase: ph, rep: r, error: String(e?.stack || e).slice(0, 400) });
    }
  }
}
await cleanup();
// medians
const groups = {};
for (const r of rows)
  if (!r.error) (groups[`${r.phase}${r.phase === 'relay' ? ':' + r.n : ''}`] ??= []).push(r);
for (const [g, rs] of Object.entries(groups)) {
  const keys = Object.keys(rs[0]).filter(
    (x) => typeof rs[0][x] === 'number' && !['rep', 'n', 'size', 'rate'].includes(x),
  );
  console.log(
    `# ${o.target}/${o.variant} ${g}: ` +
      keys
        .map((x) => {
          const m = medMinMax(
            rs.map((q) => q[x]),
            2,
          );
          return m ? `${x}=${m.median} [${m.min}-${m.max}]` : '';
        })
        .join('  '),
  );
}
process.exit(0);
