/** The media server's refusals, in the words of the wire's catalogue. */
import { isWireError, type ErrorCode } from '@tacet/protocol/errors';

/** The codes of the catalogue that the media server gives. */
const CALL_ERROR_CODES = [
  'malformed-frame',
  'unexpected-frame',
  'rate-limited',
  'call-refused',
  'call-full',
  'call-limit',
  'call-unknown',
  'call-media-refused',
  'calls-unavailable',
  'internal',
] as const satisfies readonly ErrorCode[];

export type CallErrorCode = (typeof CALL_ERROR_CODES)[number];

/** Whether a text is one of the codes. */
export function isCallErrorCode(text: string): text is CallErrorCode {
  return CALL_ERROR_CODES.some((code) => code === text);
}

/** A refusal. The message is for developers and holds nothing that a client said. */
export class CallError extends Error {
  override readonly name = 'CallError';
  readonly code: CallErrorCode;
  /** Set for `rate-limited`. */
  readonly retryAfterMs: number | undefined;

  constructor(code: CallErrorCode, message: string, options?: { cause?: unknown; retryAfterMs?: number }) {
    super(message, options?.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.retryAfterMs = options?.retryAfterMs;
  }
}

/** Narrows an unknown error to a `CallError`, of one code if given. */
export function isCallError(error: unknown, code?: CallErrorCode): error is CallError {
  return error instanceof CallError && (code === undefined || error.code === code);
}

/** Whatever was thrown as a refusal. */
export function toCallError(error: unknown): CallError {
  if (error instanceof CallError) return error;
  if (isWireError(error, 'malformed-frame')) {
    return new CallError('malformed-frame', error.message, { cause: error });
  }
  return new CallError('internal', 'a fault of the media server', { cause: error });
}
