/** Why an envelope gives nothing, and which faults are the storage's own: those acknowledge nothing. */
import { isCoreError } from '../failure.ts';

/** An envelope that gives nothing. */
export class Broken extends Error {
  override readonly name = 'Broken';
  readonly why: 'undecryptable' | 'unproven' | 'malformed';

  constructor(why: Broken['why'], cause?: unknown) {
    super(why, cause === undefined ? undefined : { cause });
    this.why = why;
  }
}

/** Whether an error is a fault of the local storage. */
export function isStorageFault(error: unknown): boolean {
  return (
    isCoreError(error, 'storage-damaged') ||
    isCoreError(error, 'storage-full') ||
    isCoreError(error, 'storage-unavailable')
  );
}
