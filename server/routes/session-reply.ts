/** How a session is told to its device: the access token in the body, the refresh token in a cookie that scripts cannot read. */
import type { FastifyReply } from 'fastify';
import { LIMITS } from '@tacet/protocol/limits';
import { REFRESH_COOKIE, REFRESH_PATH, type SessionReply } from '@tacet/protocol/rest/sessions';
import { encodeB64u } from '@tacet/protocol/bytes';
import type { Origins } from '../config/origins.ts';
import type { OpenedSession } from '../services/sessions.ts';

/** Sets the cookie; gives the body. */
export function openSession(reply: FastifyReply, origins: Origins, session: OpenedSession): SessionReply {
  void reply.setCookie(REFRESH_COOKIE, session.refreshToken, {
    ...cookieScope(origins),
    maxAge: LIMITS.refreshTokenAgeMs / 1000,
  });
  return {
    account: session.account,
    device: session.device,
    accessToken: encodeB64u(session.accessToken),
    expiresAt: session.expiresAt,
    pending: session.pending,
  };
}

/** Takes the cookie back. */
export function clearRefreshCookie(reply: FastifyReply, origins: Origins): void {
  void reply.clearCookie(REFRESH_COOKIE, cookieScope(origins));
}

function cookieScope(origins: Origins) {
  return { path: REFRESH_PATH, httpOnly: true, sameSite: 'strict', secure: origins.secure } as const;
}
