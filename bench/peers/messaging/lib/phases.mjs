// The measured phases. Every target gives connect(user) -> client with
//   send(to, Buffer) -> Promise   resolves when the SERVER has acknowledged acceptance
//   onmessage = (Buffer) => void  payload as delivered to the recipient
//   close() -> Promise            clean sign-off
// Payload = 1 KB opaque bytes; the first 12 carry (id u32, send time f64).
import { randomFillSync } from 'node:crypto';
import { cpuMs, rssKb } from './proc.mjs';
import { mapLimit, sleep, summary, round, withTimeout } from './stats.mjs';

const pool = Buffer.alloc(1 << 20);
randomFillSync(pool);
export function makePayload(id, size) {
  const off = (id * 7919) % (pool.length - size);
  const b = Buffer.from(pool.subarray(off, off + size));
  b.writeUInt32LE(id >>> 0, 0);
  b.writeDoubleLE(performance.now(), 4);
  return b;
}
export const readId = (b) => b.readUInt32LE(0);
const readT = (b) => b.readDoubleLE(4);

export async function connectMany(target, users, limit = 20) {
  return mapLimit(users, limit, (u) => withTimeout(target.connect(u), 30000, `connect ${u}`));
}
export async function closeAll(clients) {
  await mapLimit(clients, 50, (c) => Promise.race([c.close(), sleep(2000)]).catch(() => {}));
}

// (a) online relay: every user sends to its pair partner, and receives.
export async function relay(target, { n = 50, secs = 6, windowTotal = 64, rate = 200, size = 1024, users }) {
  const us = users.slice(0, n);
  const clients = await connectMany(target, us);
  const partner = (i) => us[(i + (n >> 1)) % n];
  let id = 0,
    delivered = 0,
    acked = 0,
    mode = 'sat',
    lat = [],
    waiters = new Map(),
    stop = false,
    errors = 0;
  clients.forEach((c) => {
    c.onmessage = (b) => {
      delivered++;
      const k = readId(b);
      const w = waiters.get(k);
      if (w) {
        waiters.delete(k);
        w();
      }
      if (mode === 'rate') lat.push(performance.now() - readT(b));
    };
  });
  const one = async (i) => {
    const k = ++id;
    const b = makePayload(k, size);
    const got = new Promise((r) => waiters.set(k, r));
    await withTimeout(
      Promise.all([
        clients[i].send(partner(i), b).then(() => {
          acked++;
        }),
        got,
      ]),
      15000,
      'relay msg',
    );
  };
  // warm-up
  await Promise.all(
    us.map((_, i) =>
      one(i).catch(() => {
        errors++;
      }),
    ),
  );
  // saturation: closed loop, windowTotal messages in flight over all users
  delivered = 0;
  acked = 0;
  const pids = target.pids();
  const c0 = cpuMs(pids),
    k0 = process.cpuUsage(),
    t0 = performance.now();
  await Promise.all(
    Array.from({ length: windowTotal }, async (_, w) => {
      let i = w % n;
      while (!stop && performance.now() - t0 < secs * 1000) {
        try {
          await one(i);
        } catch {
          errors++;
          if (errors > 20) stop = true;
        }
        i = (i + windowTotal) % n;
      }
    }),
  );
  const dt = performance.now() - t0;
  const c1 = cpuMs(pids),
    k1 = process.cpuUsage(k0);
  const sat = {
    msgs_s: delivered / (dt / 1000),
    srv_cpu_us_msg: ((c1 - c0) * 1000) / delivered,
    srv_cpu_pct: ((c1 - c0) / dt) * 100,
    cli_cpu_pct: ((k1.user + k1.system) / 1000 / dt) * 100,
    delivered,
    errors,
  };
  // fixed rate: open loop latency end to end
  mode = 'rate';
  lat = [];
  const t1 = performance.now();
  let sent = 0;
  const ps = [];
  while (performance.now() - t1 < secs * 1000) {
    const due = ((performance.now() - t1) / 1000) * rate;
    while (sent < due) {
      ps.push(
        one(sent % n).catch(() => {
          errors++;
        }),
      );
      sent++;
    }
    await sleep(2);
  }
  await Promise.all(ps);
  const l = summary(lat);
  await closeAll(clients);
  return {
    phase: 'relay',
    n,
    size,
    rate,
    msgs_s: round(sat.msgs_s, 0),
    srv_cpu_us_msg: round(sat.srv_cpu_us_msg, 1),
    srv_cpu_pct: round(sat.srv_cpu_pct, 0),
    cli_cpu_pct: round(sat.cli_cpu_pct, 0),
    p50_ms: round(l.p50, 2),
    p99_ms: round(l.p99, 2),
    lat_n: l.n,
    errors,
  };
}

