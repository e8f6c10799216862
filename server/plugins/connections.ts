/**
 * Connections before anything is asked over them: how many one address may have and open, and that their requests are taken one at a time. Node
 * hands a server all the requests of one read, thousands of short ones, before anybody else has his turn; here the next one is read
 * when the one before has been answered, in a turn of its own.
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { LIMITS } from '@tacet/protocol/limits';
import type { Limits } from '../limits/port.ts';
import { OpenByAddress } from '../limits/open-by-address.ts';
import { countedAddress } from './client-address.ts';

/** Ends the head of a request (RFC 9112 section 2.1). */
const END_OF_HEAD = Buffer.from('\r\n\r\n');

const [CR, LF] = END_OF_HEAD;
/** Of a body so much is parsed at least at a time, whatever it looks like. */
const BODY_PIECE_BYTES = 1024;

/** Connections that are not read any more. */
const held = new WeakSet<Socket>();
/** What reads the requests of each connection. */
const turns = new WeakMap<Socket, Turns>();

/** Reads nothing more of a connection and cuts it in a while: that costs nothing, and its owner the time. */
export function holdConnection(socket: Socket, forMs: number = LIMITS.heldMs): void {
  if (socket.destroyed || held.has(socket)) return;
  held.add(socket);
  socket.pause();
  turns.get(socket)?.forget();
  const timer = setTimeout(() => socket.destroy(), forMs).unref();
  socket.once('close', () => clearTimeout(timer));
}

/**
 * Holds what an address opens beyond its share, and cuts what it opens beyond twice that. Not for a server behind a proxy, whose
 * connections carry everybody's requests. To be called after whoever reads requests has begun to listen.
 */
export function limitConnections(server: Server, limits: Limits): void {
  const open = new OpenByAddress();
  const leave = new WeakMap<Socket, () => void>();
  const gone = (socket: Socket): void => {
    leave.get(socket)?.();
    leave.delete(socket);
  };
  // Whoever reads requests does not hear of a connection that is not read.
  const readers = server.listeners('connection');
  server.removeAllListeners('connection');
  server.on('connection', (socket: Socket) => {
    const { remoteAddress } = socket;
    // It has gone already.
    if (remoteAddress === undefined) {
      socket.destroy();
      return;
    }
    const address = countedAddress(remoteAddress);
    const { others, left } = open.enter(address);
    leave.set(socket, left);
    socket.once('close', () => gone(socket));
    if (others >= 2 * LIMITS.connectionsPerAddress) {
      socket.destroy();
      return;
    }
    const verdict = limits.take('connection', { kind: 'address', address });
    if (verdict.kind === 'refused' || others >= LIMITS.connectionsPerAddress) {
      socket.on('error', () => undefined);
      holdConnection(socket);
      return;
    }
    for (const read of readers) Reflect.apply(read, server, [socket]);
  });
  // Sockets have a share of their own.
  server.prependListener('upgrade', ({ socket }: IncomingMessage) => gone(socket));
}

/** Takes the requests of each connection one at a time. To be called before the server listens. */
export function takeTurns(server: Server): void {
  server.on('connection', (socket: Socket) => {
    if (!socket.destroyed) turns.set(socket, new Turns(socket));
  });
  server.prependListener('request', (request: IncomingMessage, response: ServerResponse) => {
    turns.get(request.socket)?.began(request, response);
  });
  server.prependListener('upgrade', ({ socket }: IncomingMessage) => turns.get(socket)?.handOver());
}

/** One connection: what has been read of it goes to Node's parser request by request. */
class Turns {
  readonly #socket: Socket;
  readonly #parse: (bytes: Buffer) => void;
  readonly #take = (bytes: Buffer): void => this.#took(bytes);
  /** Read and not yet parsed. */
  #waiting: Buffer = Buffer.alloc(0);
  /** The end of what was parsed last, in which an end of a head may have begun. */
  #before: Buffer = Buffer.alloc(0);
  #newest: IncomingMessage | undefined;
  #unanswered = 0;
  #isUpgraded = false;

  constructor(socket: Socket) {
    this.#socket = socket;
    const [parse] = socket.listeners('data');
    if (parse === undefined) throw new Error('the HTTP server does not listen to its connection');
    this.#parse = (bytes) => void Reflect.apply(parse, socket, [bytes]);
    // Node parses below JavaScript until somebody else listens.
    socket.removeAllListeners('data');
    socket.on('data', this.#take);
  }

  /** A request has been read as far as its head. */
  began(request: IncomingMessage, response: ServerResponse): void {
    this.#newest = request;
    this.#unanswered += 1;
    response.once('close', () => {
      this.#unanswered -= 1;
      setImmediate(() => this.#go());
    });
  }

  /** Nothing more is parsed, and what waited for it goes. */
  forget(): void {
    this.#waiting = Buffer.alloc(0);
  }

  /** The connection is no longer HTTP: what waits is for whoever reads it next. */
  handOver(): void {
    this.#isUpgraded = true;
    this.#socket.off('data', this.#take);
  }

  #took(bytes: Buffer): void {
    if (held.has(this.#socket)) {
      // Node reads on by itself once a request has been answered.
      this.#socket.pause();
      return;
    }
    this.#waiting = this.#waiting.length === 0 ? bytes : Buffer.concat([this.#waiting, bytes]);
    this.#go();
  }

  /** Whether the next request has to wait; the body of the newest one never does. */
  #isHeld(): boolean {
    return this.#unanswered > 1 || (this.#unanswered === 1 && this.#newest?.complete === true);
  }

  #go(): void {
    while (this.#waiting.length > 0 && !this.#socket.destroyed && !held.has(this.#socket)) {
      if (this.#isHeld()) {
        this.#socket.pause();
        return;
      }
      this.#parse(this.#nextPiece());
      if (this.#isUpgraded) {
        if (this.#waiting.length > 0) this.#socket.unshift(this.#waiting);
        return;
      }
    }
    if (this.#socket.isPaused() && !held.has(this.#socket)) this.#socket.resume();
  }

  /** Takes what waits up to the end of the next head, or all of it when none ends there. */
  #nextPiece(): Buffer {
    const end = this.#endOfHead() ?? this.#waiting.length;
    const piece = this.#waiting.subarray(0, end);
    this.#waiting = this.#waiting.subarray(end);
    const begun = Buffer.concat([this.#before, piece.subarray(-END_OF_HEAD.length)]);
    this.#before = begun.subarray(1 - END_OF_HEAD.length);
    return piece;
  }

  #endOfHead(): number | undefined {
    const isBody = this.#unanswered > 0;
    const start = this.#waiting.subarray(0, END_OF_HEAD.length - 1);
    const across = isBody ? -1 : Buffer.concat([this.#before, start]).indexOf(END_OF_HEAD);
    const at = this.#waiting.indexOf(END_OF_HEAD, isBody ? BODY_PIECE_BYTES : 0);
    if (across < 0 && at < 0) return undefined;
    let end = (across >= 0 ? across - this.#before.length : at) + END_OF_HEAD.length;
    // Empty lines before a request are nothing.
    while (this.#waiting[end] === CR || this.#waiting[end] === LF) end += 1;
    return end;
  }
}
