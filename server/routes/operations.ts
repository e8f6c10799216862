/** For the operator and his tools: health, metrics, the OpenAPI document. Not part of the wire between clients and server. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { WireError } from '@tacet/protocol/errors';
import type { Deps } from '../deps.ts';
import { limitRequest } from '../plugins/rate-limit.ts';

export function bindOperations(app: FastifyInstance, deps: Deps): void {
  const config = { isOperational: true };
  const schema = { hide: true };

  app.get('/health/live', { config, schema }, () => ({ status: 'live' }));

  app.get('/health/ready', { config, schema }, async () => {
    if (deps.lifecycle.state === 'draining') throw new WireError('shutting-down', 'draining');
    await deps.accountStore.population();
    // Whoever cannot store anything is not to be sent to: a load balancer and the operator learn of it here.
    await deps.storage.check();
    return { status: 'ready' };
  });

  app.get('/metrics', { config, schema }, async (request, reply) => {
    if (!mayReadMetrics(deps, request)) {
      limitRequest(deps.limits, 'unknown', request, undefined);
      throw new WireError('not-found', 'metrics are not for this caller');
    }
    const { body, contentType } = await deps.metrics.text();
    return reply.type(contentType).send(body);
  });

  app.get('/openapi.json', { schema }, (request) => {
    limitRequest(deps.limits, 'public', request, undefined);
    return app.swagger();
  });
}

/**
 * Loopback means that the connection itself comes from this machine and that nobody forwarded the request: behind a reverse proxy on
 * the same machine everybody would come from loopback.
 */
function mayReadMetrics({ config, secrets }: Deps, request: FastifyRequest): boolean {
  const { headers, socket } = request;
  switch (config.metrics) {
    case 'off':
      return false;
    case 'loopback': {
      const isForwarded = ['x-forwarded-for', 'forwarded', 'via', 'x-real-ip'].some(
        (name) => name in headers,
      );
      return !isForwarded && /^(?:127\.|::1$|::ffff:127\.)/.test(socket.remoteAddress ?? '');
    }
    case 'token': {
      const given = /^Bearer (\S+)$/.exec(headers.authorization ?? '')?.[1];
      if (given === undefined || secrets.metricsToken === undefined) return false;
      return timingSafeEqual(digest(given), digest(secrets.metricsToken));
    }
  }
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
