/**
 * What becomes of somebody who asks for more than he may: he is told, but not at once, and what else he sends meanwhile is not read. Who is
 * told too often is not told any more: his connection is held unread and then cut.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { LIMITS } from '@tacet/protocol/limits';
import type { Limits } from '../limits/port.ts';
import { bodyBytes } from './rate-limit.ts';
import { countedAddress } from './client-address.ts';
import { holdConnection } from './connections.ts';

/** Calls `answer` after a rest of `forMs`; the connection of an address that has been refused too often is held instead. */
export function restThen(
  limits: Limits,
  request: FastifyRequest,
  reply: FastifyReply,
  forMs: number,
  answer: () => void,
): void {
  const { socket } = request.raw;
  const verdict = limits.take('refusal', { kind: 'address', address: countedAddress(request.ip) });
  if (verdict.kind === 'refused') {
    reply.hijack();
    holdConnection(socket);
    return;
  }
  // A long body that nobody wants is not read, and a short one not waited for.
  const isUnread = bodyBytes(request) > LIMITS.countedRequestBytes;
  if (isUnread) holdConnection(socket);
  setTimeout(() => {
    if (isUnread) reply.raw.once('finish', () => socket.end());
    else if (!request.raw.complete) {
      void reply.header('connection', 'close');
      reply.raw.once('finish', () => socket.destroySoon());
    }
    answer();
  }, forMs);
}
