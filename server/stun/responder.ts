/**
 * Our own STUN server: tells whoever asks over UDP which address he has, so that two people can call each other directly without asking
 * anybody else. It keeps nothing and logs nobody. An answer is hardly longer than its question and each address gets few, so that it serves
 * nobody for flooding others; and a flood of questions closes the port for a second at a time, since reading them would keep
 * everybody else waiting. A call then goes through the relay.
 */
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { isIPv6 } from 'node:net';
import type { Limits } from '../limits/port.ts';
import { countedAddress } from '../plugins/client-address.ts';
import { answerBinding, parseBindingRequest } from './message.ts';

/** Datagrams read in a second, some 8 Mbit of the shortest: as many as take a tenth of a core. A browser sends a handful for each call. */
const READ_MOST = 15_000;
const WINDOW_MS = 1_000;

/** A responder that is open. */
export interface StunResponder {
  readonly port: number;
  /** Idempotent. */
  close(): void;
}

/** Opens it on one address; port 0: any free one; `readMost`: for tests. Rejects with what the operating system says. */
export async function openStunResponder(
  address: string,
  port: number,
  limits: Limits,
  readMost = READ_MOST,
): Promise<StunResponder> {
  const responder = new Responder(address, limits, readMost);
  try {
    await responder.open(port);
  } catch (error) {
    responder.close();
    throw error;
  }
  return responder;
}

class Responder implements StunResponder {
  readonly #address: string;
  readonly #limits: Limits;
  readonly #readMost: number;
  #socket: Socket | undefined;
  #port = 0;
  #read = 0;
  readonly #window: NodeJS.Timeout;
  #closed = false;

  constructor(address: string, limits: Limits, readMost: number) {
    this.#address = address;
    this.#limits = limits;
    this.#readMost = readMost;
    this.#window = setInterval(() => this.#nextWindow(), WINDOW_MS).unref();
  }

  get port(): number {
    return this.#port;
  }

  async open(port: number): Promise<void> {
    const socket = isIPv6(this.#address)
      ? createSocket({ type: 'udp6', ipv6Only: true })
      : createSocket({ type: 'udp4' });
    socket.on('message', (bytes, from) => this.#heard(bytes, from));
    try {
      socket.bind(port, this.#address);
      await once(socket, 'listening');
    } catch (error) {
      socket.close();
      throw error;
    }
    // What an answer meets on its way is nobody's fault here.
    socket.on('error', () => undefined);
    this.#port = socket.address().port;
    this.#socket = socket;
    // It was closed meanwhile.
    if (this.#closed) this.#shut();
  }

  close(): void {
    this.#closed = true;
    clearInterval(this.#window);
    this.#shut();
  }

  #heard(bytes: Buffer, from: RemoteInfo): void {
    this.#read += 1;
    if (this.#read > this.#readMost) {
      this.#shut();
      return;
    }
    const request = parseBindingRequest(bytes);
    // Nothing is answered to a port that nobody can have.
    if (request === undefined || from.port === 0) return;
    const verdict = this.#limits.take('stun', { kind: 'address', address: countedAddress(from.address) });
    if (verdict.kind === 'allowed') this.#socket?.send(answerBinding(request, from), from.port, from.address);
  }

  #nextWindow(): void {
    this.#read = 0;
    // The port may be somebody else's by now: it is tried again in a second.
    if (this.#socket === undefined && !this.#closed) this.open(this.#port).catch(() => undefined);
  }

  #shut(): void {
    this.#socket?.close();
    this.#socket = undefined;
  }
}
