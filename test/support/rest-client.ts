/** Calls a route of the protocol over real HTTP, with nothing of the client core. */
import type { Static, TSchema } from 'typebox';
import type { ErrorCode } from '@tacet/protocol/errors';
import type { Route } from '@tacet/protocol/route';

type At<R, Key extends string> = R extends { readonly [K in Key]: infer Schema extends TSchema }
  ? Static<Schema>
  : undefined;

export interface RestCall {
  /** Sent as it is: a test may send what the schema refuses. */
  readonly body?: unknown;
  readonly params?: Readonly<Record<string, string>>;
  readonly token?: string | undefined;
  readonly headers?: Readonly<Record<string, string>>;
}

/** An answer: `body` when the status is 2xx, else `code`. */
export interface RestAnswer<R extends Route> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: At<R, 'reply'>;
  /** The error's code; `undefined` when the call succeeded. */
  readonly code: ErrorCode | undefined;
  readonly retryAfterMs: number | undefined;
}

/** Calls a route at a server's address. */
export async function callRoute<R extends Route>(
  url: string,
  route: R,
  call: RestCall = {},
): Promise<RestAnswer<R>> {
  const path = route.path.replaceAll(/:(\w+)/g, (_, name: string) => call.params?.[name] ?? '');
  const response = await fetch(url + path, {
    method: route.method,
    headers: {
      ...(call.body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(call.token === undefined ? {} : { authorization: `Bearer ${call.token}` }),
      ...call.headers,
    },
    ...(call.body === undefined
      ? {}
      : { body: typeof call.body === 'string' ? call.body : JSON.stringify(call.body) }),
  });
  const text = await response.text();
  const json = (text === '' ? undefined : JSON.parse(text)) as
    { code?: ErrorCode; retryAfterMs?: number } | undefined;
  return {
    status: response.status,
    headers: response.headers,
    body: (response.ok ? json : undefined) as At<R, 'reply'>,
    code: response.ok ? undefined : json?.code,
    retryAfterMs: response.ok ? undefined : json?.retryAfterMs,
  };
}

/** As `callRoute`, for a call that must succeed; throws with the code otherwise. */
export async function mustCall<R extends Route>(
  url: string,
  route: R,
  call: RestCall = {},
): Promise<At<R, 'reply'>> {
  const { code, status, body } = await callRoute(url, route, call);
  if (code !== undefined || status >= 300) throw new Error(`${route.name} was refused: ${code ?? status}`);
  return body;
}
