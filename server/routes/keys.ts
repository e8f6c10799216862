/** Prekeys of the own device. */
import type { FastifyInstance } from 'fastify';
import { Bytes } from '@tacet/protocol/bytes';
import * as routes from '@tacet/protocol/rest/keys';
import { PreKeyUpload } from '@tacet/protocol/shapes';
import { parseCarried, toJson } from '../carrier.ts';
import type { Deps } from '../deps.ts';
import { bindRoute } from './bind.ts';

const UPLOAD = PreKeyUpload(Bytes);

export function bindKeys(app: FastifyInstance, deps: Deps): void {
  const { prekeys } = deps;
  bindRoute(app, deps, routes.getPreKeys, async ({ caller }) => toJson(await prekeys.held(caller)));
  bindRoute(app, deps, routes.putPreKeys, async ({ caller, body }) =>
    toJson(await prekeys.put(caller, parseCarried(UPLOAD, body))),
  );
}
