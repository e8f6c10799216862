/** Receipts, and coming back to a server that was restored from a backup. */
import type { FastifyInstance } from 'fastify';
import { Bytes } from '@tacet/protocol/bytes';
import { LIMITS } from '@tacet/protocol/limits';
import * as routes from '@tacet/protocol/rest/receipts';
import { Signed } from '@tacet/protocol/shapes';
import { parseCarried, toJson } from '../carrier.ts';
import type { Deps } from '../deps.ts';
import { bindRoute } from './bind.ts';
import { openSession } from './session-reply.ts';

const SIGNED = Signed(Bytes, LIMITS.signUpMaxBytes);

export function bindReceipts(app: FastifyInstance, deps: Deps): void {
  const { receipts, returns, origins } = deps;
  bindRoute(app, deps, routes.getReceipts, async ({ caller }) => toJson(await receipts.inForce(caller)));
  bindRoute(app, deps, routes.comeBack, async ({ body, reply }) =>
    openSession(reply, origins, await returns.comeBack(parseCarried(SIGNED, body))),
  );
}
