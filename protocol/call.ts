/** The types of a call of a route, and the check of its answer. A client needs nothing else of the schema language. */
import type { Static, TSchema } from 'typebox';
import { Check } from 'typebox/schema';
import type { Route } from './route.ts';

type Of<Schema> = Schema extends TSchema ? Static<Schema> : undefined;

/** Path parameters of a route. */
export type ParamsOf<R extends Route> = R extends { readonly params: infer Schema } ? Of<Schema> : undefined;
/** JSON body of a route. */
export type BodyOf<R extends Route> = R extends { readonly body: infer Schema } ? Of<Schema> : undefined;
/** Answer of a route; `undefined` for 204. */
export type ReplyOf<R extends Route> = R extends { readonly reply: infer Schema } ? Of<Schema> : undefined;

/** Whether a decoded JSON value is an answer of the route. */
export function isReply<R extends Route>(route: R, value: unknown): value is ReplyOf<R> {
  return route.reply === undefined ? value === undefined : Check(route.reply, value);
}

/** Whether a route takes this body: asked before the request leaves, about what a person typed. */
export function isBody<R extends Route>(route: R, value: unknown): value is BodyOf<R> {
  return route.body === undefined ? value === undefined : Check(route.body, value);
}
