// Minimal NATS + JetStream client over WebSocket: publish with PubAck, durable push consumer with explicit ack.
import WebSocket from 'ws';
let n = 0;
export async function connectNats({
  url,
  user,
  durable = true,
  onmessage,
  subscribe = true,
  stream = 'MSG',
}) {
  const ws = new WebSocket(url, { perMessageDeflate: false });
  const c = { onmessage: onmessage || (() => {}), user };
  const inbox = `_INBOX.${user}_${process.pid}_${++n}`;
  const waiting = new Map();
  let seq = 0,
    closed = false,
    acc = Buffer.alloc(0),
    onPong,
    failConn;
  const failAll = (e) => {
    closed = true;
    failConn?.(e);
    for (const w of waiting.values()) w.rej(e);
    waiting.clear();
  };
  ws.on('error', failAll);
  ws.on('close', () => failAll(new Error('closed')));
  const feed = (d) => {
    acc = acc.length ? Buffer.concat([acc, d]) : d;
    for (;;) {
      const e = acc.indexOf('\r\n');
      if (e < 0) return;
      const line = acc.toString('latin1', 0, e);
      if (line.startsWith('MSG ')) {
        const p = line.split(' ');
        const len = Number(p[p.length - 1]);
        if (acc.length < e + 4 + len) return;
        const body = Buffer.from(acc.subarray(e + 2, e + 2 + len));
        acc = acc.subarray(e + 4 + len);
        if (p[1].startsWith(inbox)) {
          const k = p[1].slice(inbox.length + 1);
          const w = waiting.get(k);
          if (w) {
            waiting.delete(k);
            const t = body.toString();
            t.includes('"error"') ? w.rej(new Error(t.slice(0, 300))) : w.res(t);
          }
        } else {
          if (p.length === 5) ws.send(`PUB ${p[3]} 4\r\n+ACK\r\n`);
          c.onmessage(body);
        }
        continue;
      }
      if (line.startsWith('HMSG ')) {
        // headers (status messages such as 503 no responders)
        const p = line.split(' ');
        const len = Number(p[p.length - 1]);
        if (acc.length < e + 4 + len) return;
        acc = acc.subarray(e + 4 + len);
        if (p[1].startsWith(inbox)) {
          const k = p[1].slice(inbox.length + 1);
          const w = waiting.get(k);
          if (w) {
            waiting.delete(k);
            w.rej(new Error('no responders'));
          }
        }
        continue;
      }
      acc = acc.subarray(e + 2);
      if (line === 'PING') ws.send('PONG\r\n');
      else if (line === 'PONG') onPong?.();
      else if (line.startsWith('-ERR')) failAll(new Error(line));
    }
  };
  ws.on('message', feed);
  await new Promise((res, rej) => {
    failConn = rej;
    ws.once('open', res);
  });
  const pong = new Promise((res, rej) => {
    onPong = res;
    failConn = rej;
  });
  ws.send(
    `CONNECT {"verbose":false,"pedantic":false,"headers":true,"no_responders":true,"name":"${user}"}\r\nSUB ${inbox}.* 1\r\nPING\r\n`,
  );
  await pong;
  const req = (subj, body) =>
    new Promise((res, rej) => {
      if (closed) return rej(new Error('closed'));
      const k = String(++seq);
      waiting.set(k, { res, rej });
      const b = Buffer.from(body);
      ws.send(
        Buffer.concat([Buffer.from(`PUB ${subj} ${inbox}.${k} ${b.length}\r\n`), b, Buffer.from('\r\n')]),
      );
    });
  c.req = req;
  if (subscribe) {
    ws.send(`SUB d.${user} 2\r\n`);
    await req(
      `$JS.API.CONSUMER.DURABLE.CREATE.${stream}.${user}`,
      JSON.stringify({
        stream_name: stream,
        config: {
          durable_name: user,
          deliver_subject: `d.${user}`,
          filter_subject: `m.${user}`,
          ack_policy: 'explicit',
          deliver_policy: 'all',
          max_ack_pending: 1000,
          ack_wait: 30e9,
        },
      }),
    );
  }
  c.send = (to, buf) => req(`m.${to}`, buf);
  c.close = async () => {
    closed || ws.close();
    await new Promise((r) => setTimeout(r, 20));
  };
  c.destroy = () => ws.terminate();
  return c;
}
