// Process helpers: start a server, read RSS / CPU time of it and its children, end it by pid.
import { spawn } from 'node:child_process';
import { readFileSync, readdirSync, openSync } from 'node:fs';
import net from 'node:net';
import { sleep } from './stats.mjs';

const TICK_MS = 10; // USER_HZ = 100 on Linux

export function startProc(cmd, args, { cwd, env, log, pin } = {}) {
  const out = log ? openSync(log, 'a') : 'ignore';
  const c = pin != null ? ['taskset', ['-c', String(pin), cmd, ...args]] : [cmd, args];
  const p = spawn(c[0], c[1], {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['ignore', out, out],
    detached: false,
  });
  p.exited = new Promise((r) => p.once('exit', (code, sig) => r({ code, sig })));
  p.on('error', (e) => console.error('spawn', cmd, e.message));
  return p;
}
export function childrenOf(pid) {
  const all = [];
  for (const d of readdirSync('/proc')) {
    if (!/^\d+$/.test(d)) continue;
    try {
      const st = readFileSync(`/proc/${d}/stat`, 'utf8');
      all.push([Number(d), Number(st.slice(st.lastIndexOf(')') + 2).split(' ')[1])]);
    } catch {}
  }
  const res = [pid];
  for (let i = 0; i < res.length; i++) for (const [p, pp] of all) if (pp === res[i]) res.push(p);
  return res;
}
export function rssKb(pids) {
  let t = 0;
  for (const pid of pids) {
    try {
      const m = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
      if (m) t += Number(m[1]);
    } catch {}
  }
  return t;
}
export function cpuMs(pids) {
  let t = 0;
  for (const pid of pids) {
    try {
      const st = readFileSync(`/proc/${pid}/stat`, 'utf8');
      const f = st.slice(st.lastIndexOf(')') + 2).split(' ');
      t += (Number(f[11]) + Number(f[12])) * TICK_MS;
    } catch {}
  }
  return t;
}
export function tcpOpen(port) {
  return new Promise((r) => {
    const s = net.connect(port, '127.0.0.1');
    s.once('connect', () => {
      s.destroy();
      r(true);
    });
    s.once('error', () => r(false));
  });
}
export async function waitTcp(port, ms = 30000) {
  const t0 = performance.now();
  while (performance.now() - t0 < ms) {
    if (await tcpOpen(port)) return performance.now() - t0;
    await sleep(10);
  }
  throw new Error(`port ${port} not open after ${ms} ms`);
}
export async function killTree(p, sig = 'SIGTERM') {
  if (!p || p.exitCode != null || p.signalCode != null) return;
  const pids = childrenOf(p.pid).reverse();
  for (const x of pids) {
    try {
      process.kill(x, sig);
    } catch {}
  }
  const done = await Promise.race([
    p.exited.then(() => true),
    sleep(sig === 'SIGKILL' ? 3000 : 10000).then(() => false),
  ]);
  if (!done)
    for (const x of pids) {
      try {
        process.kill(x, 'SIGKILL');
      } catch {}
    }
  await Promise.race([p.exited, sleep(3000)]);
}
