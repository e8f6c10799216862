/** Clients of the socket for calls, which a test drives as it does those of a media server beside it. Waiting is by frame, never by time. */
import WebSocket from 'ws';
import {
  CALLS_PATH,
  encodeCallsRequest,
  parseCallsReply,
  type CallsAnswer,
  type CallsReplyFrame,
  type CallsRequest,
} from '@tacet/protocol/frames/calls';
import type { CallAnswer, CallEvent } from '@tacet/protocol/calls/answers';
import type { Sfu } from '@tacet/sfu/control';
import { CallError, isCallErrorCode } from '../../sfu/errors.ts';
import { SfuClient } from './sfu-client.ts';

/** A refusal of one request, or of the connection. */
export class Refusal extends CallError {
  /** Also the codes that a media server has not. */
  readonly wireCode: string;

  constructor(code: string, retryAfterMs: number | undefined) {
    super(
      isCallErrorCode(code) ? code : 'internal',
      code,
      retryAfterMs === undefined ? {} : { retryAfterMs },
    );
    this.wireCode = code;
  }
}

interface Pending {
  readonly resolve: (answer: CallsAnswer) => void;
  readonly reject: (refusal: Refusal) => void;
}

export class CallsConnection {
  readonly socket: WebSocket;
  readonly ended: Promise<{ readonly code: number }>;
  /** Everything that was said, in order. */
  readonly replies: CallsReplyFrame[] = [];
  readonly #pending = new Map<number, Pending>();
  readonly #onEvent: (event: CallEvent) => void;
  #next = 0;

  constructor(socket: WebSocket, onEvent: (event: CallEvent) => void = () => undefined) {
    this.socket = socket;
    this.#onEvent = onEvent;
    this.ended = new Promise((resolve) => {
      socket.on('close', (code) => {
        for (const { reject } of this.#pending.values()) reject(new Refusal('calls-unavailable', undefined));
        resolve({ code });
      });
    });
    socket.on('message', (data: Buffer) => this.#take(parseCallsReply(data)));
    // `ended` says it.
    socket.on('error', () => undefined);
  }

  /** Rejects with `Refusal`. */
  async ask(request: CallsRequest): Promise<CallsAnswer> {
    if (this.socket.readyState !== this.socket.OPEN) throw new Refusal('calls-unavailable', undefined);
    const { promise, resolve, reject } = Promise.withResolvers<CallsAnswer>();
    const re = this.#next++;
    this.#pending.set(re, { resolve, reject });
    this.socket.send(encodeCallsRequest(re, request));
    return promise;
  }

  /** What was said to a request that went out as bytes. Throws when the connection ends without it. */
  async replyTo(re: number): Promise<CallsReplyFrame> {
    for (;;) {
      const reply = this.replies.find((one) => one.kind !== 'event' && one.re === re);
      if (reply !== undefined) return reply;
      if (this.socket.readyState !== this.socket.OPEN) throw new Refusal('calls-unavailable', undefined);
      await Promise.race([this.ended, new Promise((resolve) => this.socket.once('message', resolve))]);
    }
  }

  async close(): Promise<void> {
    this.socket.close();
    await this.ended;
  }

  #take(reply: CallsReplyFrame): void {
    this.replies.push(reply);
    if (reply.kind === 'event') {
      this.#onEvent(reply.event);
      return;
    }
    if (reply.re === undefined) return;
    const pending = this.#pending.get(reply.re);
    this.#pending.delete(reply.re);
    if (reply.kind === 'answer') pending?.resolve(reply.answer);
    else pending?.reject(new Refusal(reply.code, reply.retryAfterMs));
  }
}

/** Opens the socket. `origin`: `ws://host:port`. */
export async function openCalls(
  origin: string,
  onEvent?: (event: CallEvent) => void,
): Promise<CallsConnection> {
  const socket = new WebSocket(`${origin}${CALLS_PATH}`, { perMessageDeflate: false });
  const connection = new CallsConnection(socket, onEvent);
  await new Promise((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('error', reject);
  });
  return connection;
}

/** A participant whose requests go over a socket of its own. */
export async function openCaller(
  origin: string,
): Promise<{ readonly client: SfuClient; readonly connection: CallsConnection }> {
  let tell: ((event: CallEvent) => void) | undefined;
  const connection = await openCalls(origin, (event) => tell?.(event));
  const sfu: Sfu = {
    open(onEvent) {
      tell = onEvent;
      return {
        request: async (request) => (await connection.ask(request as CallsRequest)) as CallAnswer,
        close: () => connection.socket.close(),
      };
    },
    close: async () => connection.close(),
  };
  return { client: new SfuClient(sfu), connection };
}

/** Asks until the media server is ready: it may still be starting. */
export async function untilRelayed(connection: CallsConnection): Promise<void> {
  for (;;) {
    const answer = await connection.ask({ kind: 'call-servers' });
    if (answer.kind !== 'call-servers' || answer.relay === 'ready') return;
    if (answer.relay === 'none') throw new Error('there is no media server');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
