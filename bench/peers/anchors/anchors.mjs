#!/usr/bin/env node
// node anchors.mjs [--only fsync,sqlite,ws,http,upload] [--reps 5] [--secs 3] [--out anchors.jsonl]
import {
  mkdtempSync,
  rmSync,
  openSync,
  writeSync,
  fsyncSync,
  fdatasyncSync,
  closeSync,
  createWriteStream,
  appendFileSync,
  statSync,
} from 'node:fs';
import { createHash, randomBytes } from 'node:crypto';
import { fork } from 'node:child_process';
import { pipeline } from 'node:stream/promises';
import { Readable, Transform } from 'node:stream';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import path from 'node:path';
import http from 'node:http';
import { parseArgs } from 'node:util';

const { values: o } = parseArgs({
  options: {
    only: { type: 'string', default: 'fsync,sqlite,ws,http,upload' },
    reps: { type: 'string', default: '5' },
    secs: { type: 'string', default: '3' },
    out: { type: 'string', default: '' },
    work: { type: 'string', default: '' },
    child: { type: 'string', default: '' },
    mb: { type: 'string', default: '256' },
  },
});
const reps = Number(o.reps),
  secs = Number(o.secs),
  MB = Number(o.mb);
const rows = {};
const add = (k, v, unit) => {
  (rows[k] ??= { unit, xs: [] }).xs.push(v);
};
const report = () => {
  for (const [k, { unit, xs }] of Object.entries(rows)) {
    const s = [...xs].sort((a, b) => a - b);
    const m = s.length % 2 ? s[s.length >> 1] : (s[s.length / 2 - 1] + s[s.length / 2]) / 2;
    const r = (x) => (x >= 100 ? Math.round(x) : Math.round(x * 100) / 100);
    const row = { k, unit, median: r(m), min: r(s[0]), max: r(s.at(-1)), n: s.length };
    console.log(JSON.stringify(row));
    if (o.out) appendFileSync(o.out, JSON.stringify(row) + '\n');
  }
};

