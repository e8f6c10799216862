// Minimal XMPP-over-WebSocket client (RFC 7395) with XEP-0198 acks: just enough to measure a server, cheap on the client side.
import WebSocket from 'ws';
const FRAMING = 'urn:ietf:params:xml:ns:xmpp-framing';
const open = (d) => `<open xmlns="${FRAMING}" to="${d}" version="1.0"/>`;

export async function connectXmpp({
  url,
  user,
  pass = 'pw',
  domain = 'localhost',
  onmessage,
  ackEvery = 1,
  resource = 'r',
}) {
  const ws = new WebSocket(url, 'xmpp', {
    perMessageDeflate: false,
    headers: { origin: 'http://localhost' },
  });
  const c = { onmessage: onmessage || (() => {}), user };
  let step = 0,
    sent = 0,
    waiting = [],
    recvd = 0,
    closed = false,
    fail;
  const failAll = (e) => {
    for (const w of waiting) w.rej(e);
    waiting = [];
  };
  const ready = new Promise((res, rej) => {
    fail = rej;
    ws.on('error', (e) => {
      rej(e);
      failAll(e);
    });
    ws.on('close', () => {
      closed = true;
      const e = new Error('closed');
      rej(e);
      failAll(e);
    });
    ws.on('open', () => ws.send(open(domain)));
    ws.on('message', (data) => {
      const s = data.toString('latin1');
      if (step === 4) return live(s);
      if (s.startsWith('<open')) return;
      if (/^<(stream:)?features/.test(s)) {
        if (step === 0) {
          step = 1;
          ws.send(
            `<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>${Buffer.from(`\0${user}\0${pass}`).toString('base64')}</auth>`,
          );
        } else if (step === 2)
          ws.send(
            `<iq xmlns="jabber:client" type="set" id="b"><bind xmlns="urn:ietf:params:xml:ns:xmpp-bind"><resource>${resource}</resource></bind></iq>`,
          );
        return;
      }
      if (s.startsWith('<success')) {
        step = 2;
        ws.send(open(domain));
        return;
      }
      if (s.startsWith('<failure')) {
        rej(new Error('auth: ' + s.slice(0, 200)));
        return;
      }
      if (s.startsWith('<iq') && step === 2) {
        step = 3;
        ws.send(`<enable xmlns="urn:xmpp:sm:3"/>`);
        return;
      }
      if (s.startsWith('<enabled')) {
        step = 4;
        ws.send('<presence xmlns="jabber:client"/>');
        sent = 1;
        res();
        return;
      }
      if (s.startsWith('<failed') || s.startsWith('<close')) rej(new Error('setup: ' + s.slice(0, 200)));
    });
  });
  function live(s) {
    if (s.startsWith('<message')) {
      recvd++;
      const i = s.indexOf('<body>');
      if (i >= 0) {
        const j = s.indexOf('</body>', i);
        c.onmessage(Buffer.from(s.slice(i + 6, j), 'base64'));
      }
    } else if (s.startsWith('<a ')) {
      const h = Number(/h=['"](\d+)/.exec(s)[1]);
      while (waiting.length && waiting[0].h <= h) waiting.shift().res();
    } else if (s.startsWith('<r')) {
      if (/^<r[\s/>]/.test(s)) ws.send(`<a xmlns="urn:xmpp:sm:3" h="${recvd}"/>`);
    } else if (s.startsWith('<presence')) recvd++;
    else if (s.startsWith('<iq')) {
      recvd++;
      const m = /id=['"]([^'"]+)/.exec(s),
        f = /from=['"]([^'"]+)/.exec(s);
      if (/type=['"]get/.test(s)) {
        sent++;
        ws.send(`<iq xmlns="jabber:client" type="result" id="${m?.[1]}"${f ? ` to="${f[1]}"` : ''}/>`);
      }
    }
  }
  await ready;
  let since = 0,
    timer = null;
  const ask = () => {
    since = 0;
    if (timer) {
      clearTimeout(timer);
      timer = null;
    }
    if (!closed) ws.send('<r xmlns="urn:xmpp:sm:3"/>');
  };
  c.send = (to, buf) =>
    new Promise((res, rej) => {
      if (closed) return rej(new Error('closed'));
      sent++;
      waiting.push({ h: sent, res, rej });
      ws.send(
        `<message xmlns="jabber:client" type="chat" to="${to}@${domain}" id="m${sent}"><body>${buf.toString('base64')}</body></message>`,
      );
      if (++since >= ackEvery) ask();
      else timer ??= setTimeout(ask, 10); // ackEvery > 1: ask every n-th message, or 10 ms after the last
    });
  c.close = () =>
    new Promise((r) => {
      if (closed) return r();
      ws.once('close', () => r());
      try {
        ws.send(`<a xmlns="urn:xmpp:sm:3" h="${recvd}"/>`);
        ws.send(`<close xmlns="${FRAMING}"/>`);
      } catch {
        r();
      }
      setTimeout(() => {
        ws.terminate();
        r();
      }, 1500).unref();
    });
  c.destroy = () => ws.terminate();
  return c;
}
