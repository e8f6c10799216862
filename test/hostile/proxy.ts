/**
 * A real HTTP and WebSocket server on a loopback port between one client and a real server, driven by a script (`HostileWire`): every
 * request, answer and frame passes through its hands. Core in Node connects to its address (`via`); a browser takes it as its forward
 * proxy, asks it for whole addresses and opens tunnels through it, and so keeps the server's origin. It holds no key and ends no TLS of the
 * client's: to a server on https it speaks TLS itself.
 */
import { once } from 'node:events';
import {
  createServer,
  request as httpRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import WebSocket, { WebSocketServer } from 'ws';
import type { HttpRequest } from '@tacet/client/core/ports';
import { makeHostileWire, type HostileWire } from '../support/hostile-wire.ts';
import { framesToServer, type Line, type WireReply } from '../support/node-ports.ts';

/** A running proxy. */
export interface Proxy extends AsyncDisposable {
  /** `http://127.0.0.1:<port>` */
  readonly url: string;
  readonly wire: HostileWire;
  /** The requests by which sockets were opened, newest last. */
  readonly handshakes: readonly HttpRequest[];
  /** Addresses of other hosts that the client asked for, in vain. */
  readonly elsewhere: readonly string[];
  /** Asks the server by itself: again what a client asked, or something else. */
  send(request: Pick<HttpRequest, 'method' | 'path' | 'headers' | 'body'>): Promise<WireReply>;
  close(): Promise<void>;
}

/** What stands between two hops, and what is made anew here. */
const OWN_HEADERS = [
  'connection',
  'proxy-connection',
  'keep-alive',
  'transfer-encoding',
  'content-length',
  'upgrade',
  'host',
  'accept-encoding',
];

interface RawReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly body: Buffer;
}

