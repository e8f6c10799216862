/** Who calls: the bearer token of the `authorization` header, checked before a body is read. */
import type { FastifyRequest } from 'fastify';
import { WireError } from '@tacet/protocol/errors';
import type { AuthKind } from '@tacet/protocol/route';
import type { Caller } from '../services/access-tokens.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** The authenticated device; `undefined` on routes that anybody may call. */
    caller: Caller | undefined;
  }
}

/** Finds the caller of a token; throws `WireError`. */
export interface Authenticator {
  authenticate(tokenB64u: string): Caller;
}

/** The caller of a request to a route of this kind. Throws `WireError` `unauthorized`, `session-ended`, `device-pending`. */
export function authenticateRequest(
  request: FastifyRequest,
  kind: AuthKind,
  authenticator: Authenticator,
): Caller | undefined {
  if (kind === 'none') return undefined;
  const token = /^Bearer ([A-Za-z0-9_-]{1,100})$/.exec(request.headers.authorization ?? '')?.[1];
  if (token === undefined) throw new WireError('unauthorized', 'no bearer token');
  const caller = authenticator.authenticate(token);
  if (caller.pending && kind === 'session') {
    throw new WireError('device-pending', "the account's list does not name this device yet");
  }
  return caller;
}
