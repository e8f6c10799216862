/**
 * One WebSocket of either kind: its frames in order, its answers bounded, its end told. Requests under way are bounded by not reading
 * further; what the client does not read is bounded by closing. Knows no rule of messaging.
 */
import type { Socket } from 'node:net';
import type { WebSocket } from '@fastify/websocket';
import { ERRORS, isWireError, WireError, type ErrorCode } from '@tacet/protocol/errors';
import { encodeFrame } from '@tacet/protocol/frames/frame';
import type { ServerFrame } from '@tacet/protocol/frames/server';
import { LIMITS, RATES } from '@tacet/protocol/limits';
import { LeakyBucket } from '../limits/memory.ts';
import type { Verdict } from '../limits/port.ts';
import { isStoreError } from '../store/errors.ts';
import type { SocketDeps, SocketKind } from './deps.ts';

/** What a socket does with its frames. Made once the WebSocket is open. */
export interface Protocol {
  /** Handles one frame. What it throws refuses the connection. A promise is a request under way. */
  receive(bytes: Uint8Array): void | Promise<void>;
  /** The connection has ended; nothing can be sent any more. */
  ended(): void;
}

/** What a client may leave unread for longer than a stall: more than deliveries ever leave. */
const UNREAD_BYTES = LIMITS.socketBufferedBytes / 8;
/** What may have arrived of a message while a pong still counts as a sign of life: more than one read brings of the next. */
const UNFINISHED_BYTES = 128 * 1024;
/** Bytes of a client's ping or pong besides its payload (RFC 6455 section 5.2: two, and the mask). */
const CONTROL_BYTES = 6;
/** Requests that an anonymous socket takes from its address's limit at a time, so that the address is hashed once for all of them. */
const ADDRESS_LOT = 8;
/**
 * A connection that asks for more than it may is not read for a while: for as long as it would be refused, at least and at most this.
 * What it sends meanwhile waits on its side of the wire, so a flood costs the others some refusals a second and not a core.
 */
const REST_LEAST_MS = 250;
const REST_MOST_MS = 1_000;
/** How long a client that does not read is given to read why it was closed. */
const FAREWELL_MS = 5_000;

export class Channel {
  readonly kind: SocketKind;
  readonly #socket: WebSocket;
  readonly #connection: Pick<Socket, 'bytesRead'>;
  readonly #deps: SocketDeps;
  readonly #sends: LeakyBucket;
  /** Counted with all other anonymous sockets of its address; `undefined` on a signed-in socket, whose account is known. */
  readonly #address: string | undefined;
  /** Requests taken from the address's limit and not yet used. */
  #lot = 0;
  #protocol: Protocol | undefined;
  readonly #requests = new Set<Promise<void>>();
  #finishing = false;
  #closing: ErrorCode | undefined;
  #over = false;
  /** When the client was last known to be there (time that passes, not the clock), and whether it has spoken since the last look. */
  #heardAt: number;
  #hasSpoken = false;
  #pingedAt: number;
  /** Of what has been read from the connection, the part that is not of an unfinished message. */
  #finishedBytes = 0;
  /** Since when deliveries stand still because the client does not read. */
  #stalledAt: number | undefined;
  /** Since when more than `UNREAD_BYTES` have been left unread. */
  #unreadAt: number | undefined;
  /** Set while nothing is read because the client asked for more than it may. */
  #rest: NodeJS.Timeout | undefined;
  #onClose: (() => void) | undefined;

  /** `connection`: what the WebSocket runs over; `address`: as it is counted. */
  constructor(
    kind: SocketKind,
    socket: WebSocket,
    connection: Pick<Socket, 'bytesRead'>,
    address: string,
    deps: SocketDeps,
  ) {
    this.kind = kind;
    this.#address = kind === 'anonymous' ? address : undefined;
    this.#socket = socket;
    this.#connection = connection;
    this.#deps = deps;
    this.#sends = new LeakyBucket(RATES.send, deps.rateFactor);
    this.#heardAt = performance.now();
    this.#pingedAt = this.#heardAt;
  }

