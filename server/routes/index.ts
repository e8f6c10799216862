/** Every route, in order. */
import type { FastifyInstance } from 'fastify';
import { ROUTES } from '@tacet/protocol/rest/index';
import type { Deps } from '../deps.ts';
import { bindAccounts } from './accounts.ts';
import { refuseOtherMethods } from './bind.ts';
import { bindDevices } from './devices.ts';
import { bindKeys } from './keys.ts';
import { bindOperations } from './operations.ts';
import { bindPeople } from './people.ts';
import { bindReceipts } from './receipts.ts';
import { bindResets } from './resets.ts';
import { bindSessions } from './sessions.ts';

/** Binds all routes. */
export function bindRoutes(app: FastifyInstance, deps: Deps): void {
  bindSessions(app, deps);
  bindReceipts(app, deps);
  bindAccounts(app, deps);
  bindDevices(app, deps);
  bindResets(app, deps);
  bindKeys(app, deps);
  bindPeople(app, deps);
  bindOperations(app, deps);
  refuseOtherMethods(app, deps, ROUTES);
}
