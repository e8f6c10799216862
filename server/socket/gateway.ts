/**
 * Where all sockets come in: upgrades them, bounds how many there are, keeps their heartbeat, and drains them when the server stops.
 * A Fastify plugin: `app.register(socketGateway, deps)`.
 */
import websocket, { type WebSocket } from '@fastify/websocket';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { WireError } from '@tacet/protocol/errors';
import { LIMITS } from '@tacet/protocol/limits';
import { CALLS_PATH } from '@tacet/protocol/frames/calls';
import { ANONYMOUS_PATH, SOCKET_PATH } from '@tacet/protocol/frames/client';
import { OpenByAddress } from '../limits/open-by-address.ts';
import { countedAddress } from '../plugins/client-address.ts';
import { limitRequest } from '../plugins/rate-limit.ts';
import { AnonymousSocket } from './anonymous.ts';
import { CallsSocket } from './calls.ts';
import { Channel, type Protocol } from './channel.ts';
import type { SocketDeps, SocketKind } from './deps.ts';
import { SignedInSocket } from './signed-in.ts';

/** A message of twice the largest frame still gets a typed answer; one that is larger closes the socket with 1009 (RFC 6455 7.4.1). */
const PAYLOAD_MOST_BYTES = 2 * LIMITS.frameMaxBytes;
/** Frames (RFC 6455 section 5.4) of one message: browsers send a large one in some dozens, and each costs whatever it holds. */
const FRAGMENTS_MOST = 512;
/** How long a drain waits for clients to hang up. */
const DRAIN_MS = 3_000;

/** Registers the sockets. */
export async function socketGateway(app: FastifyInstance, deps: SocketDeps): Promise<void> {
  const gateway = new Gateway(deps);
  await app.register(websocket, {
    options: {
      maxPayload: PAYLOAD_MOST_BYTES,
      maxFragments: FRAGMENTS_MOST,
      perMessageDeflate: false,
      clientTracking: false,
    },
    errorHandler(error, socket) {
      // With a code: the client broke the protocol below frames, or hung up.
      if (!('code' in error)) deps.onError(error);
      socket.terminate();
    },
    // Fastify waits for it before it closes the port.
    preClose: () => gateway.drain(),
  });
  for (const [url, kind] of [
    [SOCKET_PATH, 'signed-in'],
    [ANONYMOUS_PATH, 'anonymous'],
    [CALLS_PATH, 'calls'],
  ] as const) {
    app.route({
      method: 'GET',
      url,
      schema: { hide: true },
      wsHandler: (socket, request) => gateway.accept(kind, socket, request),
      handler(request) {
        limitRequest(deps.limits, 'unknown', request, undefined);
        throw new WireError('not-found', 'a socket, asked for without an upgrade');
      },
    });
  }
}

class Gateway {
  readonly #deps: SocketDeps;
  readonly #channels = new Set<Channel>();
  readonly #perAddress = new OpenByAddress();
  readonly #callsPerAddress = new OpenByAddress();
  readonly #beat: NodeJS.Timeout;
  #draining = false;
  #onEmpty: (() => void) | undefined;

  constructor(deps: SocketDeps) {
    this.#deps = deps;
    const { heartbeatMs, stalledMs } = deps.times;
    this.#beat = setInterval(() => this.#beatAll(), Math.max(10, Math.min(heartbeatMs, stalledMs) / 5));
    this.#beat.unref();
  }

  accept(kind: SocketKind, socket: WebSocket, { ip, raw }: FastifyRequest): void {
    const address = countedAddress(ip);
    const channel = new Channel(kind, socket, raw.socket, address, this.#deps);
    const isCall = kind === 'calls';
    const { others, left } = (isCall ? this.#callsPerAddress : this.#perAddress).enter(address);
    const othersMost = isCall ? LIMITS.callSocketsPerAddress : LIMITS.socketsPerAddress;
    this.#channels.add(channel);
    channel.open(this.#protocolOf(kind, channel), () => {
      left();
      this.#left(channel);
    });
    if (this.#draining) channel.refuse('shutting-down');
    else if (others >= othersMost) channel.refuse('overloaded', LIMITS.heartbeatMs);
  }

  #protocolOf(kind: SocketKind, channel: Channel): Protocol {
    switch (kind) {
      case 'signed-in':
        return new SignedInSocket(channel, this.#deps);
      case 'anonymous':
        return new AnonymousSocket(channel, this.#deps);
      case 'calls':
        return new CallsSocket(channel, this.#deps);
    }
  }

  /** Tells every client that the server stops, and waits until they have gone; what was being committed is answered first. */
  async drain(): Promise<void> {
    this.#draining = true;
    clearInterval(this.#beat);
    if (this.#channels.size === 0) return;
    const empty = new Promise<void>((resolve) => (this.#onEmpty = resolve));
    await Promise.all(Array.from(this.#channels, (channel) => channel.finish()));
    const timer = setTimeout(() => this.#channels.forEach((channel) => channel.terminate()), DRAIN_MS);
    await empty;
    clearTimeout(timer);
  }

  #left(channel: Channel): void {
    this.#channels.delete(channel);
    if (this.#channels.size === 0) this.#onEmpty?.();
  }

  #beatAll(): void {
    const now = performance.now();
    for (const channel of this.#channels) channel.beat(now);
  }
}
