/**
 * What a server may say to a client, for fast-check: frames that the schema allows, spoiled, damaged, said before and out of place; answers
 * over HTTP of any status, of the route's schema, spoiled or of any size. Made while a client runs, out of what it was told honestly.
 */
import fc from 'fast-check';
import type { HttpRequest } from '@tacet/client/core/ports';
import { ERROR_CODES } from '@tacet/protocol/errors';
import { ServerFrame } from '@tacet/protocol/frames/server';
import { LIMITS } from '@tacet/protocol/limits';
import { ROUTES } from '@tacet/protocol/rest/index';
import type { Route } from '@tacet/protocol/route';
import { arbitraryOf, manglings, spoilings } from './arbitrary.ts';
import type { WireReply } from './node-ports.ts';
import { writeFrame } from './wild-frames.ts';

/** Longest text of an answer: far more than any route’s. */
const LONG_CHARS = 4_000_000;

const code = fc.constantFrom(...ERROR_CODES);
const patience = fc.constantFrom(undefined, 0, 1, 60_000, Number.MAX_SAFE_INTEGER);

/** Any frame of the schema; refusals have codes of the catalogue, and most answers the numbers that requests have. */
const allowed: fc.Arbitrary<unknown> = fc
  .tuple(arbitraryOf(ServerFrame), code, fc.nat(40), fc.boolean())
  .map(([frame, word, re, isNear]) => {
    const whole = Object(frame) as Record<string, unknown>;
    return {
      ...whole,
      ...('re' in whole && isNear ? { re } : {}),
      ...(whole['kind'] === 'refused' ? { code: word } : {}),
    };
  });

/** A frame that a server might say in the place of an honest one, or unasked: `said` is one of those that it has said. */
export function wildFrame(said: ServerFrame): fc.Arbitrary<Uint8Array> {
  const answers = 're' in said ? { re: said.re } : {};
  const honest = writeFrame(said);
  const size = fc.constantFrom(
    0,
    1,
    LIMITS.frameControlBytes,
    LIMITS.frameMaxBytes,
    LIMITS.frameMaxBytes + 1,
  );
  return fc.oneof(
    {
      weight: 4,
      arbitrary: allowed.map((frame) =>
        writeFrame(hasNumber(frame) ? { ...Object(frame), ...answers } : frame),
      ),
    },
    { weight: 4, arbitrary: spoilings('bytes').map((spoilIt) => writeFrame(spoilIt(said))) },
    { weight: 2, arbitrary: manglings().map((mangle) => mangle(honest)) },
    { weight: 2, arbitrary: fc.constant(honest) },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 600 }) },
    { weight: 1, arbitrary: size.map((bytes) => new Uint8Array(bytes).fill(0xa1)) },
  );
}

function hasNumber(frame: unknown): boolean {
  return 're' in Object(frame);
}

/** The route of a request. Throws for one that is none of the protocol's. */
export function routeOf({ method, path }: HttpRequest): Route {
  const route = ROUTES.find((each) => {
    const pattern = new RegExp(`^${each.path.replaceAll(/:\w+/g, '[^/]+')}$`);
    return each.method === method && pattern.test(path);
  });
  if (route === undefined) throw new Error(`no route ${method} ${path}`);
  return route;
}

/** What a server might answer in the place of its honest reply; `undefined`: there is no answer. */
export function wildReply(route: Route, honest: WireReply): fc.Arbitrary<WireReply | undefined> {
  const status = fc.constantFrom(200, 204, 206, 301, 400, 401, 403, 404, 409, 413, 426, 429, 500, 503, 507);
  const refusal = fc.record({ code, retryAfterMs: patience }).map((body) => JSON.stringify(body));
  const text = fc.oneof(
    fc.constant(''),
    fc.string(),
    fc.json(),
    fc.constantFrom(
      'null',
      '[',
      '['.repeat(100_000),
      '"'.padEnd(LONG_CHARS, 'x'),
      '{"__proto__":{"code":1}}',
    ),
  );
  const kept = (body: string): WireReply => ({ ...honest, body });
  const spoiled = spoilings('text').map((spoilIt) => kept(JSON.stringify(spoilIt(parse(honest.body))) ?? ''));
  return fc.oneof(
    { weight: 3, arbitrary: fc.record({ status, body: refusal }) },
    { weight: 2, arbitrary: fc.record({ status, body: text }) },
    { weight: 4, arbitrary: spoiled },
    ...(route.reply === undefined
      ? []
      : [{ weight: 4, arbitrary: arbitraryOf(route.reply).map((value) => kept(JSON.stringify(value))) }]),
    { weight: 1, arbitrary: fc.constant(undefined) },
  );
}

function parse(text: string): unknown {
  return text === '' ? {} : JSON.parse(text);
}
