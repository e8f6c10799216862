/**
 * Faults in the log. What fails for one reason, as everything does on a full disk, fails for everybody who asks, as often as they ask: of
 * each kind the first is told at once, and those that follow within a minute in one line at its end.
 */
import { errorFields, type Logger } from './logger.ts';
import { isStoreError } from './store/errors.ts';

const EVERY_MS = 60_000;

/** Faults of one kind since the last line about them. */
interface Kind {
  times: number;
  /** The first of them. */
  readonly error: unknown;
  readonly timer: NodeJS.Timeout;
}

/** The log of what fails for reasons of the server's own. */
export class FaultLog {
  readonly #logger: Pick<Logger, 'error'>;
  readonly #everyMs: number;
  /** As many as there are places in the program where something fails. */
  readonly #kinds = new Map<string, Kind>();

  /** `everyMs`: how long repetitions are gathered. */
  constructor(logger: Pick<Logger, 'error'>, everyMs = EVERY_MS) {
    this.#logger = logger;
    this.#everyMs = everyMs;
  }

  /** Tells of a fault, or counts it. `where`: what is told besides of one that is told at once. */
  add(error: unknown, where: Readonly<Record<string, string>> = {}): void {
    const name = nameOf(error);
    const kind = this.#kinds.get(name);
    if (kind !== undefined) {
      kind.times += 1;
      return;
    }
    this.#logger.error({ ...where, error }, 'failure');
    this.#begin(name, error);
  }

  /** Tells what has been counted. Idempotent. */
  close(): void {
    for (const kind of this.#kinds.values()) {
      clearTimeout(kind.timer);
      this.#tell(kind);
    }
    this.#kinds.clear();
  }

  #begin(name: string, error: unknown): void {
    const timer = setTimeout(() => {
      this.#kinds.delete(name);
      if (this.#tell(kind)) this.#begin(name, error);
    }, this.#everyMs);
    timer.unref();
    const kind: Kind = { times: 0, error, timer };
    this.#kinds.set(name, kind);
  }

  /** False: there is nothing to be told. */
  #tell({ times, error }: Kind): boolean {
    if (times === 0) return false;
    this.#logger.error({ times, error }, 'the same failure again');
    return true;
  }
}

/** One name for all that fails for one reason: what the database says, wherever it is asked; of anything else, the place. */
function nameOf(error: unknown): string {
  const { type, code, at, cause } = errorFields(error);
  return [type, code, isStoreError(error) ? cause?.code : at?.[0]].join(' ');
}
