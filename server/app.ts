/**
 * Builds the HTTP application: strict parsing, security headers, one error handler, routes, the client's files. It does not listen and
 * chooses nothing; everything it needs comes in `deps`.
 */
import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import cookie from '@fastify/cookie';
import Fastify, {
  LogController,
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
} from 'fastify';
import { WireError } from '@tacet/protocol/errors';
import { LIMITS } from '@tacet/protocol/limits';
import type { ErrorReply } from '@tacet/protocol/rest/error-reply';
import { speaks } from '@tacet/protocol/version';
import { addBytesKeyword } from './carrier.ts';
import type { Deps } from './deps.ts';
import { refusalOf } from './errors.ts';
import { collectOpenApi } from './plugins/openapi.ts';
import { limitConnections, takeTurns } from './plugins/connections.ts';
import { addOverloadProtection } from './plugins/overload.ts';
import { limitAddress, limitRequest } from './plugins/rate-limit.ts';
import { Refusals } from './plugins/refusals.ts';
import { addSecurityHeaders, securityHeaders } from './plugins/security-headers.ts';
import { addStaticClient, clientFile, sendFile, type ClientFile } from './plugins/static-client.ts';
import { guardUpgrades, mayUpgrade } from './plugins/upgrades.ts';
import { bindRoutes } from './routes/index.ts';

/** A request, headers and body, must have arrived within this. */
const REQUEST_TIMEOUT_MS = 60_000;
/** A connection that says nothing. */
const CONNECTION_TIMEOUT_MS = 120_000;
/** Kept open between requests for this long. */
const KEEP_ALIVE_MS = 65_000;
/** Longest path parameter; codes have 22 characters. */
const PARAM_MAX_CHARS = 100;

/** Builds the application. `meter` measures the load. */
export async function buildApp(
  deps: Deps,
  meter: { readonly delayMs: number },
  version: string,
): Promise<FastifyInstance> {
  const refusals = new Refusals(deps.limits);
  const refuse = (error: unknown, request: FastifyRequest, reply: FastifyReply) =>
    answerError(deps, refusals, error, request, reply);
  // Fastify's own lines below errors say nothing that `measure` does not.
  const logger: FastifyBaseLogger = deps.logger.child(
    {},
    { level: deps.config.logLevel === 'silent' ? 'silent' : 'error' },
  );
  const app: FastifyInstance = Fastify({
    loggerInstance: logger,
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: () => randomBytes(6).toString('hex'),
    http: { shouldUpgradeCallback: mayUpgrade },
    trustProxy: deps.config.trustProxy.length === 0 ? false : [...deps.config.trustProxy],
    requestTimeout: REQUEST_TIMEOUT_MS,
    connectionTimeout: CONNECTION_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    exposeHeadRoutes: false,
    return503OnClosing: false,
    forceCloseConnections: 'idle',
    routerOptions: { maxParamLength: PARAM_MAX_CHARS, ignoreTrailingSlash: false, caseSensitive: true },
    frameworkErrors: (error, request, reply) => {
      void reply.headers(securityHeaders(deps.origins));
      try {
        limitAddress(deps.limits, request);
        refuse(error, request, reply);
      } catch (refused) {
        refuse(refused, request, reply);
      }
    },
    clientErrorHandler: (error, socket) => answerBrokenRequest(error, socket),
    ajv: {
      customOptions: {
        coerceTypes: false,
        removeAdditional: false,
        useDefaults: false,
        allErrors: false,
        strict: true,
        strictRequired: false,
      },
      plugins: [addBytesKeyword],
    },
  });

  takeTurns(app.server);
  if (deps.config.trustProxy.length === 0) limitConnections(app.server, deps.limits);
  app.removeContentTypeParser('text/plain');
  app.decorateRequest('caller');
  addSecurityHeaders(app, deps.origins);
  app.addHook('onRequest', async (request) => limitAddress(deps.limits, request));
  guardUpgrades(app, deps.origins, deps.limits);
  refuseWhenDraining(app, deps);
  addOverloadProtection(app, meter);
  refuseOldClients(app);
  measure(app, deps);
  app.setErrorHandler(refuse);
  refuseUnknownPaths(app, deps);
  app.setNotFoundHandler((request, reply) => {
    const file = pageFor(deps, request);
    if (file === undefined) throw new WireError('not-found', 'no such path');
    return sendFile(request, reply, file);
  });
  await app.register(cookie);
  await collectOpenApi(app, version);
  await app.register((scope, _options, done) => {
    bindRoutes(scope, deps);
    addStaticClient(scope, deps.clientFiles);
    done();
  });
  return app;
}

