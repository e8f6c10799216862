// Minimal Redis Streams mailbox client over TCP (RESP2): XADD to s:<user>, XREADGROUP BLOCK on own stream, XACK+XDEL after delivery.
import net from 'node:net';
const cmd = (...a) => {
  const p = [Buffer.from(`*${a.length}\r\n`)];
  for (const x of a) {
    const b = Buffer.isBuffer(x) ? x : Buffer.from(String(x));
    p.push(Buffer.from(`$${b.length}\r\n`), b, Buffer.from('\r\n'));
  }
  return Buffer.concat(p);
};
function parser(onReply) {
  let acc = Buffer.alloc(0);
  const parse = (o) => {
    // returns [value, next] or null
    const e = acc.indexOf('\r\n', o);
    if (e < 0) return null;
    const t = acc[o],
      l = acc.toString('latin1', o + 1, e);
    if (t === 43) return [l, e + 2];
    if (t === 45) return [new Error(l), e + 2];
    if (t === 58) return [Number(l), e + 2];
    if (t === 36) {
      const n = Number(l);
      if (n < 0) return [null, e + 2];
      if (acc.length < e + 4 + n) return null;
      return [Buffer.from(acc.subarray(e + 2, e + 2 + n)), e + 4 + n];
    }
    if (t === 42) {
      const n = Number(l);
      if (n < 0) return [null, e + 2];
      let p = e + 2;
      const a = [];
      for (let i = 0; i < n; i++) {
        const r = parse(p);
        if (!r) return null;
        a.push(r[0]);
        p = r[1];
      }
      return [a, p];
    }
    throw new Error('resp ' + t);
  };
  return (d) => {
    acc = acc.length ? Buffer.concat([acc, d]) : d;
    for (;;) {
      if (!acc.length) return;
      const r = parse(0);
      if (!r) return;
      acc = acc.subarray(r[1]);
      onReply(r[0]);
    }
  };
}
function conn(port) {
  return new Promise((res, rej) => {
    const s = net.connect(port, '127.0.0.1');
    s.setNoDelay(true);
    const q = [];
    let closed = false;
    s.on(
      'data',
      parser((v) => {
        const w = q.shift();
        if (w) v instanceof Error ? w.rej(v) : w.res(v);
      }),
    );
    const fail = (e) => {
      closed = true;
      rej(e);
      for (const w of q) w.rej(e);
      q.length = 0;
    };
    s.on('error', fail);
    s.on('close', () => fail(new Error('closed')));
    s.on('connect', () =>
      res({
        call: (...a) =>
          new Promise((r2, j2) => {
            if (closed) return j2(new Error('closed'));
            q.push({ res: r2, rej: j2 });
            s.write(cmd(...a));
          }),
        raw: (b) => {
          q.push({ res() {}, rej() {} });
          s.write(b);
        },
        end: () => s.end(),
        destroy: () => s.destroy(),
      }),
    );
  });
}
export async function connectRedis({ port, user, onmessage }) {
  const c = { onmessage: onmessage || (() => {}), user };
  const w = await conn(port),
    r = await conn(port);
  let stop = false;
  try {
    await w.call('XGROUP', 'CREATE', `s:${user}`, 'g', '0', 'MKSTREAM');
  } catch (e) {
    if (!/BUSYGROUP/.test(e.message)) throw e;
  }
  (async () => {
    let cursor = '0'; // first own pending, then new
    while (!stop) {
      const v = await r.call(
        'XREADGROUP',
        'GROUP',
        'g',
        'c',
        'COUNT',
        '100',
        ...(cursor === '>' ? ['BLOCK', '0'] : []),
        'STREAMS',
        `s:${user}`,
        cursor,
      );
      const items = v?.[0]?.[1] || [];
      if (!items.length && cursor === '0') {
        cursor = '>';
        continue;
      }
      const ids = [];
      for (const [id, kv] of items) {
        ids.push(id);
        if (kv) c.onmessage(kv[1]);
      }
      if (ids.length) {
        w.call('XACK', `s:${user}`, 'g', ...ids).catch(() => {});
        w.call('XDEL', `s:${user}`, ...ids).catch(() => {});
      }
      if (cursor === '0') cursor = '>';
    }
  })().catch(() => {});
  c.send = (to, buf) => w.call('XADD', `s:${to}`, '*', 'd', buf);
  c.close = async () => {
    stop = true;
    w.end();
    r.destroy();
    await new Promise((x) => setTimeout(x, 10));
  };
  c.destroy = () => {
    stop = true;
    w.destroy();
    r.destroy();
  };
  return c;
}
