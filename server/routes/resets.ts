/** Resets after a lost passphrase. */
import type { FastifyInstance } from 'fastify';
import { Bytes } from '@tacet/protocol/bytes';
import { LIMITS } from '@tacet/protocol/limits';
import * as routes from '@tacet/protocol/rest/resets';
import { Signed } from '@tacet/protocol/shapes';
import { parseCarried, toJson } from '../carrier.ts';
import type { Deps } from '../deps.ts';
import { bindRoute } from './bind.ts';

const SIGNED = Signed(Bytes, LIMITS.signUpMaxBytes);

export function bindResets(app: FastifyInstance, deps: Deps): void {
  const { resets } = deps;
  bindRoute(app, deps, routes.getResets, async ({ caller }) => {
    return { resets: (await resets.list(caller)).map((reset) => toJson(reset)) };
  });
  bindRoute(app, deps, routes.beginReset, async ({ caller, body }) =>
    toJson(await resets.begin(caller, parseCarried(SIGNED, body))),
  );
  bindRoute(app, deps, routes.cancelReset, async ({ caller, body }) => {
    await resets.cancel(caller, parseCarried(SIGNED, body));
    return undefined;
  });
  bindRoute(app, deps, routes.finishReset, ({ caller, body }) =>
    resets.finish(caller, parseCarried(SIGNED, body)),
  );
}
