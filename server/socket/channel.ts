/**
 * One WebSocket of either kind: its frames in order, its answers bounded, its end told. Requests under way are bounded by not reading
 * further; what the client does not read is bounded by closing. Knows no rule of messaging.
 */
import type { Socket } from 'node:net';
import type { WebSocket } from '@fastify/websocket';
import { ERRORS, isWireError, WireError, type ErrorCode } from '@tacet/protocol/errors';
import { encodeFrame } from '@tacet/protocol/frames/frame';
import type { ServerFrame } from '@tacet/protocol/frames/server';
import type { DeviceId } from '@tacet/protocol/ids';
import { LIMITS } from '@tacet/protocol/limits';
import type { Verdict } from '../limits/port.ts';
import { isStoreError } from '../store/errors.ts';
import { Allowance } from './allowance.ts';
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
/** What no client of this protocol sends: the address pays for it, as opening the next socket must cost more than it costs the server. */
const VIOLATIONS: ReadonlySet<ErrorCode> = new Set(['malformed-frame', 'unexpected-frame']);
/**
 * What may still arrive of a client once either side has said that it closes: more than what is usually on its way. Who sends more has been
 * told why already.
 */
const AFTERWARDS_BYTES = 256 * 1024;
/** How long a client is given to read why it was closed. */
const FAREWELL_MS = 5_000;

export class Channel {
  readonly kind: SocketKind;
  readonly #socket: WebSocket;
  readonly #connection: Socket;
  readonly #deps: SocketDeps;
  readonly #allowance: Allowance;
  #protocol: Protocol | undefined;
  readonly #requests = new Set<Promise<void>>();
  #finishing = false;
  #closing: ErrorCode | undefined;
  #over = false;
  /** When the client was last known to be there (time that passes, not the clock), and whether it has spoken since the last look. */
  #heardAt: number;
  #hasSpoken = false;
  #pingedAt: number;
  /** Of the message that is being handled. */
  #messageBytes = 0;
  /** Bytes that had been read when either side had said that it closes. */
  #bytesAtClose: number | undefined;
  #isHeld = false;
  /** Of what has been read from the connection, the part that is not of an unfinished message. */
  #finishedBytes = 0;
  /** Since when deliveries stand still because the client does not read. */
  #stalledAt: number | undefined;
  /** Since when more than `UNREAD_BYTES` have been left unread. */
  #unreadAt: number | undefined;
  /** Set while nothing is read because the client asked for more than it may. */
  #rest: NodeJS.Timeout | undefined;
  #cutTimer: NodeJS.Timeout | undefined;
  #onClose: (() => void) | undefined;

  /** `connection`: what the WebSocket runs over; `address`: as it is counted. */
  constructor(kind: SocketKind, socket: WebSocket, connection: Socket, address: string, deps: SocketDeps) {
    this.kind = kind;
    this.#socket = socket;
    this.#connection = connection;
    this.#deps = deps;
    this.#allowance = new Allowance(kind, address, deps);
    this.#heardAt = performance.now();
    this.#pingedAt = this.#heardAt;
  }

