/**
 * Rate limits of routes. With a session the account is counted (its device, for ordinary requests), else the address. A sign-in is
 * counted twice: here by address alone, in the sessions service by name and address.
 */
import type { FastifyRequest } from 'fastify';
import { WireError } from '@tacet/protocol/errors';
import type { RateClass } from '@tacet/protocol/limits';
import type { Limits, Subject } from '../limits/port.ts';
import type { Caller } from '../services/access-tokens.ts';
import { countedAddress } from './client-address.ts';

/** Counts a request. Throws `WireError` `rate-limited`. */
export function limitRequest(
  limits: Limits,
  rate: RateClass,
  request: FastifyRequest,
  caller: Caller | undefined,
): void {
  const verdict = limits.take(rate === 'login' ? 'loginAddress' : rate, subjectOf(rate, request, caller));
  if (verdict.kind === 'allowed') return;
  throw new WireError('rate-limited', 'too many requests', { retryAfterMs: verdict.retryAfterMs });
}

function subjectOf(rate: RateClass, request: FastifyRequest, caller: Caller | undefined): Subject {
  if (caller === undefined) return { kind: 'address', address: countedAddress(request.ip) };
  return { kind: 'id', id: rate === 'ordinary' ? caller.device : caller.account };
}
