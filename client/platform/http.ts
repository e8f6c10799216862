/**
 * Requests to the own origin by `fetch`. Cookies travel only where core asks for it; nothing is cached, redirected or sent with a
 * referrer, so that an answer is the server's answer to this very request.
 */
import type { Http } from '../core/ports.ts';

/** One request. Rejects when there was no answer, or a redirect. */
export const browserHttp: Http = async (request) => {
  const response = await fetch(request.path, {
    method: request.method,
    headers: { ...request.headers },
    ...(request.body === undefined ? {} : { body: request.body }),
    credentials: request.credentials ? 'same-origin' : 'omit',
    cache: 'no-store',
    redirect: 'error',
    referrerPolicy: 'no-referrer',
    mode: 'same-origin',
    signal: AbortSignal.timeout(request.timeoutMs),
  });
  return { status: response.status, body: await response.text() };
};
