// Minimal MQTT 3.1.1 client (QoS 1, persistent session) over WebSocket or TCP.
import WebSocket from 'ws';
import net from 'node:net';

const str = (s) => {
  const b = Buffer.from(s);
  const l = Buffer.alloc(2);
  l.writeUInt16BE(b.length);
  return Buffer.concat([l, b]);
};
const varlen = (n) => {
  const o = [];
  do {
    let d = n & 127;
    n >>= 7;
    if (n) d |= 128;
    o.push(d);
  } while (n);
  return Buffer.from(o);
};
const packet = (h, ...parts) => {
  const body = Buffer.concat(parts);
  return Buffer.concat([Buffer.from([h]), varlen(body.length), body]);
};
const u16 = (n) => Buffer.from([n >> 8, n & 255]);

export async function connectMqtt({ url, tcpPort, user, username, password, subscribe = true, onmessage }) {
  const c = { onmessage: onmessage || (() => {}), user };
  let write,
    end,
    kill,
    closed = false,
    mid = 0;
  const waiting = new Map();
  let onConn, onSub, failConn;
  const failAll = (e) => {
    closed = true;
    failConn?.(e);
    for (const w of waiting.values()) w.rej(e);
    waiting.clear();
  };
  let acc = Buffer.alloc(0);
  const feed = (d) => {
    acc = acc.length ? Buffer.concat([acc, d]) : d;
    for (;;) {
      if (acc.length < 2) return;
      let len = 0,
        mul = 1,
        i = 1,
        b;
      do {
        if (i >= acc.length) return;
        b = acc[i++];
        len += (b & 127) * mul;
        mul *= 128;
      } while (b & 128);
      if (acc.length < i + len) return;
      const h = acc[0],
        body = acc.subarray(i, i + len);
      acc = acc.subarray(i + len);
      const t = h >> 4;
      if (t === 3) {
        const tl = body.readUInt16BE(0);
        let p = 2 + tl;
        if ((h >> 1) & 3) {
          const id = body.readUInt16BE(p);
          p += 2;
          write(packet(0x40, u16(id)));
        }
        c.onmessage(Buffer.from(body.subarray(p)));
      } else if (t === 4) {
        const id = body.readUInt16BE(0);
        const w = waiting.get(id);
        if (w) {
          waiting.delete(id);
          w.res();
        }
      } else if (t === 2) {
        body[1] === 0 ? onConn(body[0]) : failConn(new Error('connack ' + body[1]));
      } else if (t === 9) onSub();
    }
  };
  await new Promise((res, rej) => {
    failConn = rej;
    if (url) {
      const ws = new WebSocket(url, 'mqtt', { perMessageDeflate: false });
      ws.on('open', res);
      ws.on('error', failAll);
      ws.on('close', () => failAll(new Error('closed')));
      ws.on('message', feed);
      write = (b) => ws.send(b);
      end = () => ws.close();
      kill = () => ws.terminate();
    } else {
      const s = net.connect(tcpPort, '127.0.0.1', res);
      s.setNoDelay(true);
      s.on('error', failAll);
      s.on('close', () => failAll(new Error('closed')));
      s.on('data', feed);
      write = (b) => s.write(b);
      end = () => s.end();
      kill = () => s.destroy();
    }
  });
  const conn = new Promise((res, rej) => {
    onConn = res;
    failConn = rej;
  });
  const flags = (username ? 0x80 : 0) | (password ? 0x40 : 0); // clean session = 0
  write(
    packet(
      0x10,
      str('MQTT'),
      Buffer.from([4, flags, 0, 120]),
      str(user),
      ...(username ? [str(username)] : []),
      ...(password ? [str(password)] : []),
    ),
  );
  const sessionPresent = await conn;
  if (subscribe && !(sessionPresent & 1)) {
    const p = new Promise((r) => {
      onSub = r;
    });
    write(packet(0x82, u16(1), str('u/' + user), Buffer.from([1])));
    await p;
  } else onSub = () => {};
  const ping = setInterval(() => {
    if (!closed) write(Buffer.from([0xc0, 0]));
  }, 50000);
  ping.unref();
  c.send = (to, buf) =>
    new Promise((res, rej) => {
      if (closed) return rej(new Error('closed'));
      do {
        mid = (mid % 65000) + 1;
      } while (waiting.has(mid));
      waiting.set(mid, { res, rej });
      write(packet(0x32, str('u/' + to), u16(mid), buf));
    });
  c.close = async () => {
    clearInterval(ping);
    if (closed) return;
    try {
      write(Buffer.from([0xe0, 0]));
      end();
    } catch {}
    await new Promise((r) => setTimeout(r, 30));
  };
  c.destroy = () => {
    clearInterval(ping);
    kill();
  };
  return c;
}
