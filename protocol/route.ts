/**
 * What a REST route states about itself: method, path, who may call it, its rate class, body limit, schemas and errors. Server and
 * clients import the same object; neither writes a path as text.
 */
import type { TSchema } from 'typebox';
import type { ErrorCode } from './errors.ts';
import { LIMITS, type RateClass } from './limits.ts';

/**
 * Who may call: anybody; a pending or listed device's session; a listed device's session. Routes whose body is a signed request need
 * the signature besides.
 */
export type AuthKind = 'none' | 'any-session' | 'session';

/** A route's own statement. `reply` absent: 204 without a body. */
export interface Route {
  readonly name: string;
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Path with `:name` parameters. */
  readonly path: string;
  readonly auth: AuthKind;
  readonly rate: RateClass;
  readonly bodyMaxBytes: number;
  readonly params?: TSchema;
  readonly body?: TSchema;
  readonly reply?: TSchema;
  /** The errors beyond those that every route can give. */
  readonly errors: readonly ErrorCode[];
  /** One sentence for PROTOCOL.md and the OpenAPI document. */
  readonly summary: string;
}

/** Errors that every route can give. */
export const ROUTE_ERRORS = [
  'malformed-request',
  'too-large',
  'unsupported-media-type',
  'unsupported-version',
  'rate-limited',
  'overloaded',
  'shutting-down',
  'storage-failed',
  'internal',
] as const satisfies readonly ErrorCode[];

/** Errors that every route with a session can give besides. */
export const SESSION_ERRORS = [
  'unauthorized',
  'session-ended',
  'device-pending',
] as const satisfies readonly ErrorCode[];

/** Declares a route; keeps its schemas' types. */
export function defineRoute<const R extends Omit<Route, 'bodyMaxBytes'> & { bodyMaxBytes?: number }>(
  route: R,
): R & { readonly bodyMaxBytes: number } {
  return { bodyMaxBytes: LIMITS.bodyMaxBytes, ...route };
}
