/** HTTP as bytes, from any loopback address: what no well-behaved client sends, and how the server takes it. */
import { connect, type Socket } from 'node:net';
import { once } from 'node:events';

/** A connection and everything that came over it. */
export interface RawConnection {
  readonly socket: Socket;
  /** What was answered so far, as Latin-1. */
  readonly text: () => string;
  /** Statuses of the answers so far, in order. */
  readonly statuses: () => readonly number[];
  /** Resolves when `enough` holds of what has come, or the connection is over. */
  until(enough: (text: string) => boolean): Promise<void>;
  readonly isOver: () => boolean;
}

/** Connects to a server on this machine. `from`: the address that it sees. */
export async function openRaw(port: number, from = '127.0.0.1'): Promise<RawConnection> {
  const socket = connect({ port, host: '127.0.0.1', localAddress: from });
  let text = '';
  let isOver = false;
  let wake: (() => void) | undefined;
  socket.setEncoding('latin1');
  socket.on('data', (chunk: string) => {
    text += chunk;
    wake?.();
  });
  // Being cut is an answer too.
  socket.on('error', () => undefined);
  socket.on('close', () => {
    isOver = true;
    wake?.();
  });
  await once(socket, 'connect');
  return {
    socket,
    text: () => text,
    statuses: () => Array.from(text.matchAll(/HTTP\/1\.1 (\d{3}) /g), ([, status]) => Number(status)),
    async until(enough) {
      while (!enough(text) && !isOver) await new Promise<void>((resolve) => (wake = resolve));
    },
    isOver: () => isOver,
  };
}

/** A request as text. */
export function rawRequest(
  method: string,
  path: string,
  headers: readonly string[] = [],
  body?: string,
): string {
  const ofBody =
    body === undefined ? [] : ['content-type: application/json', `content-length: ${String(body.length)}`];
  return [`${method} ${path} HTTP/1.1`, 'host: localhost', ...headers, ...ofBody, '', body ?? ''].join(
    '\r\n',
  );
}
