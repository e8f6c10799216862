/**
 * Whether the database takes writes: what it said last, and how long another process has held it. A full or read-only disk and a lock are
 * passing faults; nobody has to restart anything once they are over.
 */
import { isStoreError, StoreError } from './errors.ts';

/** What SQLite says when the disk or the file takes nothing. A statement that is wrong, or breaks a constraint, is not among it. */
const FAULTS = /^SQLITE_(?:FULL|IOERR|READONLY|BUSY|LOCKED|CANTOPEN|CORRUPT|NOTADB|NOMEM|PERM)/;

/** Asking the disk again costs a write: at most this often, however many ask. */
const PROBE_MS = 1_000;

function codeOf(error: unknown): string {
  const cause = isStoreError(error) ? error.cause : error;
  return cause instanceof Error && 'code' in cause ? String(cause.code) : '';
}

/** Whether another process holds the lock; nothing of the transaction has run. */
export function isBusy(error: unknown): boolean {
  return codeOf(error).startsWith('SQLITE_BUSY');
}

/** Whether a file is no database, or one whose pages make no sense. */
export function isDamaged(error: unknown): boolean {
  return /^SQLITE_(?:NOTADB|CORRUPT)/.test(codeOf(error));
}

/** Whether an error says that the database takes no writes. */
export function isDiskFault(error: unknown): boolean {
  return FAULTS.test(codeOf(error));
}

export class WriteHealth {
  readonly #patienceMs: number;
  #fault: StoreError | undefined;
  #busySince: number | undefined;
  #probedAt = 0;
  #probe: Promise<void> | undefined;

  /** `patienceMs`: how long a lock of another process is waited for. */
  constructor(patienceMs: number) {
    this.#patienceMs = patienceMs;
  }

  /** Another process holds the lock. Whether it is waited for; from the end of the patience on, not any more until it has let go. */
  mayWait(): boolean {
    this.#busySince ??= performance.now();
    return performance.now() - this.#busySince < this.#patienceMs;
  }

  /** The database could be locked. */
  gotLock(): void {
    this.#busySince = undefined;
  }

  /** It did not take a write. A later one that succeeds may have written nothing: only `check` finds out that the fault is over. */
  failed(cause: unknown): void {
    this.#fault = new StoreError('failed', 'the database takes no writes', cause);
  }

  /** Throws what the database said last if that was a fault, after `write` has asked once more. */
  async check(write: () => Promise<void>): Promise<void> {
    if (this.#fault === undefined) return;
    if (this.#probe === undefined && performance.now() - this.#probedAt < PROBE_MS) throw this.#fault;
    this.#probe ??= write()
      .then(() => {
        this.#fault = undefined;
      })
      .finally(() => {
        this.#probe = undefined;
        this.#probedAt = performance.now();
      });
    await this.#probe;
  }
}
