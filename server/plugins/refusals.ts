/**
 * What becomes of somebody who asks for more than he may: he is told, but not at once, and what else he sends meanwhile is not read. Who is
 * told too often is not told any more: his connection is held unread and then cut.
 */
import type { Socket } from 'node:net';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { LIMITS } from '@tacet/protocol/limits';
import { OpenByAddress } from '../limits/open-by-address.ts';
import type { Limits } from '../limits/port.ts';
import { bodyBytes } from './rate-limit.ts';
import { countedAddress } from './client-address.ts';
import { holdConnection } from './connections.ts';

/** A body up to this length is read though nobody wants it: it has come with its request, as a rule. */
const UNREAD_BYTES = 64 * 1024;
/** What refuses requests over HTTP for asking too often. */
export class Refusals {
  readonly #limits: Limits;
  /** Those that are held without an answer. */
  readonly #untold = new OpenByAddress();

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  /** Calls `answer` after the rest; the connection of an address that has been refused too often is held instead. */
  restThen(request: FastifyRequest, reply: FastifyReply, answer: () => void): void {
    const { socket } = request.raw;
    const address = countedAddress(request.ip);
    const verdict = this.#limits.take('refusal', { kind: 'address', address });
    if (verdict.kind === 'refused') {
      reply.hijack();
      this.#holdUntold(socket, address);
      return;
    }
    // A long body that nobody wants is not read, and a short one not waited for.
    const isUnread = bodyBytes(request) > UNREAD_BYTES;
    if (isUnread) holdConnection(socket, LIMITS.restMaxMs + LIMITS.heldMs);
    setTimeout(() => {
      if (isUnread) {
        // Not closed but ended: what arrived and was not read would make the answer go with it.
        reply.raw.removeHeader('connection');
        reply.raw.once('finish', () => socket.end());
      } else if (!request.raw.complete) {
        void reply.header('connection', 'close');
        reply.raw.once('finish', () => socket.destroySoon());
      }
      answer();
    }, LIMITS.restMaxMs);
  }

  #holdUntold(socket: Socket, address: string): void {
    if (socket.destroyed) return;
    const { others, left } = this.#untold.enter(address);
    socket.once('close', left);
    // Held ones take room; those of a proxy may be anybody's.
    if (others < LIMITS.heldPerAddress) holdConnection(socket);
    else socket.destroy();
  }
}
