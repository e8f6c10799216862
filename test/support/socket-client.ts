/** A client of both sockets that speaks frames and nothing more. Waiting is by frame, never by time. */
import WebSocket from 'ws';
import { ANONYMOUS_PATH, SOCKET_PATH } from '../../protocol/frames/client.ts';
import { encodeFrame, parseFrame } from '../../protocol/frames/frame.ts';
import { ServerFrame } from '../../protocol/frames/server.ts';
import { encodeB64u } from '../../protocol/bytes.ts';
import { TRANSPORT_VERSION } from '../../protocol/version.ts';

type Kind = ServerFrame['kind'];
/** A frame of one kind. */
export type FrameOf<K extends Kind> = Extract<ServerFrame, { kind: K }>;

/** How a socket ended. */
export interface Ended {
  readonly code: number;
  readonly reason: string;
}

export class SocketClient {
  readonly socket: WebSocket;
  /** Frames that nobody has taken yet, in order. */
  readonly frames: ServerFrame[] = [];
  readonly ended: Promise<Ended>;
  #wake: (() => void) | undefined;
  #isOver = false;

  constructor(socket: WebSocket) {
    this.socket = socket;
    this.ended = new Promise((resolve) => {
      socket.on('close', (code, reason) => {
        this.#isOver = true;
        resolve({ code, reason: reason.toString() });
        this.#wake?.();
      });
    });
    socket.on('message', (data: Buffer) => {
      this.frames.push(parseFrame(ServerFrame, data));
      this.#wake?.();
    });
    socket.on('error', () => {
      // `ended` says it.
    });
  }

  send(frame: unknown): void {
    this.socket.send(encodeFrame(frame));
  }

  /** Takes the next frame. Throws when the socket has ended. */
  async next(): Promise<ServerFrame> {
    for (;;) {
      const frame = this.frames.shift();
      if (frame !== undefined) return frame;
      if (this.#isOver) throw new Error('the socket has ended');
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  /** Takes the next frame, which must be of a kind. */
  async take<K extends Kind>(kind: K): Promise<FrameOf<K>> {
    const frame = await this.next();
    if (frame.kind !== kind) throw new Error(`expected ${kind}, got ${JSON.stringify(frame)}`);
    return frame as FrameOf<K>;
  }

  /** Takes frames up to and including the first of a kind. */
  async takeUntil<K extends Kind>(kind: K): Promise<{ before: ServerFrame[]; frame: FrameOf<K> }> {
    const before: ServerFrame[] = [];
    for (;;) {
      const frame = await this.next();
      if (frame.kind === kind) return { before, frame: frame as FrameOf<K> };
      before.push(frame);
    }
  }

  acknowledge(...ids: readonly Uint8Array[]): void {
    this.send({ kind: 'acknowledge', envelopes: ids });
  }

  /** Everything said before this is on the server's disk. Takes the pong, which must be the next frame but for deliveries. */
  async barrier(): Promise<ServerFrame[]> {
    this.send({ kind: 'ping', re: 0xffff });
    return (await this.takeUntil('pong')).before;
  }

  async close(): Promise<Ended> {
    this.socket.close();
    return this.ended;
  }
}

/** Opens a socket without a word. `origin`: `ws://host:port`. */
export async function openSocket(
  origin: string,
  path: typeof SOCKET_PATH | typeof ANONYMOUS_PATH,
): Promise<SocketClient> {
  const socket = new WebSocket(`${origin}${path}`, { perMessageDeflate: false });
  const client = new SocketClient(socket);
  await new Promise((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('error', reject);
  });
  return client;
}

/** Opens the signed-in socket and says hello. */
export async function openSignedIn(origin: string, token: Uint8Array, counter = 1): Promise<SocketClient> {
  const client = await openSocket(origin, SOCKET_PATH);
  client.send({ kind: 'hello', version: TRANSPORT_VERSION, token: encodeB64u(token), counter });
  return client;
}

/** Opens the anonymous socket and takes its welcome. */
export async function openAnonymous(origin: string): Promise<SocketClient> {
  const client = await openSocket(origin, ANONYMOUS_PATH);
  client.send({ kind: 'hello', version: TRANSPORT_VERSION });
  await client.take('welcome-anonymous');
  return client;
}
