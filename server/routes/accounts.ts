/** Sign-up, credentials, the account record and profile, the delivery key, deletion. */
import type { FastifyInstance } from 'fastify';
import { Bytes } from '@tacet/protocol/bytes';
import { LIMITS } from '@tacet/protocol/limits';
import * as routes from '@tacet/protocol/rest/accounts';
import { Signed, Versioned } from '@tacet/protocol/shapes';
import { bytesOf, parseCarried, toJson } from '../carrier.ts';
import type { Deps } from '../deps.ts';
import { bindRoute } from './bind.ts';
import { clearRefreshCookie, openSession } from './session-reply.ts';

const SIGNED = Signed(Bytes, LIMITS.signUpMaxBytes);
const NEXT_RECORD = routes.NextRecord(Bytes);
const VERSIONED = Versioned(Bytes, LIMITS.recordMaxBytes);

export function bindAccounts(app: FastifyInstance, deps: Deps): void {
  const { accounts, origins } = deps;
  bindRoute(app, deps, routes.signUp, async ({ body, reply }) =>
    openSession(reply, origins, await accounts.signUp(parseCarried(SIGNED, body))),
  );
  bindRoute(app, deps, routes.getCredentials, async ({ caller }) =>
    toJson(await accounts.credentials(caller)),
  );
  bindRoute(app, deps, routes.changeCredentials, async ({ caller, body }) => {
    await accounts.changeCredentials(caller, parseCarried(SIGNED, body));
    return undefined;
  });
  bindRoute(app, deps, routes.getRecord, async ({ caller }) => toJson(await accounts.record(caller)));
  bindRoute(app, deps, routes.putRecord, async ({ caller, body }) => {
    return toJson({ receipt: await accounts.putRecord(caller, parseCarried(NEXT_RECORD, body)) });
  });
  bindRoute(app, deps, routes.putProfile, async ({ caller, body }) => {
    await accounts.putProfile(caller, parseCarried(VERSIONED, body));
    return undefined;
  });
  bindRoute(app, deps, routes.putDeliveryKey, async ({ caller, body }) => {
    await accounts.setDeliveryKeyHash(caller, bytesOf(body.hash));
    return undefined;
  });
  bindRoute(app, deps, routes.deleteAccount, async ({ caller, body, reply }) => {
    await accounts.delete(caller, parseCarried(SIGNED, body));
    clearRefreshCookie(reply, origins);
    return undefined;
  });
}
