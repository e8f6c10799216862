/** Lookups, bundles and introductions for strangers, and invites. */
import type { FastifyInstance } from 'fastify';
import { Array as List } from 'typebox';
import { Bytes } from '@tacet/protocol/bytes';
import { WireError } from '@tacet/protocol/errors';
import { idOf, type AccountId } from '@tacet/protocol/ids';
import * as routes from '@tacet/protocol/rest/people';
import { Addressed } from '@tacet/protocol/shapes';
import { OLDEST_TRANSPORT_VERSION, TRANSPORT_VERSION } from '@tacet/protocol/version';
import { bytesOf, parseCarried, toJson } from '../carrier.ts';
import type { Deps } from '../deps.ts';
import { bindRoute } from './bind.ts';

const RECIPIENTS = List(Addressed(Bytes));

export function bindPeople(app: FastifyInstance, deps: Deps): void {
  const { people, invites, delivery, accountStore, calls, config } = deps;
  bindRoute(app, deps, routes.readServer, async () => ({
    name: config.name,
    inviteOnly: !config.openSignUp,
    fresh: !(await accountStore.population()).any,
    relay: calls.relay.state,
    transport: TRANSPORT_VERSION,
    oldestTransport: OLDEST_TRANSPORT_VERSION,
  }));

  bindRoute(app, deps, routes.lookup, async ({ body }) => toJson(await people.lookup(body.username)));
  bindRoute(app, deps, routes.strangerBundles, async ({ body }) =>
    toJson(await people.bundles(idOf<AccountId>(bytesOf(body.account)))),
  );
  bindRoute(app, deps, routes.introduce, async ({ body }) => {
    const account = idOf<AccountId>(bytesOf(body.account));
    const outcome = await delivery.introduce(account, {
      listHash: bytesOf(body.listHash),
      to: parseCarried(RECIPIENTS, body.to),
    });
    switch (outcome.kind) {
      case 'sent':
        return {};
      case 'mismatch':
        return { mismatch: toJson(await people.directory(account)) };
      case 'refused': {
        const { code, retryAfterMs } = outcome;
        throw new WireError(code, 'introduction refused', retryAfterMs === undefined ? {} : { retryAfterMs });
      }
    }
  });

  bindRoute(app, deps, routes.readInvite, async ({ params }) => {
    const { inviter, expiresAt } = await invites.read(bytesOf(params.code));
    return {
      ...(inviter === undefined ? {} : { inviter: toJson(inviter) }),
      ...(expiresAt === undefined ? {} : { expiresAt }),
    };
  });
  bindRoute(app, deps, routes.makeInvite, async ({ caller, body }) => {
    const { code, usesLeft, expiresAt } = await invites.make(caller, body.uses, body.ageMs);
    return toJson({ code, usesLeft, expiresAt });
  });
  bindRoute(app, deps, routes.listInvites, async ({ caller }) => ({
    invites: toJson(await invites.list(caller)),
  }));
  bindRoute(app, deps, routes.withdrawInvite, async ({ caller, params }) => {
    await invites.withdraw(caller, bytesOf(params.code));
    return undefined;
  });
}
