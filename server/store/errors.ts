/** What goes wrong in the store, for callers to branch on. What is expected (a duplicate, a full queue) is a return value instead. */

/** `closed`: called after close. `failed`: the database refused; nothing of the transaction is stored. */
export type StoreErrorCode = 'closed' | 'failed' | 'migration-failed';

/** A failure of the store. Messages hold no row contents. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
  readonly code: StoreErrorCode;

  constructor(code: StoreErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
  }
}

/** Narrows an unknown error to a `StoreError`, of one code if given. */
export function isStoreError(error: unknown, code?: StoreErrorCode): error is StoreError {
  return error instanceof StoreError && (code === undefined || error.code === code);
}
