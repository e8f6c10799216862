/**
 * Core's one error class. Its code is what a person's text is keyed by: a wire code or one of the client's own. Messages are for
 * developers and hold no content, key, name or address.
 */
import { isWireError, WireError, type ErrorCode } from '@tacet/protocol/errors';
import type { ClientErrorCode, Failure } from './view.ts';

/** A refusal or failure of core. `retryAfterMs`: set where the answer said when to try again. */
export class CoreError extends Error {
  override readonly name = 'CoreError';
  readonly code: ErrorCode | ClientErrorCode;
  readonly retryAt: number | undefined;

  constructor(
    code: ErrorCode | ClientErrorCode,
    message: string,
    options?: { readonly cause?: unknown; readonly retryAt?: number | undefined },
  ) {
    super(message, options?.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.retryAt = options?.retryAt;
  }
}

/** Whether an error is core's, of one code if given. */
export function isCoreError(error: unknown, code?: ErrorCode | ClientErrorCode): error is CoreError {
  return error instanceof CoreError && (code === undefined || error.code === code);
}

/** What a view is told about an error. */
export function failureFrom(error: unknown): Failure {
  if (error instanceof CoreError) {
    return error.retryAt === undefined ? { code: error.code } : { code: error.code, retryAt: error.retryAt };
  }
  if (error instanceof WireError) return { code: error.code };
  return { code: 'unexpected' };
}

/** Whether an error means that there was no connection, or that the server asks for patience: the same request may succeed later. */
export function isPassing(error: unknown): boolean {
  return (
    isCoreError(error, 'offline') ||
    isCoreError(error, 'part-missing') ||
    isWireError(error, 'shutting-down') ||
    isWireError(error, 'overloaded')
  );
}

/** How often each part did not come, by the source text of what loads it. */
const missed = new Map<string, number>();

/**
 * Fetches a part of the program that a start does not need. Throws `CoreError` `offline` where it does not come, and `part-missing` from
 * the second time on: some browsers keep the failure of a module for as long as the page lives, so that only a new page helps.
 */
export async function fetchPart<Part>(load: () => Promise<Part>): Promise<Part> {
  const name = String(load);
  try {
    const part = await load();
    missed.delete(name);
    return part;
  } catch (cause) {
    const times = (missed.get(name) ?? 0) + 1;
    missed.set(name, times);
    throw new CoreError(times > 1 ? 'part-missing' : 'offline', 'a part of the program did not come', {
      cause,
    });
  }
}
