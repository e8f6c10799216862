/** Challenges, sign-in, renewal, sign-out. */
import type { FastifyInstance } from 'fastify';
import { Bytes } from '@tacet/protocol/bytes';
import { LIMITS } from '@tacet/protocol/limits';
import * as routes from '@tacet/protocol/rest/sessions';
import { Signed } from '@tacet/protocol/shapes';
import { isWireError } from '@tacet/protocol/errors';
import { parseCarried, toJson } from '../carrier.ts';
import type { Deps } from '../deps.ts';
import { countedAddress } from '../plugins/client-address.ts';
import { bindRoute } from './bind.ts';
import { clearRefreshCookie, openSession } from './session-reply.ts';

const SIGNED = Signed(Bytes, LIMITS.signedRequestMaxBytes);

export function bindSessions(app: FastifyInstance, deps: Deps): void {
  const { sessions, origins } = deps;
  bindRoute(app, deps, routes.newChallenge, () => toJson(sessions.challenge()));
  bindRoute(app, deps, routes.login, async ({ body, request, reply }) =>
    openSession(reply, origins, await sessions.login(parseCarried(SIGNED, body), countedAddress(request.ip))),
  );
  bindRoute(app, deps, routes.renewSession, async ({ body, request, reply }) => {
    try {
      const refreshToken = request.cookies[routes.REFRESH_COOKIE];
      return openSession(reply, origins, await sessions.renew(parseCarried(SIGNED, body), refreshToken));
    } catch (error) {
      if (isWireError(error, 'session-ended')) clearRefreshCookie(reply, origins);
      throw error;
    }
  });
  bindRoute(app, deps, routes.signOut, async ({ caller, body, reply }) => {
    const { departure } = body;
    await sessions.signOut(caller, departure === undefined ? undefined : parseCarried(SIGNED, departure));
    clearRefreshCookie(reply, origins);
    return undefined;
  });
}
