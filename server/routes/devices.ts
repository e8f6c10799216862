/** The own device list. */
import type { FastifyInstance } from 'fastify';
import { Bytes } from '@tacet/protocol/bytes';
import { LIMITS } from '@tacet/protocol/limits';
import * as routes from '@tacet/protocol/rest/devices';
import { Signed } from '@tacet/protocol/shapes';
import { parseCarried, toJson } from '../carrier.ts';
import type { Deps } from '../deps.ts';
import { bindRoute } from './bind.ts';
import { openSession } from './session-reply.ts';

const SIGNED = Signed(Bytes, LIMITS.signUpMaxBytes);

export function bindDevices(app: FastifyInstance, deps: Deps): void {
  const { devices, origins } = deps;
  bindRoute(app, deps, routes.getDirectory, async ({ caller }) => toJson(await devices.directory(caller)));
  bindRoute(app, deps, routes.addDevice, async ({ caller, body, reply }) =>
    openSession(reply, origins, await devices.add(caller, parseCarried(SIGNED, body))),
  );
  bindRoute(app, deps, routes.changeList, ({ caller, body }) =>
    devices.change(caller, parseCarried(SIGNED, body)),
  );
}
