/**
 * What becomes of somebody who asks for more than he may: he is told, but not at once, and what else he sends meanwhile is not read. Who is
 * told too often is not told any more: his connection is cut, which costs less than an answer.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { LIMITS } from '@tacet/protocol/limits';
import type { Limits } from '../limits/port.ts';
import { countedAddress } from './client-address.ts';

/** Calls `answer` after the rest, or cuts the connection of an address that has been refused too often. */
export function restThen(
  limits: Limits,
  request: FastifyRequest,
  reply: FastifyReply,
  answer: () => void,
): void {
  const { socket } = request.raw;
  const verdict = limits.take('refusal', { kind: 'address', address: countedAddress(request.ip) });
  if (verdict.kind === 'refused') {
    reply.hijack();
    socket.destroy();
    return;
  }
  setTimeout(() => {
    // A body that nobody wants is not waited for.
    if (!request.raw.complete) {
      void reply.header('connection', 'close');
      reply.raw.once('finish', () => socket.destroySoon());
    }
    answer();
  }, LIMITS.refusalRestMs);
}
