/**
 * The local database with every value sealed under the local key, bound to its store and key, so that values can be neither read nor
 * exchanged. Keys that would name somebody are replaced by short keyed hashes (`hide`); numbers that only order things stay.
 * Transactions hold no await but those on the transaction itself: browsers commit a transaction that waits for anything else.
 */
import { batch } from '@preact/signals-core';
import { decodeCbor, encodeCbor } from '@tacet/protocol/cbor';
import { encodeB64u } from '@tacet/protocol/bytes';
import { labelledHash, openLocal, sealLocal, type LocalKey } from '@tacet/crypto/vault';
import { CoreError } from '../failure.ts';
import type { Database, DbKey, DbTransaction } from '../ports.ts';

/** A store and the type of its values. */
export interface Table<Value> {
  readonly store: string;
  /** Carries the type; never set. */
  readonly value?: Value;
}

/** One entry of a range. */
export interface Row<Value> {
  readonly key: DbKey;
  readonly value: Value;
}

/** Bounds of a range, both included. */
export interface Range {
  readonly from?: DbKey;
  readonly to?: DbKey;
  readonly limit?: number;
  readonly descending?: boolean;
}

/** A transaction that reads and writes plain values. */
export interface Tx {
  get<Value>(table: Table<Value>, key: DbKey): Promise<Value | undefined>;
  put<Value>(table: Table<Value>, key: DbKey, value: Value): void;
  delete(table: Table<unknown>, key: DbKey): void;
  range<Value>(table: Table<Value>, range: Range): Promise<readonly Row<Value>[]>;
  /** The keys of a range, values unopened. */
  keys(table: Table<unknown>, range: Range): Promise<readonly DbKey[]>;
}

/** A writing transaction. */
export interface WriteTx extends Tx {
  /** Runs once the transaction is on disk, in the order of registration: what views see, what leaves the device. */
  after(run: () => void): void;
  /** Runs at the end of the transaction, still within it: what is written once for many changes. */
  last(run: () => Promise<void>): void;
  /** Runs once the transaction is over, whether it is on disk or rolled back; after all that `after` runs. */
  finally(run: () => void): void;
}

/** Where the owner's number is: the one store whose values are not sealed. */
const OWNER_STORE = 'vault';
const OWNER_KEY = 'owner';

const HIDDEN_BYTES = 16;
/** Hidden names kept at hand; beyond it they are computed again. */
const HIDDEN_KEPT = 10_000;

function keyText(key: DbKey): string {
  if (typeof key === 'string') return `s${key}`;
  if (typeof key === 'number') return `n${key}`;
  if (key instanceof Uint8Array) return `b${encodeB64u(key)}`;
  return `[${key.map(keyText).join(',')}]`;
}

/** Leaves out properties that are `undefined`, which CBOR here does not carry. */
function withoutUndefined(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value;
  if (Array.isArray(value)) return value.map(withoutUndefined);
  const plain: Record<string, unknown> = {};
  for (const [name, held] of Object.entries(value)) {
    if (held !== undefined) plain[name] = withoutUndefined(held);
  }
  return plain;
}

/**
 * Makes the caller the owner of a database. A tab that owned it before and has not noticed yet can commit nothing from now on: no two
 * tabs ever continue one ratchet.
 */
export function claimDatabase(database: Database): Promise<number> {
  return database.transact([OWNER_STORE], 'write', async (tx) => {
    const before = await tx.get(OWNER_STORE, OWNER_KEY);
    const owner = typeof before === 'number' ? before + 1 : 1;
    tx.put(OWNER_STORE, OWNER_KEY, owner);
    return owner;
  });
}

/** Names what an adapter threw, so that callers tell a fault of the storage from broken input. */
function rethrow(cause: unknown): never {
  if (cause instanceof CoreError) throw cause;
  const isFull = cause instanceof Error && cause.name === 'QuotaExceededError';
  throw new CoreError(isFull ? 'storage-full' : 'storage-unavailable', 'the local database failed', {
    cause,
  });
}

/** The sealed local database. Throws `CoreError` `storage-damaged` for a value that does not open. */
export class SealedDb {
  readonly #database: Database;
  readonly #key: LocalKey;
  readonly #hidden = new Map<string, Uint8Array<ArrayBuffer>>();
  readonly #onFault: (error: unknown) => void;
  readonly #owner: number;
  #lastWrite: Promise<unknown> = Promise.resolve();
  #hasFailed = false;

  /**
   * `owner`: the number that `claimDatabase` gave; once another tab has claimed the database every write here fails. `onFault`: a write
   * failed, so what core holds in memory is ahead of the disk and core must stop.
   */
  constructor(database: Database, key: LocalKey, owner: number, onFault: (error: unknown) => void) {
    this.#database = database;
    this.#key = key;
    this.#owner = owner;
    this.#onFault = onFault;
  }

