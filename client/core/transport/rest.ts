/**
 * One typed call of a REST route, made from the route's own statement: path, body and reply come from the schemas in `protocol/rest`.
 * A refusal becomes a `WireError` of the catalogue, no answer a `CoreError` `offline`, an answer that breaks its schema
 * `server-dishonest`. Nothing of an answer ends in a message.
 */
import { isReply, type BodyOf, type ParamsOf, type ReplyOf } from '@tacet/protocol/call';
import { ERRORS, isErrorCode, isWireError, WireError } from '@tacet/protocol/errors';
import type { Route } from '@tacet/protocol/route';
import { TRANSPORT_VERSION } from '@tacet/protocol/version';
import { CoreError } from '../failure.ts';
import type { Clock, Http, HttpReply } from '../ports.ts';

/** Longest wait for an answer: a sign-up carries a megabyte over a slow phone line. */
const TIMEOUT_MS = 60_000;
/** Tries of a request that the server put off because it was busy: it did nothing, and says when to come back. */
const BUSY_TRIES = 4;
/** Longest wait that is worth it between them; a longer one is told. */
const BUSY_WAIT_MS = 5_000;

/** What a call brings. */
export interface Call<R extends Route> {
  readonly params?: ParamsOf<R>;
  readonly body?: BodyOf<R>;
  /** Access token of the session, base64url. */
  readonly token?: string;
  /** Whether the refresh cookie may travel. */
  readonly credentials?: boolean;
}

function pathOf(route: Route, params: unknown): string {
  if (typeof params !== 'object' || params === null) return route.path;
  let path = route.path;
  for (const [name, value] of Object.entries(params)) {
    path = path.replace(`:${name}`, encodeURIComponent(String(value)));
  }
  return path;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function refusalOf(reply: HttpReply): Error {
  const body = parseJson(reply.body);
  if (typeof body === 'object' && body !== null && 'code' in body && typeof body.code === 'string') {
    if (isErrorCode(body.code)) {
      const after = 'retryAfterMs' in body ? body.retryAfterMs : undefined;
      return new WireError(
        body.code,
        'refused by the server',
        typeof after === 'number' && after >= 0 ? { retryAfterMs: after } : {},
      );
    }
  }
  if (reply.status >= 500 || reply.status === 429 || reply.status === 408) {
    return new CoreError('offline', `no usable answer (${reply.status})`);
  }
  return new CoreError('server-dishonest', `an answer outside the catalogue (${reply.status})`);
}

/** Calls routes. */
export class Rest {
  readonly #http: Http;
  readonly #clock: Clock;

  constructor(http: Http, clock: Clock) {
    this.#http = http;
    this.#clock = clock;
  }

  /** Calls `route` and gives its parsed answer. Throws `WireError` or `CoreError` (`offline`, `server-dishonest`). */
  async call<R extends Route>(route: R, call: Call<R> = {}): Promise<ReplyOf<R>> {
    for (let tries = 1; ; tries += 1) {
      try {
        return await this.#callOnce(route, call);
      } catch (error) {
        const waitMs = isWireError(error, 'overloaded') ? error.retryAfterMs : undefined;
        if (waitMs === undefined || waitMs > BUSY_WAIT_MS || tries === BUSY_TRIES) throw error;
        await new Promise<void>((resolve) => this.#clock.after(waitMs, resolve));
      }
    }
  }

  async #callOnce<R extends Route>(route: R, call: Call<R>): Promise<ReplyOf<R>> {
    const headers: Record<string, string> = { 'tacet-version': String(TRANSPORT_VERSION) };
    if (call.body !== undefined) headers['content-type'] = 'application/json';
    if (call.token !== undefined) headers['authorization'] = `Bearer ${call.token}`;
    let reply: HttpReply;
    try {
      reply = await this.#http({
        method: route.method,
        path: pathOf(route, call.params),
        headers,
        body: call.body === undefined ? undefined : JSON.stringify(call.body),
        credentials: call.credentials ?? false,
        timeoutMs: TIMEOUT_MS,
      });
    } catch (cause) {
      throw new CoreError('offline', 'no answer', { cause });
    }
    if (reply.status < 200 || reply.status > 299) throw refusalOf(reply);
    const value = route.reply === undefined ? undefined : parseJson(reply.body);
    if (!isReply(route, value)) throw new CoreError('server-dishonest', 'an answer breaks its schema');
    return value;
  }
}

/** Passes over what the next connection makes good. */
export function untilLater(error: unknown): void {
  if (!isRepeatable(error)) throw error;
}

/** Whether the same request may succeed later without a change. */
export function isRepeatable(error: unknown): boolean {
  if (error instanceof CoreError) return error.code === 'offline' || error.code === 'part-missing';
  if (!(error instanceof WireError)) return false;
  const { retry } = ERRORS[error.code];
  return retry === 'later' || retry === 'after';
}
