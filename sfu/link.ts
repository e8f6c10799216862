/**
 * The media server as a process of its own: the servers that know its secret control it over a WebSocket (protocol/calls/link.ts), each for
 * many clients. A link that is lost is to every client of it as the loss of his own connection: he may come back over another within 30 s.
 * The secret and everything else pass in clear: between machines the link belongs into a private network or behind TLS.
 */
import { timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type WebSocket } from 'ws';
import { LINK_PATH, LinkRequest, type LinkReply } from '@tacet/protocol/calls/link';
import { encodeCbor, parseCbor } from '@tacet/protocol/cbor';
import { isWireError } from '@tacet/protocol/errors';
import { LIMITS } from '@tacet/protocol/limits';
import type { CallChannel, Sfu } from './control.ts';
import { toCallError } from './errors.ts';
import { sha256 } from './tokens.ts';

/** The largest request, which a server has checked, in its frame here: what no text was is three bytes instead of one. */
const FRAME_MAX_BYTES = 4 * LIMITS.callFrameMaxBytes;
/** Channels of one link: as many clients as the largest server has in calls. */
const CHANNELS_MOST = 100_000;

export interface LinkOptions {
  readonly sfu: Sfu;
  readonly secret: string;
  readonly host: string;
  readonly port: number;
}

export interface OpenLink {
  readonly port: number;
  /** Ends all links. The media server stays open. */
  close(): Promise<void>;
}

/** Listens for servers. Rejects where it cannot. */
export async function openLink({ sfu, secret, host, port }: LinkOptions): Promise<OpenLink> {
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: FRAME_MAX_BYTES,
    perMessageDeflate: false,
  });
  const expected = sha256(new TextEncoder().encode(`Bearer ${secret}`));
  const server = createServer((_request, response) => response.writeHead(404).end());
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => socket.destroy());
    const told = sha256(new TextEncoder().encode(request.headers.authorization ?? ''));
    if (request.url !== LINK_PATH || !timingSafeEqual(told, expected)) {
      socket.end('HTTP/1.1 401 Unauthorized\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
      return;
    }
    sockets.handleUpgrade(request, socket, head, (link) => serve(link, sfu));
  });
  await listen(server, host, port);
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : port,
    async close() {
      for (const link of sockets.clients) link.terminate();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function listen(server: Server, host: string, port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
}

function serve(link: WebSocket, sfu: Sfu): void {
  const channels = new Map<number, CallChannel>();
  const reply = (frame: LinkReply): void => {
    if (link.readyState === link.OPEN) link.send(encodeCbor(frame));
  };
  link.on('message', (data) => {
    try {
      if (!Buffer.isBuffer(data)) throw new TypeError('in parts');
      handle(parseCbor(LinkRequest, data), channels, sfu, reply);
    } catch (error) {
      // A server that does not speak as it should is of another version: its clients learn it by the loss of the link.
      link.close(isWireError(error) ? 4400 : 1011);
    }
  });
  link.on('error', () => link.terminate());
  link.on('close', () => {
    for (const channel of channels.values()) channel.close();
    channels.clear();
  });
}

function handle(
  frame: LinkRequest,
  channels: Map<number, CallChannel>,
  sfu: Sfu,
  reply: (frame: LinkReply) => void,
): void {
  const { channel } = frame;
  const open = channels.get(channel);
  switch (frame.kind) {
    case 'open':
      if (open !== undefined || channels.size >= CHANNELS_MOST) throw new RangeError('too many channels');
      channels.set(
        channel,
        sfu.open((event) => reply({ kind: 'event', channel, event })),
      );
      return;
    case 'close':
      open?.close();
      channels.delete(channel);
      return;
    case 'request': {
      const { re, request } = frame;
      if (open === undefined) throw new RangeError('no such channel');
      open.request(request).then(
        (answer) => reply({ kind: 'answer', channel, re, answer }),
        (error: unknown) => {
          const { code, retryAfterMs } = toCallError(error);
          reply({
            kind: 'refused',
            channel,
            re,
            code,
            ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
          });
        },
      );
    }
  }
}