  /** Starts reading. `onClose` is called once, when the connection is over. */
  open(protocol: Protocol, onClose: () => void): void {
    this.#protocol = protocol;
    this.#onClose = onClose;
    this.#socket.on('message', (data: Buffer, binary) => this.#message(data, binary));
    this.#socket.on('ping', (data) => this.#control(data));
    this.#socket.on('pong', (data) => this.#pong(data));
    this.#socket.on('close', () => this.#end());
    // A protocol violation below frames (RFC 6455); `close` follows.
    this.#socket.on('error', () => {
      this.#allowance.violated();
      this.#socket.terminate();
    });
    // After the messages of the same bytes.
    this.#connection.on('data', () => this.#boundAfterwards());
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

  /** It is this device's from now on. */
  signedIn(device: DeviceId): void {
    this.#allowance.signedIn(device);
  }

  /**
   * Counts sends and requests of this connection and of its address or device, by the size of the message that they came in. A client that asks for more
   * than it may is not read for a while: what it sends meanwhile waits on its side of the wire, so that a flood costs the others some
   * refusals a second and not a core. One that goes on is refused altogether.
   */
  takeSend(count = 1): Verdict {
    const verdict = this.#allowance.take(count, this.#messageBytes);
    if (verdict.kind === 'refused') {
      if (verdict.cut === true) this.#cut(verdict.retryAfterMs);
      else this.#takeRest(verdict.retryAfterMs);
    }
    return verdict;
  }

  /** Counts the admission to a room against the address. */
  takeAdmission(): Verdict {
    return this.#allowance.takeAdmission();
  }

  /** Reads nothing for a while. */
  #takeRest(ms: number): void {
    if (this.#rest !== undefined || !this.isOpen) return;
    this.#rest = setTimeout(
      () => {
        this.#rest = undefined;
        this.#readOn();
      },
      Math.min(Math.max(ms, LIMITS.restMinMs), LIMITS.restMaxMs),
    );
    this.#socket.pause();
  }

  /** Reads again unless there is a reason left not to. */
  #readOn(): void {
    if (this.#isHeld) return;
    if (this.#rest === undefined && this.#requests.size < LIMITS.socketInFlight) this.#socket.resume();
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
    this.#terminateIn(FAREWELL_MS);
  }

  /** Takes no more requests, lets those under way be answered, then refuses the connection: the server stops. */
  async finish(): Promise<void> {
    this.#finishing = true;
    if (this.#isHeld) this.#socket.terminate();
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

  /** Maps what a handler threw to a refusal of the request, or of the connection when `re` is absent. `task`: what failed, for the log. */
  failed(error: unknown, task: string, re?: number): void {
    const code = this.#codeOf(error, task);
    const retryAfterMs = isWireError(error) ? error.retryAfterMs : undefined;
    if (re === undefined) {
      if (VIOLATIONS.has(code)) this.#allowance.violated();
      this.refuse(code, retryAfterMs);
    } else this.refuseRequest(re, code, retryAfterMs);
  }

  #codeOf(error: unknown, task: string): ErrorCode {
    if (isWireError(error)) return error.code;
    if (isStoreError(error, 'closed')) return 'shutting-down';
    this.#deps.onError(error, { socket: this.kind, task });
    return isStoreError(error) ? 'storage-failed' : 'internal';
  }

  /** Pings and pongs below frames. No honest client has many. */
  #control(data: Buffer): void {
    this.#finishedBytes += CONTROL_BYTES + data.length;
    if (!this.isOpen) return;
    const verdict = this.#allowance.takeControl();
    if (verdict.kind === 'refused') this.#cut(verdict.retryAfterMs);
  }

  #cut(retryAfterMs: number): void {
    this.#allowance.abused();
    this.refuse('rate-limited', retryAfterMs);
    this.#hold();
  }

  /** Holds a client that goes on sending after it was told to go, or has said that it goes. */
  #boundAfterwards(): void {
    if (this.#socket.readyState === this.#socket.OPEN) return;
    const { bytesRead } = this.#connection;
    this.#bytesAtClose ??= bytesRead;
    // The WebSocket reads on by itself for an answer to its close.
    if (this.#isHeld) this.#connection.pause();
    else if (bytesRead - this.#bytesAtClose > AFTERWARDS_BYTES) this.#hold();
  }

  /** Reads nothing more, though a close of the client's would be in it, and cuts the connection in a while (`LIMITS.heldMs`). */
  #hold(): void {
    if (this.#isHeld || this.#over) return;
    this.#isHeld = true;
    this.#socket.pause();
    this.#connection.pause();
    this.#connection.end();
    this.#terminateIn(LIMITS.heldMs);
  }

  /** Cuts the connection if it is not over by then. A timer that outlived it would keep all of it in memory. */
  #terminateIn(ms: number): void {
    clearTimeout(this.#cutTimer);
    this.#cutTimer = setTimeout(() => this.#socket.terminate(), ms).unref();
  }

  /** A client that goes on with other things and leaves a message unfinished is taken for gone: the message is kept in memory. */
  #pong(data: Buffer): void {
    this.#control(data);
    if (this.#connection.bytesRead - this.#finishedBytes <= UNFINISHED_BYTES) this.#hasSpoken = true;
  }

  #message(data: Buffer, binary: boolean): void {
    this.#finishedBytes = this.#connection.bytesRead;
    if (!this.isOpen || this.#finishing || this.#protocol === undefined) return;
    this.#hasSpoken = true;
    this.#messageBytes = data.length;
    try {
      if (!binary) throw new WireError('malformed-frame', 'text message');
      const request = this.#protocol.receive(data);
      if (request !== undefined) this.#follow(request);
    } catch (error) {
      this.failed(error, 'read');
    }
  }

  #follow(request: Promise<void>): void {
    this.#requests.add(request);
    if (this.#requests.size === LIMITS.socketInFlight) this.#socket.pause();
    request.then(
      () => this.#settled(request),
      (error: unknown) => {
        this.#settled(request);
        this.failed(error, 'answer');
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
    clearTimeout(this.#cutTimer);
    this.#protocol?.ended();
    this.#deps.metrics.closed(this.kind);
    this.#onClose?.();
  }
}