  /** A name that tells nothing without the local key: 16 bytes of SHA-256 over label, local key and text. */
  hide(text: string): Uint8Array<ArrayBuffer> {
    const known = this.#hidden.get(text);
    if (known !== undefined) return known;
    if (this.#hidden.size >= HIDDEN_KEPT) this.#hidden.clear();
    const name = new TextEncoder().encode(text);
    const input = new Uint8Array(this.#key.length + name.length);
    input.set(this.#key);
    input.set(name, this.#key.length);
    const hidden = labelledHash('Tacet/local-name/v1', input).slice(0, HIDDEN_BYTES);
    this.#hidden.set(text, hidden);
    return hidden;
  }

  /** Runs `work` in a transaction that only reads. */
  read<Value>(tables: readonly Table<unknown>[], work: (tx: Tx) => Promise<Value>): Promise<Value> {
    return this.#transact(tables, 'read', work);
  }

  /**
   * Runs `work` in one strict transaction: all of it is on disk when the promise resolves, or nothing. Writes run one after the other,
   * so that what `work` changes in memory is changed in the order of the disk. After one that failed none is taken any more: it would be
   * made from what the memory has and the disk has not. What `after` runs can fail no write; its faults are told like those of a write.
   */
  write<Value>(tables: readonly Table<unknown>[], work: (tx: WriteTx) => Promise<Value>): Promise<Value> {
    const turn = this.#lastWrite.then(async () => {
      if (this.#hasFailed) throw new CoreError('storage-unavailable', 'a write before this one failed');
      const afterwards: (() => void)[] = [];
      const closing: (() => Promise<void>)[] = [];
      const lastly: (() => void)[] = [];
      const noting = async (tx: Tx): Promise<Value> => {
        const value = await work({
          ...tx,
          after: (run) => afterwards.push(run),
          last: (run) => closing.push(run),
          finally: (run) => lastly.push(run),
        });
        for (const run of closing) await run();
        return value;
      };
      try {
        const value = await this.#transact(tables, 'write', noting).catch((error: unknown) => {
          this.#hasFailed = true;
          this.#onFault(error);
          throw error;
        });
        this.#runAll(afterwards);
        return value;
      } finally {
        for (const run of lastly) run();
      }
    });
    this.#lastWrite = turn.catch(() => undefined);
    return turn;
  }

  /**
   * Puts another slot for the local key in place of the one there, which it overwrites. `make` gets the key and gives the slot; it runs
   * before the transaction and may take its time.
   */
  async replaceSlot(slotKey: string, make: (key: LocalKey) => Promise<unknown>): Promise<void> {
    const slot = await make(this.#key);
    await this.#database
      .transact([OWNER_STORE], 'write', async (raw) => {
        if ((await raw.get(OWNER_STORE, OWNER_KEY)) !== this.#owner) {
          throw new CoreError('cancelled', 'another tab owns the database');
        }
        raw.put(OWNER_STORE, slotKey, slot);
      })
      .catch(rethrow);
  }

  /** Resolves when nothing waits to be written. */
  async written(): Promise<void> {
    for (let seen: unknown; seen !== this.#lastWrite;) {
      seen = this.#lastWrite;
      await this.#lastWrite;
    }
  }

  /** Closes the database and, when what is being written has been written, overwrites the key in memory. */
  close(): void {
    this.#database.close();
    this.#hidden.clear();
    const forget = (): void => void this.#key.fill(0);
    this.#lastWrite.then(forget, forget);
  }

  /** One change for those who watch, however many rows it had. */
  #runAll(afterwards: readonly (() => void)[]): void {
    const guarded = (run: () => void): void => {
      try {
        run();
      } catch (error) {
        this.#onFault(error);
      }
    };
    guarded(() => batch(() => afterwards.forEach(guarded)));
  }

  #transact<Value>(
    tables: readonly Table<unknown>[],
    mode: 'read' | 'write',
    work: (tx: Tx) => Promise<Value>,
  ): Promise<Value> {
    const named = tables.map((table) => table.store);
    // A read that leaves the owner's number out waits for no write but those of its own stores.
    const stores = [...new Set(mode === 'write' ? [...named, OWNER_STORE] : named)];
    const fenced = async (raw: DbTransaction): Promise<Value> => {
      if (mode === 'read') return work(this.#sealing(raw));
      // Asked first and answered first; what `work` does meanwhile is rolled back with the rest.
      const asked = raw.get(OWNER_STORE, OWNER_KEY);
      const done = work(this.#sealing(raw));
      done.catch(() => undefined);
      if ((await asked) !== this.#owner) throw new CoreError('cancelled', 'another tab owns the database');
      return done;
    };
    return this.#database.transact(stores, mode, fenced).catch(rethrow);
  }

  #sealing(raw: DbTransaction): Tx {
    const open = <Value>(store: string, key: DbKey, sealed: unknown): Value => {
      try {
        const plain = openLocal(this.#key, `${store}/${keyText(key)}`, sealed as Uint8Array);
        return decodeCbor(plain) as Value;
      } catch (cause) {
        throw new CoreError('storage-damaged', 'a stored value does not open', { cause });
      }
    };
    return {
      get: async <Value>(table: Table<Value>, key: DbKey) => {
        const sealed = await raw.get(table.store, key);
        return sealed === undefined ? undefined : open<Value>(table.store, key, sealed);
      },
      put: (table, key, value) => {
        const plain = encodeCbor(withoutUndefined(value));
        raw.put(table.store, key, sealLocal(this.#key, `${table.store}/${keyText(key)}`, plain));
      },
      delete: (table, key) => raw.delete(table.store, key),
      range: async <Value>(table: Table<Value>, range: Range) => {
        const rows = await raw.range(table.store, range);
        return rows.map((row) => ({
          key: row.key,
          value: open<Value>(table.store, row.key, row.value),
        }));
      },
      keys: async (table, range) => (await raw.range(table.store, range)).map(({ key }) => key),
    };
  }
}
