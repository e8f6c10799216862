// Client for the anchor server (binary frames). Also the pattern to copy for our own server's client.
// c->s  0x01 u32 reqId u8 toLen to payload      s->c  0x81 u32 reqId            (accepted: stored, or relayed when mode=relay)
// s->c  0x02 u32 msgId payload                  c->s  0x82 u32 msgId            (delivered: server may forget it)
import WebSocket from 'ws';
export async function connectAnchor({ url, user, onmessage }) {
  const ws = new WebSocket(`${url}?u=${user}`, { perMessageDeflate: false });
  const c = { onmessage: onmessage || (() => {}), user };
  const waiting = new Map();
  let seq = 0,
    closed = false,
    failConn;
  const failAll = (e) => {
    closed = true;
    failConn?.(e);
    for (const w of waiting.values()) w.rej(e);
    waiting.clear();
  };
  ws.on('error', failAll);
  ws.on('close', () => failAll(new Error('closed')));
  ws.on('message', (d) => {
    if (d[0] === 0x81) {
      const w = waiting.get(d.readUInt32LE(1));
      if (w) {
        waiting.delete(d.readUInt32LE(1));
        w.res();
      }
    } else if (d[0] === 0x02) {
      const a = Buffer.alloc(5);
      a[0] = 0x82;
      d.copy(a, 1, 1, 5);
      ws.send(a);
      c.onmessage(d.subarray(5));
    }
  });
  await new Promise((res, rej) => {
    failConn = rej;
    ws.once('open', res);
  });
  c.send = (to, buf) =>
    new Promise((res, rej) => {
      if (closed) return rej(new Error('closed'));
      const k = ++seq;
      waiting.set(k, { res, rej });
      const h = Buffer.alloc(6 + to.length);
      h[0] = 1;
      h.writeUInt32LE(k, 1);
      h[5] = to.length;
      h.write(to, 6, 'latin1');
      ws.send(Buffer.concat([h, buf]));
    });
  c.close = () =>
    new Promise((r) => {
      if (closed) return r();
      ws.once('close', () => r());
      ws.close();
      setTimeout(() => {
        ws.terminate();
        r();
      }, 1000).unref();
    });
  c.destroy = () => ws.terminate();
  return c;
}