/** Opens a proxy in front of the server at `origin`. */
export async function openProxy(origin: string, wire: HostileWire = makeHostileWire()): Promise<Proxy> {
  const target = new URL(origin);
  const handshakes: HttpRequest[] = [];
  const elsewhere: string[] = [];
  const streams = new Set<Duplex>();
  const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false });
  // No connection is closed for having been idle: a client would now and then take it for one that still answers.
  const server = createServer({ keepAliveTimeout: 0 }, (request, response) => {
    answer(request, response).catch(() => response.destroy());
  });

  /** The path at this server, or nothing: the request is for another one. */
  function pathOf(url = '/'): string | undefined {
    if (url.startsWith('/')) return url;
    const asked = new URL(url);
    if (asked.host === target.host) return asked.pathname + asked.search;
    elsewhere.push(url);
    return undefined;
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = pathOf(request.url);
    if (path === undefined) {
      response.writeHead(502).end();
      return;
    }
    const body = await bodyOf(request);
    const seen = seenRequest(request, path, body.length === 0 ? undefined : body.toString());
    wire.request?.(seen);
    const asked = wire.ask === undefined ? seen : await wire.ask(seen);
    if (asked === undefined) {
      response.destroy();
      return;
    }
    const raw = await askServer(target, asked);
    const given = await change(seen, raw);
    if (given === undefined) {
      response.destroy();
      return;
    }
    response.writeHead(given.status, given.headers as Record<string, string | string[]>).end(given.body);
  }

  /** What is no text passes as it is. */
  async function change(request: HttpRequest, raw: RawReply): Promise<RawReply | undefined> {
    const isText = /json|text|javascript|svg/.test(String(raw.headers['content-type'] ?? 'text'));
    if (!isText || wire.reply === undefined) return raw;
    const text = raw.body.toString();
    const given = await wire.reply(request, { status: raw.status, headers: raw.headers, body: text });
    if (given === undefined) return undefined;
    const headers = given.headers ?? raw.headers;
    return { status: given.status, headers, body: given.body === text ? raw.body : Buffer.from(given.body) };
  }

  function upgrade(request: IncomingMessage, stream: Duplex, head: Buffer): void {
    stream.on('error', () => stream.destroy());
    const path = pathOf(request.url);
    if (path === undefined) {
      stream.destroy();
      return;
    }
    handshakes.push(seenRequest(request, path, undefined));
    const { origin: page, cookie, 'user-agent': agent } = request.headers;
    const headers = Object.fromEntries(
      Object.entries({ origin: page, cookie, 'user-agent': agent }).filter(
        ([, value]) => value !== undefined,
      ),
    ) as Record<string, string>;
    const upper = new WebSocket(origin.replace(/^http/, 'ws') + path, { headers, perMessageDeflate: false });
    upper.on('error', () => stream.destroy());
    upper.on('unexpected-response', (_request, refusal) => {
      stream.end(`HTTP/1.1 ${refusal.statusCode} ${refusal.statusMessage}\r\nConnection: close\r\n\r\n`);
      upper.terminate();
    });
    upper.once('open', () => {
      sockets.handleUpgrade(request, stream, head, (lower) => join(path, lower, upper));
    });
  }

  function join(path: string, lower: WebSocket, upper: WebSocket): void {
    const line: Line = {
      path,
      toClient(bytes) {
        if (lower.readyState === WebSocket.OPEN) lower.send(bytes);
      },
      toServer(bytes) {
        if (upper.readyState === WebSocket.OPEN) upper.send(bytes);
      },
      close(code) {
        end(lower, code ?? 1006);
        upper.terminate();
      },
    };
    wire.opened?.(line);
    lower.on('message', (data: Buffer) => {
      for (const bytes of framesToServer(wire, path, new Uint8Array(data))) line.toServer(bytes);
    });
    upper.on('message', (data: Buffer) => {
      const bytes = new Uint8Array(data);
      for (const each of wire.toClient?.(path, bytes) ?? [bytes]) line.toClient(each);
    });
    lower.on('error', () => undefined);
    lower.on('close', (code) => {
      wire.closed?.(line);
      end(upper, code);
    });
    upper.on('close', (code) => end(lower, code));
  }

  server.on('upgrade', upgrade);
  // A tunnel to the server is a connection like any other; its other end is here.
  server.on('connect', (request: IncomingMessage, stream: Duplex, head: Buffer) => {
    stream.on('error', () => stream.destroy());
    if (request.url !== target.host) {
      elsewhere.push(request.url ?? '');
      stream.end('HTTP/1.1 502 Bad Gateway\r\n\r\n');
      return;
    }
    stream.write('HTTP/1.1 200 Connection Established\r\n\r\n');
    if (head.length > 0) stream.unshift(head);
    server.emit('connection', stream);
  });
  server.on('connection', (stream) => {
    streams.add(stream);
    stream.once('close', () => streams.delete(stream));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;

  async function close(): Promise<void> {
    for (const stream of streams) stream.destroy();
    if (!server.listening) return;
    server.close();
    await once(server, 'close');
  }
  return {
    url: `http://127.0.0.1:${port}`,
    wire,
    handshakes,
    elsewhere,
    async send(request) {
      const { status, headers, body } = await askServer(target, request);
      return { status, headers, body: body.toString() };
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

function seenRequest(
  { method = 'GET', headers }: IncomingMessage,
  path: string,
  body: string | undefined,
): HttpRequest {
  const credentials = headers.cookie !== undefined;
  return { method, path, headers: plainHeaders(headers), body, credentials, timeoutMs: 0 };
}

function plainHeaders(headers: IncomingHttpHeaders): Record<string, string> {
  const given = Object.entries(headers).filter(([name]) => !OWN_HEADERS.includes(name));
  return Object.fromEntries(given.map(([name, value]) => [name, String(value)]));
}

async function bodyOf(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** One request of the proxy's own. */
async function askServer(
  target: URL,
  { method, path, headers, body }: Pick<HttpRequest, 'method' | 'path' | 'headers' | 'body'>,
): Promise<RawReply> {
  const open = target.protocol === 'https:' ? httpsRequest : httpRequest;
  // A connection each: the server may be another process by the next one.
  const request = open(new URL(path, target), {
    method,
    headers: { ...headers, 'accept-encoding': 'identity' },
    agent: false,
  });
  const answered = once(request, 'response') as Promise<[IncomingMessage]>;
  request.end(body);
  const [response] = await answered;
  const own = Object.entries(response.headers).filter(([name]) => !OWN_HEADERS.includes(name));
  return {
    status: response.statusCode ?? 0,
    headers: Object.fromEntries(own.map(([name, value]) => [name, value ?? ''])),
    body: await bodyOf(response),
  };
}

/** Closes a socket with the code that the other side gave, or breaks it where that was none. */
function end(socket: WebSocket, code: number): void {
  if (code >= 3000 || (code >= 1000 && code <= 1014 && ![1004, 1005, 1006].includes(code)))
    socket.close(code);
  else socket.terminate();
}
