/** A media server in another process, seen from the server that controls it. */
import { WebSocket } from 'ws';
import type { CallAnswer, CallEvent } from '@tacet/protocol/calls/answers';
import { LINK_PATH, LinkReply, type LinkRequest } from '@tacet/protocol/calls/link';
import { encodeCbor, parseCbor } from '@tacet/protocol/cbor';
import type { CallChannel, Sfu } from './control.ts';
import { CallError, isCallErrorCode } from './errors.ts';

export interface RemoteOptions {
  /** ws: or wss:, host and port. */
  readonly origin: string;
  readonly secret: string;
  /** The link is lost, and all its channels: each client may resume over a new one. */
  readonly onLost: () => void;
}

interface Pending {
  readonly resolve: (answer: CallAnswer) => void;
  readonly reject: (error: CallError) => void;
}

const HANDSHAKE_MS = 10_000;
const PING_MS = 10_000;

/** Links to a media server. Rejects with `CallError` `calls-unavailable` where it is not there or does not know the secret. */
export async function openRemoteSfu({ origin, secret, onLost }: RemoteOptions): Promise<Sfu> {
  const socket = new WebSocket(new URL(LINK_PATH, origin), {
    headers: { authorization: `Bearer ${secret}` },
    handshakeTimeout: HANDSHAKE_MS,
    // An answer reaches who asked before the events that follow it.
    allowSynchronousEvents: false,
    perMessageDeflate: false,
  });
  await new Promise<void>((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('error', (cause) => reject(new CallError('calls-unavailable', 'no link', { cause })));
  });
  return new RemoteSfu(socket, onLost);
}

class RemoteSfu implements Sfu {
  readonly #socket: WebSocket;
  readonly #channels = new Map<number, RemoteChannel>();
  readonly #pinging: NodeJS.Timeout;
  #next = 0;
  #isHeard = true;

  constructor(socket: WebSocket, onLost: () => void) {
    this.#socket = socket;
    socket.on('message', (data) => {
      try {
        if (Buffer.isBuffer(data)) this.#take(parseCbor(LinkReply, data));
      } catch {
        socket.terminate();
      }
    });
    socket.on('pong', () => (this.#isHeard = true));
    socket.on('error', () => socket.terminate());
    socket.on('close', () => {
      clearInterval(this.#pinging);
      for (const channel of this.#channels.values()) channel.lost();
      this.#channels.clear();
      onLost();
    });
    this.#pinging = setInterval(() => {
      if (!this.#isHeard) socket.terminate();
      this.#isHeard = false;
      if (socket.readyState === socket.OPEN) socket.ping();
    }, PING_MS);
    this.#pinging.unref();
  }

  open(onEvent: (event: CallEvent) => void): CallChannel {
    const channel = this.#next++;
    this.#send({ kind: 'open', channel });
    const opened = new RemoteChannel(onEvent, (frame) => {
      if (frame.kind === 'close') this.#channels.delete(channel);
      this.#send({ ...frame, channel });
    });
    if (this.#socket.readyState === this.#socket.OPEN) this.#channels.set(channel, opened);
    else opened.lost();
    return opened;
  }

  async close(): Promise<void> {
    if (this.#socket.readyState === this.#socket.CLOSED) return;
    await new Promise((resolve) => {
      this.#socket.once('close', resolve);
      this.#socket.close();
    });
  }

  #take(frame: LinkReply): void {
    this.#channels.get(frame.channel)?.take(frame);
  }

  #send(frame: LinkRequest): void {
    if (this.#socket.readyState === this.#socket.OPEN) this.#socket.send(encodeCbor(frame));
  }
}

type Outgoing =
  { readonly kind: 'request'; readonly re: number; readonly request: unknown } | { readonly kind: 'close' };

class RemoteChannel implements CallChannel {
  readonly #onEvent: (event: CallEvent) => void;
  readonly #send: (frame: Outgoing) => void;
  readonly #pending = new Map<number, Pending>();
  #next = 0;
  #closed = false;

  constructor(onEvent: (event: CallEvent) => void, send: (frame: Outgoing) => void) {
    this.#onEvent = onEvent;
    this.#send = send;
  }

  async request(request: unknown): Promise<CallAnswer> {
    if (this.#closed) throw new CallError('calls-unavailable', 'the channel is closed');
    const re = this.#next++;
    const { promise, resolve, reject } = Promise.withResolvers<CallAnswer>();
    this.#pending.set(re, { resolve, reject });
    this.#send({ kind: 'request', re, request });
    return promise;
  }

  close(): void {
    if (this.#closed) return;
    this.#send({ kind: 'close' });
    this.lost();
  }

  /** The link is gone, or this channel. */
  lost(): void {
    this.#closed = true;
    for (const { reject } of this.#pending.values())
      reject(new CallError('calls-unavailable', 'the link is lost'));
    this.#pending.clear();
  }

  take(frame: LinkReply): void {
    if (frame.kind === 'event') {
      this.#onEvent(frame.event);
      return;
    }
    const pending = this.#pending.get(frame.re);
    this.#pending.delete(frame.re);
    if (frame.kind === 'answer') pending?.resolve(frame.answer);
    else pending?.reject(refusalOf(frame));
  }
}

function refusalOf({ code, retryAfterMs }: LinkReply & { readonly kind: 'refused' }): CallError {
  const known = isCallErrorCode(code) ? code : 'internal';
  return new CallError(
    known,
    'refused by the media server',
    retryAfterMs === undefined ? {} : { retryAfterMs },
  );
}