// (b) offline store, then drain at log-in
export async function offline(
  target,
  { recipients = 50, each = 100, senders = 10, windowTotal = 32, size = 1024, users, drainTimeoutMs = 60000 },
) {
  const rs = users.slice(0, recipients),
    ss = users.slice(recipients, recipients + senders);
  // let recipients exist (some servers create the mailbox at first log-in), then sign off
  await closeAll(await connectMany(target, rs));
  await sleep(300);
  const sc = await connectMany(target, ss);
  const total = recipients * each;
  let next = 0,
    acked = 0;
  const lat = [];
  const pids = target.pids();
  const c0 = cpuMs(pids),
    t0 = performance.now();
  await Promise.all(
    Array.from({ length: windowTotal }, async (_, w) => {
      while (next < total) {
        const k = next++;
        const t = performance.now();
        await withTimeout(
          sc[w % sc.length].send(rs[k % recipients], makePayload(k + 1, size)),
          30000,
          'store ack',
        );
        lat.push(performance.now() - t);
        acked++;
      }
    }),
  );
  const storeMs = performance.now() - t0;
  const c1 = cpuMs(pids);
  await closeAll(sc);
  await sleep(300);
  const seen = new Set();
  let dup = 0;
  let done;
  const all = new Promise((r) => {
    done = r;
  });
  const d0 = performance.now(),
    e0 = cpuMs(pids);
  let last = d0;
  const rc = [];
  const p = Promise.all(
    rs.map(async (u) => {
      const c = await target.connect(u, (b) => {
        const k = readId(b);
        if (seen.has(k)) dup++;
        else seen.add(k);
        last = performance.now();
        if (seen.size >= total) done();
      });
      rc.push(c);
    }),
  );
  await withTimeout(Promise.all([p, all]), drainTimeoutMs, 'drain').catch(() => {});
  const drainMs = last - d0,
    e1 = cpuMs(pids);
  await sleep(200);
  await closeAll(rc);
  const l = summary(lat);
  return {
    phase: 'offline',
    recipients,
    each,
    size,
    acked,
    store_msgs_s: round(acked / (storeMs / 1000), 0),
    ack_p50_ms: round(l.p50, 2),
    ack_p99_ms: round(l.p99, 2),
    store_cpu_us_msg: round(((c1 - c0) * 1000) / acked, 1),
    drained: seen.size,
    dup,
    drain_ms: round(drainMs, 0),
    drain_msgs_s: round(seen.size / (drainMs / 1000), 0),
    drain_cpu_us_msg: round(((e1 - e0) * 1000) / Math.max(1, seen.size), 1),
  };
}

