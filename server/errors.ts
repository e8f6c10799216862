/**
 * Whatever goes wrong → the wire's catalogue, in this one place. Answers hold a code and perhaps when to try again, no text: texts for
 * people live in the interface.
 */
import { ERRORS, isWireError, type ErrorCode } from '@tacet/protocol/errors';
import type { ErrorReply } from '@tacet/protocol/rest/error-reply';
import { isStoreError } from './store/errors.ts';

/** An error as it is answered. `isFault`: ours, to be logged. */
export interface Refusal {
  readonly status: number;
  readonly body: ErrorReply;
  readonly isFault: boolean;
}

/** Fastify's own codes for what a client did wrong. */
const FRAMEWORK_CODES: Readonly<Record<string, ErrorCode>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'too-large',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'unsupported-media-type',
};

/** The catalogue's words for an error. */
export function refusalOf(error: unknown): Refusal {
  if (isWireError(error)) return refusal(error.code, error.retryAfterMs);
  if (isStoreError(error)) return refusal(error.code === 'closed' ? 'shutting-down' : 'storage-failed');
  const { code, statusCode, validation } = fieldsOf(error);
  const known = code === undefined ? undefined : FRAMEWORK_CODES[code];
  if (known !== undefined) return refusal(known);
  const isClients =
    validation !== undefined || (statusCode !== undefined && statusCode >= 400 && statusCode < 500);
  return refusal(isClients ? 'malformed-request' : 'internal');
}

function refusal(code: ErrorCode, retryAfterMs?: number): Refusal {
  const { status } = ERRORS[code];
  return {
    status,
    body:
      retryAfterMs === undefined ? { code } : { code, retryAfterMs: Math.max(0, Math.ceil(retryAfterMs)) },
    isFault: code === 'internal' || code === 'storage-failed',
  };
}

function fieldsOf(error: unknown): {
  readonly code: string | undefined;
  readonly statusCode: number | undefined;
  readonly validation: unknown;
} {
  if (typeof error !== 'object' || error === null)
    return { code: undefined, statusCode: undefined, validation: undefined };
  const fields: Readonly<Record<string, unknown>> = { ...error };
  const code = 'code' in error ? error.code : undefined;
  const statusCode = 'statusCode' in error ? error.statusCode : undefined;
  return {
    code: typeof code === 'string' ? code : undefined,
    statusCode: typeof statusCode === 'number' ? statusCode : undefined,
    validation: fields['validation'],
  };
}
