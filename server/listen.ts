/**
 * Listening and hanging up. `localhost` means both loopback addresses, whichever a browser tries first. At the end, connections that
 * never said anything are cut at once, since nothing is lost with them, and those that do not come to an end are cut after a while.
 */
import { lookup } from 'node:dns/promises';
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';

/** How long requests under way may take to come to their end: longer than the sockets' own farewell. */
const FAREWELL_MS = 5_000;

/** An application that listens. */
export interface Listening {
  readonly port: number;
  /** Closes the application: hooks first, then connections. */
  close(): Promise<void>;
}

/** Listens. Rejects with what the operating system says. */
export async function listen(app: FastifyInstance, host: string, port: number): Promise<Listening> {
  const connections = new Set<Socket>();
  app.server.on('connection', (socket: Socket) => {
    connections.add(socket);
    socket.once('close', () => connections.delete(socket));
  });
  const [first = host, ...others] = host === 'localhost' ? await loopbackAddresses() : [host];
  await app.listen({ host: first, port });
  const address = app.server.address();
  const bound = typeof address === 'object' && address !== null ? address.port : port;
  const alsoHere = await Promise.all(others.map((other) => listenFor(app, other, bound)));
  return {
    port: bound,
    async close() {
      for (const socket of connections) if (socket.bytesRead === 0) socket.destroy();
      const farewell = setTimeout(() => {
        for (const socket of connections) socket.destroy();
      }, FAREWELL_MS);
      try {
        await app.close();
        for (const server of alsoHere) server?.close();
      } finally {
        clearTimeout(farewell);
      }
    },
  };
}

/** The addresses of this machine's loopback, IPv4 first. */
async function loopbackAddresses(): Promise<readonly string[]> {
  const found = await lookup('localhost', { all: true }).catch(() => []);
  const addresses = new Set(found.map(({ address }) => address));
  return ['127.0.0.1', '::1'].filter((address) => address === '127.0.0.1' || addresses.has(address));
}

/** Takes connections at one more address for the same application; `undefined` where the address cannot be used. */
async function listenFor(app: FastifyInstance, host: string, port: number): Promise<Server | undefined> {
  const server = createServer((socket) => app.server.emit('connection', socket));
  server.listen(port, host);
  try {
    await once(server, 'listening');
    return server;
  } catch {
    return undefined;
  }
}
