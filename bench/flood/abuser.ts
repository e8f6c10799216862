/**
 * A process that asks a server for as much as it can over so many connections at a time, from an address of its own, and throws away what
 * it is answered. It runs at the lowest priority, so that what it takes from others it takes through the server. Started by flood.ts with
 * its orders as its argument; says `ready` when its first connection stands, and ends with the channel.
 */
import { connect, type Socket } from 'node:net';
import { constants, setPriority } from 'node:os';
import { randomBytes } from 'node:crypto';
import { encodeB64u } from '../../protocol/bytes.ts';
import { encodeFrame } from '../../protocol/frames/frame.ts';
import { ANONYMOUS_PATH, SOCKET_PATH } from '../../protocol/frames/client.ts';
import { LIMITS } from '../../protocol/limits.ts';
import { TRANSPORT_VERSION } from '../../protocol/version.ts';
import type { Orders } from './orders.ts';

/** Another address than the honest people's, which limits count apart. */
const FROM = '127.0.0.2';
/** Bytes written at a time. */
const LOT_BYTES = 64 * 1024;

/** A WebSocket's ping without a payload, masked (RFC 6455 section 5.5.2). */
const CONTROL = Buffer.from([0x89, 0x80, 0, 0, 0, 0]);

/** A WebSocket message as a client sends it (RFC 6455 section 5.2), masked with zeros, so that it costs nothing to make. */
function message(frame: Uint8Array): Buffer {
  const head = Buffer.alloc(frame.length > 0xffff ? 14 : 8);
  head[0] = 0x82;
  if (frame.length > 0xffff) {
    head[1] = 0xff;
    head.writeBigUInt64BE(BigInt(frame.length), 2);
  } else {
    head[1] = 0xfe;
    head.writeUInt16BE(frame.length, 2);
  }
  return Buffer.concat([head, frame]);
}

function upgrade(path: string): Buffer {
  const key = randomBytes(16).toString('base64');
  const lines = [`GET ${path} HTTP/1.1`, 'Host: localhost', 'Connection: Upgrade', 'Upgrade: websocket'];
  return Buffer.from(
    [...lines, 'Sec-WebSocket-Version: 13', `Sec-WebSocket-Key: ${key}`, '', ''].join('\r\n'),
  );
}

function request(method: string, path: string, body?: string, token?: string): Buffer {
  const lines = [`${method} ${path} HTTP/1.1`, 'Host: localhost'];
  if (token !== undefined) lines.push(`Authorization: Bearer ${token}`);
  if (body !== undefined) lines.push('Content-Type: application/json', `Content-Length: ${body.length}`);
  return Buffer.from([...lines, '', body ?? ''].join('\r\n'));
}

function sendOf(envelopes: number, size: number): Uint8Array {
  const to = Array.from({ length: envelopes }, () => ({
    device: randomBytes(16),
    envelope: { id: randomBytes(16), body: randomBytes(size) },
  }));
  const [account, deliveryKey, listHash] = [randomBytes(16), randomBytes(32), randomBytes(32)];
  return encodeFrame({ kind: 'send', re: 1, account, deliveryKey, listHash, online: false, to });
}

/** What opens a connection, and what is then repeated for ever; without the second the connection is given up and made anew. */
interface Script {
  readonly opening: readonly Buffer[];
  readonly repeated?: Buffer | (() => Buffer);
  /** Whether it is given up as soon as the first has left, once it is known that there is somebody. */
  readonly hangsUp?: boolean;
}

/** A message that the account takes and keeps. */
function letterTo({ account, device, deliveryKey, listHash }: Orders['mailbox']): Buffer {
  const hex = (text: string): Buffer => Buffer.from(text, 'hex');
  const envelope = { id: randomBytes(16), body: randomBytes(1_024) };
  const to = [{ device: hex(device), envelope }];
  const head = { account: hex(account), deliveryKey: hex(deliveryKey), listHash: hex(listHash) };
  return message(encodeFrame({ kind: 'send', re: 1, ...head, online: false, to }));
}

/** A profile or record as large as one may be, in a body. */
function sealed(version: number, sizeBytes: number): string {
  return JSON.stringify({ version, sealed: encodeB64u(randomBytes(sizeBytes)) });
}

