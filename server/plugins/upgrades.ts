/**
 * Which requests may become WebSockets: those of the socket paths, made by this server's own pages or by programs, which name no
 * origin. Node leaves a connection that asks for an upgrade to whoever listens for upgrades, without time limits and unread; so a
 * request for any other path is never treated as one.
 */
import type { IncomingMessage } from 'node:http';
import type { FastifyInstance } from 'fastify';
import { WireError } from '@tacet/protocol/errors';
import { CALLS_PATH } from '@tacet/protocol/frames/calls';
import { ANONYMOUS_PATH, SOCKET_PATH } from '@tacet/protocol/frames/client';
import type { Origins } from '../config/origins.ts';
import type { Limits } from '../limits/port.ts';
import { limitRequest } from './rate-limit.ts';

const PATHS: ReadonlySet<string | undefined> = new Set([SOCKET_PATH, ANONYMOUS_PATH, CALLS_PATH]);

/** Whether a request that asks for an upgrade is for a path that has one; any other is an ordinary request. */
export function mayUpgrade({ url }: IncomingMessage): boolean {
  return PATHS.has((url ?? '').split('?')[0]);
}

/**
 * Refuses upgrades that pages from elsewhere ask for, since they would use up what is allowed to their visitor's address, counts the
 * others, and hangs up after every upgrade that was answered with something else, whoever refused it.
 */
export function guardUpgrades(app: FastifyInstance, origins: Origins, limits: Limits): void {
  app.addHook('onRequest', async (request) => {
    if (!isUpgrade(request.raw)) return;
    const { origin } = request.headers;
    if (origin !== undefined && !origins.allows(origin)) {
      throw new WireError('unauthorized', 'an upgrade for a page from elsewhere');
    }
    limitRequest(limits, 'socket', request, undefined);
  });
  app.addHook('onResponse', ({ raw }, _reply, done) => {
    if (isUpgrade(raw)) raw.socket.destroySoon();
    done();
  });
}

function isUpgrade(request: IncomingMessage): boolean {
  return request.headers.upgrade !== undefined && mayUpgrade(request);
}
