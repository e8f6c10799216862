/**
 * The one catalogue of wire errors: stable code, HTTP status, WebSocket close code, and whether and when to try again.
 * Servers map their errors to it in one place; texts for people live in the interface, keyed by code.
 * `retry`: `never` (the same request fails again), `after-fix` (correct the request first), `later` (a passing fault),
 * `after` (the answer says when, in milliseconds).
 */

/** One line of the catalogue. */
export interface ErrorRule {
  readonly status: number;
  /** Close code of a socket that ends with this error (RFC 6455 section 7.4.2: 4000 to 4999 are private). */
  readonly close: number;
  readonly retry: 'never' | 'after-fix' | 'later' | 'after';
}

/** Every error that the server tells a client. Codes are stable; meanings stand in PROTOCOL.md. */
export const ERRORS = {
  'malformed-request': { status: 400, close: 4400, retry: 'after-fix' },
  'malformed-frame': { status: 400, close: 4400, retry: 'after-fix' },
  'unexpected-frame': { status: 400, close: 4409, retry: 'after-fix' },
  'too-large': { status: 413, close: 4413, retry: 'after-fix' },
  'unsupported-media-type': { status: 415, close: 4415, retry: 'after-fix' },
  'unsupported-version': { status: 426, close: 4426, retry: 'never' },
  'not-found': { status: 404, close: 4404, retry: 'never' },
  'method-not-allowed': { status: 405, close: 4405, retry: 'never' },
  unauthorized: { status: 401, close: 4401, retry: 'after-fix' },
  'authentication-timeout': { status: 408, close: 4408, retry: 'later' },
  'login-refused': { status: 401, close: 4401, retry: 'after-fix' },
  'session-ended': { status: 401, close: 4403, retry: 'never' },
  'device-pending': { status: 403, close: 4403, retry: 'after-fix' },
  'challenge-expired': { status: 401, close: 4401, retry: 'after-fix' },
  'signature-invalid': { status: 401, close: 4401, retry: 'after-fix' },
  'invite-invalid': { status: 403, close: 4403, retry: 'never' },
  'username-taken': { status: 409, close: 4409, retry: 'after-fix' },
  'username-invalid': { status: 400, close: 4400, retry: 'after-fix' },
  'account-exists': { status: 409, close: 4409, retry: 'never' },
  'account-unknown': { status: 404, close: 4404, retry: 'never' },
  'version-mismatch': { status: 409, close: 4409, retry: 'after-fix' },
  'list-mismatch': { status: 409, close: 4409, retry: 'after-fix' },
  'delivery-refused': { status: 403, close: 4403, retry: 'after-fix' },
  'queue-full': { status: 507, close: 4507, retry: 'later' },
  'reset-not-due': { status: 409, close: 4409, retry: 'never' },
  'too-many-devices': { status: 409, close: 4409, retry: 'never' },
  'call-refused': { status: 403, close: 4403, retry: 'never' },
  'call-full': { status: 409, close: 4409, retry: 'later' },
  'call-limit': { status: 409, close: 4409, retry: 'after-fix' },
  'call-unknown': { status: 404, close: 4404, retry: 'never' },
  'call-media-refused': { status: 400, close: 4400, retry: 'after-fix' },
  'calls-unavailable': { status: 503, close: 1013, retry: 'later' },
  'rate-limited': { status: 429, close: 4429, retry: 'after' },
  'slow-reader': { status: 408, close: 4410, retry: 'later' },
  replaced: { status: 409, close: 4411, retry: 'never' },
  'shutting-down': { status: 503, close: 1012, retry: 'later' },
  overloaded: { status: 503, close: 1013, retry: 'after' },
  'storage-failed': { status: 503, close: 1011, retry: 'later' },
  internal: { status: 500, close: 1011, retry: 'later' },
} as const satisfies Record<string, ErrorRule>;

/** A stable wire error code. */
export type ErrorCode = keyof typeof ERRORS;

/** The codes, in catalogue order. */
export const ERROR_CODES = Object.keys(ERRORS) as readonly ErrorCode[];

/** Whether a text is one of the catalogue's codes. */
export function isErrorCode(text: string): text is ErrorCode {
  return Object.hasOwn(ERRORS, text);
}

/** A refusal in the words of the catalogue. The message is for developers and never holds user input. */
export class WireError extends Error {
  override readonly name = 'WireError';
  readonly code: ErrorCode;
  /** When to try again, for codes whose rule is `after`. */
  readonly retryAfterMs: number | undefined;

  constructor(code: ErrorCode, message: string, options?: { cause?: unknown; retryAfterMs?: number }) {
    super(message, options?.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.retryAfterMs = options?.retryAfterMs;
  }
}

/** Narrows an unknown error to a `WireError`, of one code if given. */
export function isWireError(error: unknown, code?: ErrorCode): error is WireError {
  return error instanceof WireError && (code === undefined || error.code === code);
}