function scriptOf({ kind, token, mailbox }: Orders): Script {
  const hello = message(encodeFrame({ kind: 'hello', version: TRANSPORT_VERSION }));
  const anonymous = [upgrade(ANONYMOUS_PATH), hello];
  const signedIn = [
    upgrade(SOCKET_PATH),
    message(encodeFrame({ kind: 'hello', version: TRANSPORT_VERSION, token, counter: 1 })),
  ];
  switch (kind) {
    case 'sends':
      return { opening: anonymous, repeated: message(sendOf(1, 1_024)) };
    case 'large':
      return { opening: anonymous, repeated: message(sendOf(8, 72 * 1024)) };
    case 'pings':
      return { opening: anonymous, repeated: message(encodeFrame({ kind: 'ping', re: 1 })) };
    case 'controls':
      return { opening: anonymous, repeated: CONTROL };
    case 'malformed':
      return { opening: [...anonymous, message(new Uint8Array(4_096))] };
    case 'own':
      return {
        opening: signedIn,
        repeated: message(
          encodeFrame({
            kind: 'send-own',
            re: 1,
            listHash: randomBytes(32),
            online: false,
            to: [{ device: randomBytes(16), envelope: { id: randomBytes(16), body: randomBytes(1_024) } }],
          }),
        ),
      };
    case 'mail':
      return { opening: anonymous, repeated: () => letterTo(mailbox) };
    case 'requests':
      return { opening: [], repeated: request('GET', '/v1/server') };
    case 'pages':
      return { opening: [], repeated: request('GET', '/') };
    case 'bodies':
      return { opening: [], repeated: request('POST', '/v1/sessions', ' '.repeat(8 * 1024)) };
    case 'sign-ins':
      return { opening: [], repeated: request('POST', '/v1/sessions', '{"bytes":"","signature":""}') };
    case 'lookups':
      return { opening: [], repeated: request('POST', '/v1/lookups', '{"username":"nobody"}', token) };
    case 'profiles': {
      // Each is later than the one before, so each is stored.
      const next = () => Math.round(performance.now() * 1_000) + 2;
      return {
        opening: [request('GET', '/v1/server')],
        repeated: () => request('PUT', '/v1/account/profile', sealed(next(), LIMITS.profileMaxBytes), token),
      };
    }
    case 'records':
      return {
        opening: [request('GET', '/v1/server')],
        repeated: request('PUT', '/v1/account/record', sealed(9, LIMITS.recordMaxBytes), token),
      };
    case 'connections':
      return { opening: [request('GET', '/v1/server')] };
    case 'hang-ups':
      return { opening: [request('GET', '/v1/server')], hangsUp: true };
  }
}

/** What is written at a time. */
function lotOf(make: () => Buffer): Buffer {
  const lot: Buffer[] = [];
  for (let bytes = 0; bytes < LOT_BYTES; bytes += lot.at(-1)?.length ?? 0) lot.push(make());
  return Buffer.concat(lot);
}

function run(orders: Orders): void {
  const { opening, repeated, hangsUp } = scriptOf(orders);
  const make = typeof repeated === 'function' || repeated === undefined ? repeated : () => repeated;
  const same = typeof repeated === 'function' || repeated === undefined ? undefined : lotOf(() => repeated);

  let isReady = false;

  function open(): void {
    const socket: Socket = connect({ port: orders.port, host: '127.0.0.1', localAddress: FROM });
    const again = (): void => {
      socket.destroy();
      setImmediate(open);
    };
    socket.on('error', () => undefined);
    socket.once('close', again);
    // What is answered is thrown away.
    socket.resume();
    socket.on('connect', () => {
      const [first, ...more] = opening;
      if (hangsUp === true && isReady) {
        // Reset, so that he never runs out of ports.
        socket.write(first ?? '', () => socket.resetAndDestroy());
        return;
      }
      if (first !== undefined) socket.write(first);
      socket.once('data', () => {
        for (const bytes of more) socket.write(bytes);
        if (!isReady) process.send?.('ready');
        isReady = true;
        if (make !== undefined) pour();
        else if (more.length === 0) socket.resetAndDestroy();
        else socket.once('data', () => socket.resetAndDestroy());
      });
      if (first === undefined && make !== undefined) socket.write(make());
    });
    const pour = (): void => {
      if (make === undefined || socket.destroyed) return;
      if (socket.write(same ?? lotOf(make))) setImmediate(pour);
      else socket.once('drain', pour);
    };
  }
  for (let i = 0; i < orders.connections; i++) open();
}

setPriority(constants.priority.PRIORITY_LOW);
process.once('disconnect', () => process.exit());
run(JSON.parse(process.argv[2] ?? '{}') as Orders);