// (c) kill -9 under load to offline recipients; count acknowledged messages that are gone after restart
export async function crash(
  target,
  { recipients = 20, senders = 10, killAfterMs = 2500, windowTotal = 32, size = 1024, users },
) {
  const rs = users.slice(0, recipients),
    ss = users.slice(recipients, recipients + senders);
  await closeAll(await connectMany(target, rs));
  await sleep(300);
  const sc = await connectMany(target, ss);
  const ackedIds = new Set();
  let next = 0,
    dead = false;
  const sentIds = new Set();
  const loops = Array.from({ length: windowTotal }, async (_, w) => {
    while (!dead && next < 60000) {
      const k = ++next;
      sentIds.add(k);
      try {
        await withTimeout(sc[w % sc.length].send(rs[k % recipients], makePayload(k, size)), 8000, 'ack');
        ackedIds.add(k);
      } catch {
        return;
      }
    }
  });
  await sleep(killAfterMs);
  const sentAtKill = next;
  dead = true;
  await target.kill9();
  await sleep(50);
  const acked = new Set(ackedIds);
  sc.forEach((c) => {
    try {
      c.destroy();
    } catch {}
  });
  await Promise.race([Promise.all(loops), sleep(500)]);
  const r0 = performance.now();
  await target.restart();
  const restartMs = performance.now() - r0;
  const got = new Map();
  let lastAt = performance.now();
  const rc = await mapLimit(rs, 10, (u) =>
    withTimeout(
      target.connect(u, (b) => {
        const k = readId(b);
        got.set(k, (got.get(k) || 0) + 1);
        lastAt = performance.now();
      }),
      30000,
      'reconnect',
    ),
  );
  const w0 = performance.now();
  lastAt = w0;
  while (performance.now() - lastAt < 3000 && performance.now() - w0 < 60000) await sleep(100);
  await closeAll(rc);
  // second log-in, in case a store was still being repaired at the first one
  if ([...acked].some((k) => !got.has(k))) {
    await sleep(5000);
    const rc2 = await mapLimit(rs, 10, (u) =>
      withTimeout(
        target.connect(u, (b) => {
          const k = readId(b);
          got.set(k, (got.get(k) || 0) + 1);
          lastAt = performance.now();
        }),
        30000,
        'reconnect 2',
      ),
    );
    lastAt = performance.now();
    while (performance.now() - lastAt < 2000) await sleep(100);
    await closeAll(rc2);
  }
  let lost = 0;
  for (const k of acked) if (!got.has(k)) lost++;
  let dup = 0;
  for (const v of got.values()) if (v > 1) dup++;
  return {
    phase: 'crash',
    acked: acked.size,
    in_flight: sentAtKill - acked.size,
    recovered: got.size,
    acked_lost: lost,
    dup,
    restart_ms: round(restartMs, 0),
  };
}

// (d) memory per idle connection
export async function idle(target, { n = 2000, users, settleMs = 4000 }) {
  await sleep(1500);
  const pids0 = target.pids();
  const r0 = rssKb(pids0);
  const us = users.slice(0, n);
  const t0 = performance.now();
  const clients = await connectMany(target, us, 25);
  const connectMs = performance.now() - t0;
  await sleep(settleMs);
  const pids = target.pids();
  const r1 = rssKb(pids);
  const c0 = cpuMs(pids);
  await sleep(5000);
  const c1 = cpuMs(pids);
  await closeAll(clients);
  return {
    phase: 'idle',
    n,
    rss0_mb: round(r0 / 1024, 1),
    rss_mb: round(r1 / 1024, 1),
    kb_per_conn: round((r1 - r0) / n, 1),
    logins_s: round(n / (connectMs / 1000), 0),
    idle_cpu_pct: round(((c1 - c0) / 5000) * 100, 1),
  };
}

// (c2) count sync calls while storing for offline users: one message at a time (window 1), then 32 in flight. Needs strace.
export async function syncs(target, { recipients = 20, senders = 10, count = 300, size = 1024, users, dir }) {
  const { spawn } = await import('node:child_process');
  const { readFileSync } = await import('node:fs');
  const rs = users.slice(0, recipients),
    ss = users.slice(recipients, recipients + senders);
  await closeAll(await connectMany(target, rs));
  await sleep(500);
  const sc = await connectMany(target, ss);
  const res = { phase: 'syncs', count };
  let id = 0;
  for (const w of [1, 32]) {
    const file = `${dir}/strace-${w}`;
    const st = spawn(
      'strace',
      [
        '-f',
        '-qq',
        '-e',
        'trace=fsync,fdatasync,sync_file_range,msync,sync,syncfs',
        '-o',
        file,
        ...target.pids().flatMap((p) => ['-p', String(p)]),
      ],
      { stdio: 'ignore' },
    );
    await sleep(1500);
    let next = 0;
    const t0 = performance.now();
    await Promise.all(
      Array.from({ length: w }, async (_, j) => {
        while (next < count) {
          const k = next++;
          await withTimeout(
            sc[(k + j) % sc.length].send(rs[k % recipients], makePayload(++id, size)),
            20000,
            'ack',
          );
        }
      }),
    );
    res[`ms_w${w}`] = round(performance.now() - t0, 0);
    st.kill('SIGINT');
    await new Promise((r) => {
      st.once('exit', r);
      setTimeout(r, 3000);
    });
    let t = '';
    try {
      t = readFileSync(file, 'utf8');
    } catch {}
    const n = t
      .split('\n')
      .filter((l) => /(fsync|fdatasync|sync_file_range|msync|sync|syncfs)\(/.test(l)).length;
    res[`syncs_w${w}`] = n;
    res[`per_msg_w${w}`] = round(n / count, 3);
  }
  await closeAll(sc);
  return res;
}