  /** Starts reading. `onClose` is called once, when the connection is over. */
  open(protocol: Protocol, onClose: () => void): void {
    this.#protocol = protocol;
    this.#onClose = onClose;
    this.#socket.on('message', (data: Buffer, binary) => this.#message(data, binary));
    this.#socket.on('ping', (data) => (this.#finishedBytes += CONTROL_BYTES + data.length));
    this.#socket.on('pong', (data) => this.#pong(data));
    this.#socket.on('close', () => this.#end());
    // A protocol violation below frames (RFC 6455); `close` follows.
    this.#socket.on('error', () => this.#socket.terminate());
    this.#deps.metrics.opened(this.kind);
  }

  /** Whether frames can still be sent. */
  get isOpen(): boolean {
    return this.#closing === undefined && !this.#over;
  }

  /** Bytes that the client has not taken yet. */
  get bufferedBytes(): number {
    return this.#socket.bufferedAmount;
  }

  /** Counts sends and requests of this connection, and on an anonymous one of its address. */
  takeSend(cost = 1): Verdict {
    const ofAddress = this.#takeOfAddress(cost);
    const verdict = ofAddress.kind === 'refused' ? ofAddress : this.#sends.take(this.#deps.clock.now(), cost);
    if (verdict.kind === 'refused') this.#takeRest(verdict.retryAfterMs);
    return verdict;
  }