// ---------- child servers (own process, so client and server do not share an event loop) ----------
if (o.child) {
  const done = (port) => process.send({ port });
  process.on('message', (m) => {
    if (m === 'stop') process.exit(0);
    if (m === 'cpu') process.send({ cpu: process.cpuUsage() });
  });
  if (o.child === 'ws') {
    const { WebSocketServer } = await import('ws');
    const w = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false }, () =>
      done(w.address().port),
    );
    w.on('connection', (s) => {
      s.on('message', (d, b) => s.send(d, { binary: b }));
      s.on('error', () => {});
    });
  } else if (o.child === 'http') {
    const { default: Fastify } = await import('fastify');
    const f = Fastify({ logger: false });
    f.get('/', async () => ({ hello: 'world' }));
    await f.listen({ port: 0, host: '127.0.0.1' });
    done(f.server.address().port);
  } else if (o.child === 'rawhttp') {
    const s = http.createServer((q, r) => {
      r.setHeader('content-type', 'application/json');
      r.end('{"hello":"world"}');
    });
    s.listen(0, '127.0.0.1', () => done(s.address().port));
  } else if (o.child === 'upload') {
    const { default: Fastify } = await import('fastify');
    const { default: multipart } = await import('@fastify/multipart');
    const dir = o.work;
    const f = Fastify({ logger: false, bodyLimit: 4e9 });
    await f.register(multipart, { limits: { fileSize: 4e9 } });
    f.addContentTypeParser('application/octet-stream', (q, p, d) => d(null, p));
    const sink = async (src, hash, sync) => {
      const file = path.join(dir, 'up-' + randomBytes(6).toString('hex'));
      const h = hash ? createHash('sha256') : null;
      let n = 0;
      const tap = new Transform({
        transform(c, e, cb) {
          n += c.length;
          h?.update(c);
          cb(null, c);
        },
      });
      await pipeline(src, tap, createWriteStream(file, { highWaterMark: 1 << 20 }));
      if (sync) {
        const fd = openSync(file, 'r+');
        fsyncSync(fd);
        closeSync(fd);
      }
      const size = statSync(file).size;
      rmSync(file);
      return { n, size, sha: h?.digest('hex') };
    };
    f.post('/multipart', async (q) => {
      const p = await q.file();
      return sink(p.file, true, true);
    });
    f.post('/raw', async (q) => sink(q.body, true, true));
    f.post('/raw-nohash', async (q) => sink(q.body, false, false));
    f.put('/chunk/:i', async (q) => sink(q.body, true, true));
    await f.listen({ port: 0, host: '127.0.0.1' });
    done(f.server.address().port);
  }
} else {
  const work = mkdtempSync(path.join(o.work || tmpdir(), 'bench-anchors-'));
  const self = fileURLToPath(import.meta.url);
  const child = (name) =>
    new Promise((res, rej) => {
      const p = fork(self, ['--child', name, '--work', work], { stdio: 'inherit' });
      p.once('message', (m) =>
        res({
          p,
          port: m.port,
          stop: () =>
            new Promise((r) => {
              p.once('exit', r);
              p.send('stop');
            }),
          cpu: () =>
            new Promise((r) => {
              p.once('message', (x) => r(x.cpu));
              p.send('cpu');
            }),
        }),
      );
      p.once('error', rej);
    });
  const want = o.only.split(',');
  const until = (ms) => {
    const t0 = performance.now();
    return () => performance.now() - t0 < ms;
  };
  try {
    for (let rep = 0; rep < reps; rep++) {
      if (want.includes('fsync')) {
        for (const [name, fn] of [
          ['fsync', fsyncSync],
          ['fdatasync', fdatasyncSync],
        ]) {
          const fd = openSync(path.join(work, 'f'), 'w');
          const b = randomBytes(1024);
          let n = 0;
          const t0 = performance.now();
          const go = until(secs * 500);
          while (go()) {
            writeSync(fd, b);
            fn(fd);
            n++;
          }
          add(`disk: append 1 KB + ${name}`, n / ((performance.now() - t0) / 1000), 'ops/s');
          closeSync(fd);
        }
        const fd = openSync(path.join(work, 'f4'), 'w');
        const z = Buffer.alloc(4 << 20);
        for (let i = 0; i < 4; i++) writeSync(fd, z);
        fsyncSync(fd);
        const b = randomBytes(4096);
        let n = 0;
        const t0 = performance.now();
        const go = until(secs * 500);
        while (go()) {
          writeSync(fd, b, 0, 4096, (n % 4096) * 4096);
          fdatasyncSync(fd);
          n++;
        }
        add('disk: overwrite 4 KB in place + fdatasync', n / ((performance.now() - t0) / 1000), 'ops/s');
        closeSync(fd);
      }
      if (want.includes('sqlite')) {
        const { default: Database } = await import('better-sqlite3');
        for (const [sync, batch] of [
          ['FULL', 1],
          ['FULL', 10],
          ['FULL', 100],
          ['NORMAL', 1],
          ['NORMAL', 10],
          ['NORMAL', 100],
          ['OFF', 1],
        ]) {
          const f = path.join(work, `s-${sync}-${batch}.db`);
          const db = new Database(f);
          db.pragma('journal_mode=WAL');
          db.pragma(`synchronous=${sync}`);
          db.exec(
            'CREATE TABLE m(id INTEGER PRIMARY KEY, dev INTEGER NOT NULL, ts INTEGER NOT NULL, d BLOB NOT NULL); CREATE INDEX mi ON m(dev,id)',
          );
          const ins = db.prepare('INSERT INTO m(dev,ts,d) VALUES(?,?,?)');
          const b = randomBytes(1024);
          let n = 0;
          const lat = [];
          const one = db.transaction((k) => {
            for (let i = 0; i < k; i++) ins.run((n + i) % 500, Date.now(), b);
          });
          const t0 = performance.now();
          const go = until(secs * 1000);
          while (go() && n < 400000) {
            const q = performance.now();
            one(batch);
            lat.push(performance.now() - q);
            n += batch;
          }
          const dt = (performance.now() - t0) / 1000;
          lat.sort((a, c) => a - c);
          add(`sqlite WAL ${sync}, 1 KB rows, ${batch}/tx: rows`, n / dt, 'rows/s');
          add(`sqlite WAL ${sync}, ${batch}/tx: commit p50`, lat[lat.length >> 1], 'ms');
          add(`sqlite WAL ${sync}, ${batch}/tx: commit p99`, lat[Math.floor(lat.length * 0.99)], 'ms');
          db.close();
          for (const e of ['', '-wal', '-shm']) rmSync(f + e, { force: true });
        }
      }
      if (want.includes('ws')) {
        const { default: WebSocket } = await import('ws');
        const s = await child('ws');
        for (const n of [50, 500]) {
          const cs = await Promise.all(
            Array.from(
              { length: n },
              () =>
                new Promise((r, j) => {
                  const w = new WebSocket(`ws://127.0.0.1:${s.port}`, { perMessageDeflate: false });
                  w.on('open', () => r(w));
                  w.on('error', j);
                }),
            ),
          );
          const b = randomBytes(1024);
          let k = 0,
            on = true;
          const per = Math.max(1, Math.round(64 / n));
          const active = cs.slice(0, 64);
          active.forEach((w) => {
            w.on('message', () => {
              k++;
              if (on) w.send(b);
            });
            for (let i = 0; i < per; i++) w.send(b);
          });
          const c0 = await s.cpu(),
            t0 = performance.now();
          const k0 = k;
          await new Promise((r) => setTimeout(r, secs * 1000));
          const k1 = k - k0;
          const dt = (performance.now() - t0) / 1000;
          const c1 = await s.cpu();
          on = false;
          add(`ws echo 1 KB, ${n} conns (${active.length} active): round trips`, k1 / dt, '/s');
          add(
            `ws echo 1 KB, ${n} conns: server CPU`,
            (c1.user + c1.system - (c0.user + c0.system)) / k1,
            'us/msg',
          );
          await Promise.all(
            cs.map(
              (w) =>
                new Promise((r) => {
                  w.once('close', r);
                  w.close();
                  setTimeout(r, 500);
                }),
            ),
          );
        }
        await s.stop();
      }
      if (want.includes('http')) {
        const { default: autocannon } = await import('autocannon');
        for (const name of ['http', 'rawhttp']) {
          const s = await child(name);
          const c0 = await s.cpu();
          const r = await autocannon({
            url: `http://127.0.0.1:${s.port}/`,
            connections: 50,
            duration: secs,
            pipelining: 1,
          });
          const c1 = await s.cpu();
          add(`${name === 'http' ? 'Fastify' : 'node:http'} hello, 50 conns`, r.requests.average, 'req/s');
          add(`${name === 'http' ? 'Fastify' : 'node:http'} hello: p99`, r.latency.p99, 'ms');
          add(
            `${name === 'http' ? 'Fastify' : 'node:http'} hello: server CPU`,
            (c1.user + c1.system - (c0.user + c0.system)) / r.requests.total,
            'us/req',
          );
          await s.stop();
        }
      }
      if (want.includes('upload')) {
        const s = await child('upload');
        const block = randomBytes(1 << 20);
        const total = MB;
        const src = (n) =>
          Readable.from(
            (function* () {
              for (let i = 0; i < n; i++) yield block;
            })(),
            { objectMode: false, highWaterMark: 1 << 20 },
          );
        const post = (p, headers, body, method = 'POST', want_n = 0) =>
          new Promise((res, rej) => {
            const q = http.request(
              { host: '127.0.0.1', port: s.port, path: p, method, headers, agent: ag },
              (r) => {
                let t = '';
                r.on('data', (d) => {
                  t += d;
                });
                r.on('end', () =>
                  r.statusCode < 300 &&
                  JSON.parse(t).n === JSON.parse(t).size &&
                  (!want_n || JSON.parse(t).n === want_n)
                    ? res(t)
                    : rej(new Error(r.statusCode + t.slice(0, 200))),
                );
              },
            );
            q.on('error', rej);
            if (Buffer.isBuffer(body)) q.end(body);
            else pipeline(body, q).catch(rej);
          });
        const ag = new http.Agent({ keepAlive: true, maxSockets: 8 });
        const h = createHash('sha256');
        let t = performance.now();
        for (let i = 0; i < 256; i++) h.update(block);
        h.digest();
        add('sha256 in Node, 1 MiB blocks', 256 / ((performance.now() - t) / 1000), 'MiB/s');
        t = performance.now();
        await post(
          '/raw-nohash',
          { 'content-type': 'application/octet-stream', 'content-length': total << 20 },
          src(total),
          'POST',
          total << 20,
        );
        add(
          'upload raw stream -> disk, no hash, no fsync',
          total / ((performance.now() - t) / 1000),
          'MiB/s',
        );
        t = performance.now();
        await post(
          '/raw',
          { 'content-type': 'application/octet-stream', 'content-length': total << 20 },
          src(total),
          'POST',
          total << 20,
        );
        add('upload raw stream -> disk + sha256 + fsync', total / ((performance.now() - t) / 1000), 'MiB/s');
        const bd = 'xxBOUNDARYxx';
        const head = Buffer.from(
            `--${bd}\r\nContent-Disposition: form-data; name="f"; filename="f.bin"\r\nContent-Type: application/octet-stream\r\n\r\n`,
          ),
          tail = Buffer.from(`\r\n--${bd}--\r\n`);
        const mp = Readable.from(
          (function* () {
            yield head;
            for (let i = 0; i < total; i++) yield block;
            yield tail;
          })(),
          { objectMode: false },
        );
        t = performance.now();
        await post(
          '/multipart',
          {
            'content-type': `multipart/form-data; boundary=${bd}`,
            'content-length': head.length + (total << 20) + tail.length,
          },
          mp,
          'POST',
          total << 20,
        );
        add(
          'upload @fastify/multipart -> disk + sha256 + fsync',
          total / ((performance.now() - t) / 1000),
          'MiB/s',
        );
        for (const [cs, par] of [
          [1, 1],
          [1, 4],
          [4, 1],
          [4, 4],
        ]) {
          const chunk = Buffer.concat(Array.from({ length: cs }, () => block));
          const n = Math.min(total, 128) / cs;
          let i = 0;
          t = performance.now();
          await Promise.all(
            Array.from({ length: par }, async () => {
              while (i < n)
                await post(
                  `/chunk/${i++}`,
                  { 'content-type': 'application/octet-stream', 'content-length': chunk.length },
                  chunk,
                  'PUT',
                  chunk.length,
                );
            }),
          );
          add(
            `upload ${cs} MiB chunks x${par} in parallel, each sha256 + fsync`,
            (n * cs) / ((performance.now() - t) / 1000),
            'MiB/s',
          );
        }
        ag.destroy();
        await s?.stop();
      }
    }
    report();
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  process.exit(0);
}
