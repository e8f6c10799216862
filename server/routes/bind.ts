/**
 * Binds a route of the protocol to what it does: method, path, schemas, body limit, authentication and rate class all come from the
 * route object, so that neither can be forgotten. Other methods on the same path are refused by name.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest, HTTPMethods } from 'fastify';
import type { Static, TSchema } from 'typebox';
import { WireError } from '@tacet/protocol/errors';
import { ErrorReply } from '@tacet/protocol/rest/error-reply';
import { ROUTE_ERRORS, SESSION_ERRORS, type Route } from '@tacet/protocol/route';
import type { Deps } from '../deps.ts';
import { authenticateRequest } from '../plugins/auth.ts';
import { limitRequest } from '../plugins/rate-limit.ts';
import type { Caller } from '../services/access-tokens.ts';

/** The schema at a key of a route, as a type; `undefined` where the route has none. */
type At<R, Key extends string> = R extends { readonly [K in Key]: infer Schema extends TSchema }
  ? Static<Schema>
  : undefined;

/** A request to a route, checked. */
export interface Call<R extends Route> {
  readonly body: At<R, 'body'>;
  readonly params: At<R, 'params'>;
  readonly caller: R['auth'] extends 'none' ? undefined : Caller;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
}

/** What a route does. A route without a reply schema answers 204. */
export type Handler<R extends Route> = (call: Call<R>) => Promise<At<R, 'reply'>> | At<R, 'reply'>;

/** Registers a route. */
export function bindRoute<R extends Route>(
  app: FastifyInstance,
  deps: Deps,
  route: R,
  handle: Handler<R>,
): void {
  const { method, path, auth, rate, body, params, reply: replySchema } = route;
  app.route({
    method,
    url: path,
    bodyLimit: route.bodyMaxBytes,
    schema: {
      operationId: route.name,
      summary: route.summary,
      ...(auth === 'none' ? {} : { security: [{ session: [] }] }),
      ...(body === undefined ? {} : { body }),
      ...(params === undefined ? {} : { params }),
      response: {
        ...(replySchema === undefined
          ? { 204: { type: 'null', description: 'Done.' } }
          : { 200: replySchema }),
        default: { ...ErrorReply, description: errorsOf(route).join(', ') },
      },
    },
    onRequest: (request, reply, done) => {
      void reply.header('cache-control', 'no-store');
      try {
        request.caller = authenticateOrCount(deps, request, route);
        limitRequest(deps.limits, rate, request, request.caller);
        done();
      } catch (error) {
        done(error instanceof Error ? error : new Error('refused'));
      }
    },
    handler: async (request, reply) => {
      const call = { body: request.body, params: request.params, caller: request.caller, request, reply };
      const answer = await handle(call as unknown as Call<R>);
      return replySchema === undefined ? reply.code(204).send() : answer;
    },
  });
}

/** Every error that a route can give. */
export function errorsOf(route: Route): readonly string[] {
  return [...ROUTE_ERRORS, ...(route.auth === 'none' ? [] : SESSION_ERRORS), ...route.errors];
}

/** Refuses the methods that a path does not have. */
export function refuseOtherMethods(app: FastifyInstance, deps: Deps, routes: readonly Route[]): void {
  const methods = new Map<string, HTTPMethods[]>();
  for (const { method, path } of routes) methods.set(path, [...(methods.get(path) ?? []), method]);
  for (const [path, known] of methods) {
    const others: HTTPMethods[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];
    app.route({
      method: others.filter((method) => !known.includes(method)),
      url: path,
      schema: { hide: true },
      onRequest: (request, reply, done) => {
        void reply.header('allow', known.join(', '));
        limitRequest(deps.limits, 'unknown', request, undefined);
        done(new WireError('method-not-allowed', 'the path has other methods'));
      },
      handler: () => undefined,
    });
  }
}

/** The caller; refused tokens count against the address. */
function authenticateOrCount(deps: Deps, request: FastifyRequest, route: Route): Caller | undefined {
  try {
    return authenticateRequest(request, route.auth, deps.sessions);
  } catch (error) {
    limitRequest(deps.limits, 'public', request, undefined);
    throw error;
  }
}