function answerError(
  deps: Deps,
  refusals: Refusals,
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
): void {
  const { status, body, isFault } = refusalOf(error);
  deps.metrics.refused(body.code);
  if (isFault) deps.faults.add(error, { route: routeOf(request), method: request.method });
  void reply.header('cache-control', 'no-store').code(status).type('application/json; charset=utf-8');
  const answer = (told: ErrorReply): void => {
    const { retryAfterMs } = told;
    if (retryAfterMs !== undefined) {
      void reply.header('retry-after', String(Math.max(1, Math.ceil(retryAfterMs / 1000))));
    }
    void reply.serializer((payload: unknown) => JSON.stringify(payload)).send(told);
  };
  if (body.code !== 'rate-limited') answer(body);
  else {
    const { retryAfterMs = 0 } = body;
    const left = Math.max(0, retryAfterMs - LIMITS.restMaxMs);
    refusals.restThen(request, reply, () => answer({ ...body, retryAfterMs: left }));
  }
}

/** A request that the HTTP parser could not read: there is no route and no reply object. */
function answerBrokenRequest(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed || !socket.writable) {
    socket.destroy();
    return;
  }
  const isLarge = error.code === 'HPE_HEADER_OVERFLOW';
  const body = JSON.stringify({ code: isLarge ? 'too-large' : 'malformed-request' });
  const head = [
    isLarge ? 'HTTP/1.1 413 Payload Too Large' : 'HTTP/1.1 400 Bad Request',
    'content-type: application/json; charset=utf-8',
    `content-length: ${String(Buffer.byteLength(body))}`,
    'x-content-type-options: nosniff',
    'connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}

function refuseWhenDraining(app: FastifyInstance, deps: Deps): void {
  app.addHook('onRequest', (request, reply, done) => {
    if (deps.lifecycle.state === 'running' || request.routeOptions.config.isOperational === true) {
      done();
      return;
    }
    void reply.header('connection', 'close');
    done(new WireError('shutting-down', 'draining'));
  });
}

/** A client that names a transport version which is not spoken here is told so, whatever it asks. */
function refuseOldClients(app: FastifyInstance): void {
  app.addHook('onRequest', (request, _reply, done) => {
    const version = request.headers['tacet-version'];
    if (version === undefined || speaks(Number(version))) done();
    else done(new WireError('unsupported-version', 'another transport version'));
  });
}

/** Before a body is read: whoever asks for what does not exist is counted, and sends it in vain. */
function refuseUnknownPaths(app: FastifyInstance, deps: Deps): void {
  app.addHook('onRequest', (request, _reply, done) => {
    if (!request.is404 || pageFor(deps, request) !== undefined) {
      done();
      return;
    }
    try {
      limitRequest(deps.limits, 'unknown', request, undefined);
      done(new WireError('not-found', 'no such path'));
    } catch (error) {
      done(error instanceof Error ? error : new Error('refused'));
    }
  });
}

/** The client's file for a path that has no route. */
function pageFor({ clientFiles }: Deps, { method, url }: FastifyRequest): ClientFile | undefined {
  const isRead = method === 'GET' || method === 'HEAD';
  return isRead ? clientFile(clientFiles, url.split('?')[0] ?? '') : undefined;
}

function measure(app: FastifyInstance, deps: Deps): void {
  app.addHook('onResponse', (request, reply, done) => {
    const route = routeOf(request);
    deps.metrics.answered(route, reply.statusCode, reply.elapsedTime / 1000);
    deps.logger.debug(
      { route, method: request.method, status: reply.statusCode, ms: Math.round(reply.elapsedTime) },
      'answered',
    );
    done();
  });
}

/** The pattern of a request's route; never its path, which may hold an invite's code. */
function routeOf(request: FastifyRequest): string {
  return request.routeOptions.url ?? 'unknown';
}