  /** Reads nothing for a while. */
  #takeRest(ms: number): void {
    if (this.#rest !== undefined || !this.isOpen) return;
    this.#rest = setTimeout(
      () => {
        this.#rest = undefined;
        this.#readOn();
      },
      Math.min(Math.max(ms, REST_LEAST_MS), REST_MOST_MS),
    );
    this.#socket.pause();
  }

  /** Reads again unless there is a reason left not to. */
  #readOn(): void {
    if (this.#rest === undefined && this.#requests.size < LIMITS.socketInFlight) this.#socket.resume();
  }

  #takeOfAddress(cost: number): Verdict {
    if (this.#address === undefined) return { kind: 'allowed' };
    if (this.#lot < cost) {
      const lot = Math.max(ADDRESS_LOT, cost);
      const subject = { kind: 'address', address: this.#address } as const;
      const verdict = this.#deps.limits.take('sendAddress', subject, lot);
      if (verdict.kind === 'refused') return verdict;
      this.#lot += lot;
    }
    this.#lot -= cost;
    return { kind: 'allowed' };
  }

  /** Sends a frame; closes a client that leaves too much unread. `flushed` is called when the frame has left this process. */
  send(frame: ServerFrame, flushed?: () => void): void {
    this.sendBytes(encodeFrame(frame), flushed);
  }

  /** As `send`, for a frame that is encoded already. */
  sendBytes(bytes: Uint8Array, flushed?: () => void): void {
    if (!this.isOpen) return;
    if (this.#socket.bufferedAmount > LIMITS.socketBufferedBytes) {
      this.refuse('slow-reader');
      return;
    }
    if (flushed === undefined) this.#socket.send(bytes);
    else this.#socket.send(bytes, () => flushed());
  }

  /** Refuses one request; the connection goes on. */
  refuseRequest(re: number, code: ErrorCode, retryAfterMs?: number): void {
    this.send({ kind: 'refused', re, code, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) });
  }

  /** Refuses the connection: says why, then closes with the code's close code. */
  refuse(code: ErrorCode, retryAfterMs?: number): void {
    if (!this.isOpen) return;
    this.#closing = code;
    this.#deps.metrics.refused(this.kind, code);
    clearTimeout(this.#rest);
    this.#rest = undefined;
    this.#socket.resume();
    this.#socket.send(
      encodeFrame({ kind: 'refused', code, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) }),
    );
    this.#socket.close(ERRORS[code].close, code);
    setTimeout(() => this.#socket.terminate(), FAREWELL_MS).unref();
  }

  /** Takes no more requests, lets those under way be answered, then refuses the connection: the server stops. */
  async finish(): Promise<void> {
    this.#finishing = true;
    await Promise.allSettled(this.#requests);
    this.refuse('shutting-down');
  }

  /** Ends the connection without a word; for the end of a drain. */
  terminate(): void {
    this.#socket.terminate();
  }

  /** Deliveries stand still because the client does not read (or move again). */
  setStalled(stalled: boolean): void {
    if (!stalled) this.#stalledAt = undefined;
    else this.#stalledAt ??= performance.now();
  }

  /** Pings, and ends what is silent or stalled for too long. Called regularly by the gateway. */
  beat(now: number): void {
    if (!this.isOpen) return;
    const { heartbeatMs, heartbeatTimeoutMs, stalledMs } = this.#deps.times;
    if (this.#hasSpoken) {
      this.#hasSpoken = false;
      this.#heardAt = now;
    }
    this.#unreadAt = this.bufferedBytes > UNREAD_BYTES ? (this.#unreadAt ?? now) : undefined;
    if (now - Math.min(this.#stalledAt ?? now, this.#unreadAt ?? now) >= stalledMs) {
      this.refuse('slow-reader');
      return;
    }
    if (now - this.#heardAt >= heartbeatTimeoutMs && this.#requests.size === 0) {
      this.#socket.terminate();
      return;
    }
    if (now - Math.max(this.#pingedAt, this.#heardAt) >= heartbeatMs) {
      this.#pingedAt = now;
      this.#socket.ping();
    }
  }

  /** Maps what a handler threw to a refusal of the request, or of the connection when `re` is absent. */
  failed(error: unknown, re?: number): void {
    const code = this.#codeOf(error);
    const retryAfterMs = isWireError(error) ? error.retryAfterMs : undefined;
    if (re === undefined) this.refuse(code, retryAfterMs);
    else this.refuseRequest(re, code, retryAfterMs);
  }

  #codeOf(error: unknown): ErrorCode {
    if (isWireError(error)) return error.code;
    if (isStoreError(error, 'closed')) return 'shutting-down';
    this.#deps.onError(error);
    return isStoreError(error) ? 'storage-failed' : 'internal';
  }

  /** A client that goes on with other things and leaves a message unfinished is taken for gone: the message is kept in memory. */
  #pong(data: Buffer): void {
    this.#finishedBytes += CONTROL_BYTES + data.length;
    if (this.#connection.bytesRead - this.#finishedBytes <= UNFINISHED_BYTES) this.#hasSpoken = true;
  }

  #message(data: Buffer, binary: boolean): void {
    this.#finishedBytes = this.#connection.bytesRead;
    if (!this.isOpen || this.#finishing || this.#protocol === undefined) return;
    this.#hasSpoken = true;
    try {
      if (!binary) throw new WireError('malformed-frame', 'text message');
      const request = this.#protocol.receive(data);
      if (request !== undefined) this.#follow(request);
    } catch (error) {
      this.failed(error);
    }
  }

  #follow(request: Promise<void>): void {
    this.#requests.add(request);
    if (this.#requests.size === LIMITS.socketInFlight) this.#socket.pause();
    request.then(
      () => this.#settled(request),
      (error: unknown) => {
        this.#settled(request);
        this.failed(error);
      },
    );
  }

  #settled(request: Promise<void>): void {
    const wasFull = this.#requests.size === LIMITS.socketInFlight;
    this.#requests.delete(request);
    if (wasFull) this.#readOn();
  }

  #end(): void {
    if (this.#over) return;
    this.#over = true;
    clearTimeout(this.#rest);
    this.#protocol?.ended();
    this.#deps.metrics.closed(this.kind);
    this.#onClose?.();
  }
}
