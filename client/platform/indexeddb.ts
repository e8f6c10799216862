/**
 * The local database on IndexedDB. Every write transaction asks for strict durability: when it has committed, the bytes are on disk.
 * Keys and values pass through untouched; core seals the values before they come here.
 *
 * IndexedDB commits a transaction by itself as soon as nothing is asked of it, so the work of a transaction may await only what it
 * reads from the transaction.
 */
import type { Database, DbKey, DbTransaction, OpenDatabase } from '../core/ports.ts';

/** The result of a request. */
function settled<Result>(request: IDBRequest<Result>): Promise<Result> {
  return new Promise((resolve, reject) => {
    request.addEventListener('success', () => resolve(request.result));
    request.addEventListener('error', () => reject(request.error ?? new Error('database request failed')));
  });
}

/** Resolves when the transaction is on disk; rejects when it was rolled back. */
function committed(transaction: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    transaction.addEventListener('complete', () => resolve());
    transaction.addEventListener('abort', () => {
      reject(transaction.error ?? new DOMException('rolled back', 'AbortError'));
    });
  });
}

/** IndexedDB's keys are mutable arrays and buffers; these are the same values. */
function toKey(key: DbKey): IDBValidKey {
  return typeof key === 'object' && !(key instanceof Uint8Array)
    ? key.map(toKey)
    : key instanceof Uint8Array
      ? new Uint8Array(key)
      : key;
}

/** Byte keys come back as buffers. */
function fromKey(key: IDBValidKey): DbKey {
  if (Array.isArray(key)) return key.map(fromKey);
  if (key instanceof ArrayBuffer) return new Uint8Array(key);
  if (typeof key === 'string' || typeof key === 'number') return key;
  throw new TypeError('a key of a kind that is never written');
}

function toRange(from: DbKey | undefined, to: DbKey | undefined): IDBKeyRange | undefined {
  if (from !== undefined && to !== undefined) return IDBKeyRange.bound(toKey(from), toKey(to));
  if (from !== undefined) return IDBKeyRange.lowerBound(toKey(from));
  return to === undefined ? undefined : IDBKeyRange.upperBound(toKey(to));
}

interface Entry {
  readonly key: DbKey;
  readonly value: unknown;
}

/** Ascending: two bulk reads, which are answered together. */
async function readAscending(
  store: IDBObjectStore,
  range: IDBKeyRange | undefined,
  limit: number | undefined,
): Promise<readonly Entry[]> {
  const [keys, values] = await Promise.all([
    settled(store.getAllKeys(range, limit)),
    settled(store.getAll(range, limit) as IDBRequest<unknown[]>),
  ]);
  return keys.map((key, i) => ({ key: fromKey(key), value: values[i] }));
}

/** Descending: a cursor, because only the newest browsers read in bulk backwards. */
function readDescending(
  store: IDBObjectStore,
  range: IDBKeyRange | undefined,
  limit: number,
): Promise<readonly Entry[]> {
  return new Promise((resolve, reject) => {
    const found: Entry[] = [];
    if (limit <= 0) return resolve(found);
    const request = store.openCursor(range, 'prev');
    request.addEventListener('error', () => reject(request.error ?? new Error('database read failed')));
    request.addEventListener('success', () => {
      const cursor = request.result;
      if (cursor === null) return resolve(found);
      found.push({ key: fromKey(cursor.primaryKey), value: cursor.value as unknown });
      if (found.length >= limit) return resolve(found);
      cursor.continue();
    });
  });
}

function wrapTransaction(transaction: IDBTransaction): DbTransaction {
  const storeOf = (name: string): IDBObjectStore => transaction.objectStore(name);
  return {
    get: (store, key) => settled(storeOf(store).get(toKey(key)) as IDBRequest<unknown>),
    put(store, key, value) {
      storeOf(store).put(value, toKey(key));
    },
    delete(store, key) {
      storeOf(store).delete(toKey(key));
    },
    range(store, { from, to, limit, descending }) {
      const range = toRange(from, to);
      return descending === true
        ? readDescending(storeOf(store), range, limit ?? Number.POSITIVE_INFINITY)
        : readAscending(storeOf(store), range, limit);
    },
  };
}

function openRaw(name: string, version: number, stores: readonly string[]): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(name, version);
    request.addEventListener('upgradeneeded', () => {
      for (const store of stores)
        if (!request.result.objectStoreNames.contains(store)) request.result.createObjectStore(store);
    });
    request.addEventListener('success', () => resolve(request.result));
    request.addEventListener('error', () => reject(request.error ?? new Error('database did not open')));
    // Another tab holds an older version open: it closes on `versionchange`, then this goes on.
  });
}

/** Deletes a database. Connections of other tabs close by themselves. */
export function deleteIndexedDb(name: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.deleteDatabase(name);
    request.addEventListener('success', () => resolve());
    request.addEventListener('error', () => reject(request.error ?? new Error('database was not deleted')));
  });
}

/** Opens or creates the database `name`. */
export const openIndexedDb: OpenDatabase = async (name, version, stores) => {
  const raw = await openRaw(name, version, stores);
  // A newer version or a deletion in another tab must not wait for this one.
  raw.addEventListener('versionchange', () => raw.close());

  const database: Database = {
    async transact(names, mode, work) {
      const transaction =
        mode === 'write'
          ? raw.transaction([...names], 'readwrite', { durability: 'strict' })
          : raw.transaction([...names], 'readonly');
      const end = committed(transaction);
      // The outcome is awaited below; a failure that comes earlier is not a forgotten one.
      end.catch(() => undefined);
      try {
        const value = await work(wrapTransaction(transaction));
        // Commits now instead of at the browser's leisure; throws if it has committed or failed by itself.
        try {
          transaction.commit();
        } catch {
          // `end` says which of the two it was.
        }
        await end;
        return value;
      } catch (error) {
        try {
          transaction.abort();
        } catch {
          // It was over already.
        }
        throw transaction.error ?? error;
      }
    },
    close: () => raw.close(),
    async destroy() {
      raw.close();
      await deleteIndexedDb(name);
    },
  };
  return database;
};
