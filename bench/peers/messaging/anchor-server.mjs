// Limit anchor: the smallest Node `ws` + better-sqlite3(WAL) mailbox server. Not the product: it marks what this stack can reach.
// MODE: relay  = no storage, ack at once, drop for offline users
//       full   = one transaction per message, synchronous=FULL, ack after commit
//       group  = messages of one short tick share a transaction, synchronous=FULL, ack after commit
//       normal = as full, but synchronous=NORMAL (no fsync per commit)
import { createServer } from 'node:http';
import { WebSocketServer } from 'ws';
import Database from 'better-sqlite3';
const MODE = process.env.MODE || 'group',
  PORT = Number(process.env.PORT || 18080),
  DIR = process.env.DIR || '.',
  TICK = Number(process.env.TICK_MS || 0),
  RETAIN = process.env.RETAIN === '1';
let db, ins, del, sel;
if (MODE !== 'relay') {
  db = new Database(`${DIR}/anchor.db`);
  db.pragma('journal_mode=WAL');
  db.pragma(`synchronous=${MODE === 'normal' ? 'NORMAL' : 'FULL'}`);
  db.exec(
    'CREATE TABLE IF NOT EXISTS m(id INTEGER PRIMARY KEY, u TEXT NOT NULL, d BLOB NOT NULL); CREATE INDEX IF NOT EXISTS mu ON m(u,id)',
  );
  ins = db.prepare('INSERT INTO m(u,d) VALUES(?,?)');
  del = db.prepare('DELETE FROM m WHERE id=?');
  sel = db.prepare('SELECT id,d FROM m WHERE u=? ORDER BY id LIMIT 200');
}
const online = new Map();
let q = [],
  dels = [],
  sched = false;
function flush() {
  sched = false;
  const batch = q,
    dd = dels;
  q = [];
  dels = [];
  if (!batch.length && !dd.length) return;
  db.exec('BEGIN IMMEDIATE');
  for (const b of batch) b.id = Number(ins.run(b.to, b.body).lastInsertRowid);
  for (const id of dd) del.run(id);
  db.exec('COMMIT');
  for (const b of batch) {
    ack(b.ws, b.req);
    push(b.to, b.id, b.body);
  }
}
const schedule = () => {
  if (!sched) {
    sched = true;
    TICK ? setTimeout(flush, TICK) : setImmediate(flush);
  }
};
function ack(ws, req) {
  const a = Buffer.alloc(5);
  a[0] = 0x81;
  a.writeUInt32LE(req, 1);
  ws.send(a);
}
function push(to, id, body) {
  const w = online.get(to);
  if (!w) return;
  const f = Buffer.allocUnsafe(5 + body.length);
  f[0] = 2;
  f.writeUInt32LE(id >>> 0, 1);
  body.copy(f, 5);
  w.send(f);
}
let rid = 0;
const srv = createServer((_, r) => r.end('ok'));
const wss = new WebSocketServer({ server: srv, perMessageDeflate: false });
wss.on('connection', (ws, req) => {
  const u = new URL(req.url, 'http://x').searchParams.get('u');
  online.set(u, ws);
  ws.on('close', () => {
    if (online.get(u) === ws) online.delete(u);
  });
  ws.on('error', () => {});
  ws.on('message', (d) => {
    if (d[0] === 1) {
      const r = d.readUInt32LE(1),
        tl = d[5],
        to = d.latin1Slice(6, 6 + tl),
        body = d.subarray(6 + tl);
      if (MODE === 'relay') {
        ack(ws, r);
        push(to, ++rid, body);
      } else if (MODE === 'group') {
        q.push({ ws, req: r, to, body });
        schedule();
      } else {
        const id = Number(ins.run(to, body).lastInsertRowid);
        ack(ws, r);
        push(to, id, body);
      }
    } else if (d[0] === 0x82 && MODE !== 'relay' && !RETAIN) {
      const id = d.readUInt32LE(1);
      if (MODE === 'group') {
        dels.push(id);
        if (dels.length > 500) schedule();
        else if (!sched && dels.length === 1) setTimeout(schedule, 50);
      } else if (MODE !== 'relay') del.run(id);
    }
  });
  if (sel) {
    let after = sel.all(u);
    for (const m of after) push(u, m.id, m.d);
    if (after.length === 200) drainMore(u, after[199].id);
  }
});
const selAfter = db?.prepare('SELECT id,d FROM m WHERE u=? AND id>? ORDER BY id LIMIT 200');
function drainMore(u, after) {
  setImmediate(() => {
    if (!online.has(u)) return;
    const r = selAfter.all(u, after);
    for (const m of r) push(u, m.id, m.d);
    if (r.length === 200) drainMore(u, r[199].id);
  });
}
srv.listen(PORT, '127.0.0.1', 4096);
