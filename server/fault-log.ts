/**
 * Faults in the log. What fails for one reason, as everything does on a full disk, fails for everybody who asks, as often as they ask: of
 * each kind the first is told at once, and those that follow within a minute in one line at its end.
 */
import { errorFields, type Logger } from './logger.ts';
import { isStoreError } from './store/errors.ts';
import { isDiskFault } from './store/write-health.ts';

const EVERY_MS = 60_000;

/** Where a fault was met: a route, a job, a socket. */
export type Where = Readonly<Record<string, string>>;

/** Faults of one kind since the last line about them. */
interface Kind {
  times: number;
  /** The first of them, and where all of them were met, if it was in one place. */
  readonly error: unknown;
  readonly where: Where;
  readonly timer: NodeJS.Timeout;
}

/** The log of what fails for reasons of the server's own. */
export class FaultLog {
  readonly #logger: Pick<Logger, 'error'>;
  readonly #everyMs: number;
  /** As many as there are places in the program where something fails, at most for each route. */
  readonly #kinds = new Map<string, Kind>();

  /** `everyMs`: how long repetitions are gathered. */
  constructor(logger: Pick<Logger, 'error'>, everyMs = EVERY_MS) {
    this.#logger = logger;
    this.#everyMs = everyMs;
  }

  /** Tells of a fault, or counts it. `where`: what is told besides of one that is told at once. */
  add(error: unknown, where: Where = {}): void {
    const isAnywhere = !isStoreError(error) || isDiskFault(error);
    const place = isAnywhere ? {} : where;
    const name = [nameOf(error), ...Object.values(place)].join(' ');
    const kind = this.#kinds.get(name);
    if (kind !== undefined) {
      kind.times += 1;
      return;
    }
    this.#logger.error({ ...where, error }, 'failure');
    this.#begin(name, error, place);
  }

  /** Tells what has been counted. Idempotent. */
  close(): void {
    for (const kind of this.#kinds.values()) {
      clearTimeout(kind.timer);
      this.#tell(kind);
    }
    this.#kinds.clear();
  }

  #begin(name: string, error: unknown, where: Where): void {
    const timer = setTimeout(() => {
      this.#kinds.delete(name);
      if (this.#tell(kind)) this.#begin(name, error, where);
    }, this.#everyMs);
    timer.unref();
    const kind: Kind = { times: 0, error, where, timer };
    this.#kinds.set(name, kind);
  }

  /** False: there is nothing to be told. */
  #tell({ times, error, where }: Kind): boolean {
    if (times === 0) return false;
    this.#logger.error({ ...where, times, error }, 'the same failure again');
    return true;
  }
}

/**
 * One name for all that fails for one reason: what the database says; of anything else, the place. Of a statement that is wrong the
 * database says no more than that, and the place is that of every statement: it is the route or the socket's task that tells those apart.
 */
function nameOf(error: unknown): string {
  const { type, code, at, cause } = errorFields(error);
  return [type, code, isStoreError(error) ? cause?.code : at?.[0]].join(' ');
}
