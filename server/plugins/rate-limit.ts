/**
 * Rate limits of requests. Every request counts against its address, by its size; then by its route: with a session the account is counted
 * (its device, for ordinary requests), else the address. A sign-in is counted twice: here by address alone, in the sessions service by
 * name and address.
 */
import type { FastifyRequest } from 'fastify';
import { WireError } from '@tacet/protocol/errors';
import { LIMITS, type RateClass } from '@tacet/protocol/limits';
import type { Limits, Subject, Verdict } from '../limits/port.ts';
import type { Caller } from '../services/access-tokens.ts';
import { countedAddress } from './client-address.ts';

/** Counts a request of whatever kind against its address, before anything is done for it. Throws `WireError` `rate-limited`. */
export function limitAddress(limits: Limits, request: FastifyRequest): void {
  const cost = 1 + Math.floor(bodyBytes(request) / LIMITS.countedRequestBytes);
  const address = countedAddress(request.ip);
  throwRefused(limits.take('request', { kind: 'address', address }, cost));
}

/** How long the body of a request is by its head, bytes; at most what its route reads. */
export function bodyBytes({ headers, routeOptions: { bodyLimit } }: FastifyRequest): number {
  const isTold = headers['transfer-encoding'] === undefined;
  return isTold ? Math.min(Number(headers['content-length'] ?? 0), bodyLimit) : bodyLimit;
}

/** Counts a request. Throws `WireError` `rate-limited`. */
export function limitRequest(
  limits: Limits,
  rate: RateClass,
  request: FastifyRequest,
  caller: Caller | undefined,
): void {
  throwRefused(limits.take(rate === 'login' ? 'loginAddress' : rate, subjectOf(rate, request, caller)));
}

function throwRefused(verdict: Verdict): void {
  if (verdict.kind === 'allowed') return;
  throw new WireError('rate-limited', 'too many requests', { retryAfterMs: verdict.retryAfterMs });
}

function subjectOf(rate: RateClass, request: FastifyRequest, caller: Caller | undefined): Subject {
  if (caller === undefined) return { kind: 'address', address: countedAddress(request.ip) };
  return { kind: 'id', id: rate === 'ordinary' ? caller.device : caller.account };
}
