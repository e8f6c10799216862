/**
 * The local database of this browser: opened with the key that the platform's keyring unwraps, made anew for a new device, destroyed
 * when the device is over. Keys without data, or data without keys, are damage and never a silent new identity.
 */
import {
  ARGON2,
  generateKey,
  keyFrom,
  openSlot,
  sealSlot,
  stretchLock,
  type LocalKey,
} from '@tacet/crypto/vault';
import { claimDatabase, SealedDb } from '../db/sealed.ts';
import { DATABASE_NAME, DATABASE_VERSION, STORE_NAMES } from '../db/migrations.ts';
import { T } from '../db/stores.ts';
import type { OwnDevice } from '../db/stored-device.ts';
import { CoreError } from '../failure.ts';
import type { Database, Ports } from '../ports.ts';

const VAULT = 'vault';
const KEY = 'local-key';
/** Set with the deletion of the key: whatever is left is to be deleted too. */
const WIPED = 'wiped';

/** How a locked device keeps its local key, in place of the key that the keyring wrapped. */
interface LockSlot {
  readonly v: 1;
  /** 16 bytes, random. */
  readonly salt: Uint8Array;
  /** The local key under the lock key, and that under the platform's keyring. */
  readonly sealed: Uint8Array;
  /** Locks after this long without anybody; absent: only when told to, and at every start. */
  readonly afterMs?: number;
}

/** The lock of a device as its settings show it. */
export interface Lock {
  readonly afterMs: number | undefined;
}

function isLockSlot(stored: unknown): stored is LockSlot {
  return typeof stored === 'object' && stored !== null && 'v' in stored && stored.v === 1;
}

/** What was found at the start. */
export type Found =
  | { readonly kind: 'empty' }
  | { readonly kind: 'locked' }
  | {
      readonly kind: 'device';
      readonly db: SealedDb;
      readonly own: OwnDevice;
      readonly lock: Lock | undefined;
    };

/** Throws `CoreError` `storage-unavailable`, and `app-outdated` for a database of a newer build. */
async function openRaw(ports: Ports): Promise<Database> {
  try {
    return await ports.openDatabase(DATABASE_NAME, DATABASE_VERSION, STORE_NAMES);
  } catch (cause) {
    if (cause instanceof Error && cause.name === 'VersionError') {
      throw new CoreError('app-outdated', 'a database of a newer build', { cause });
    }
    throw new CoreError('storage-unavailable', 'the local database does not open', { cause });
  }
}

/**
 * Opens what is there. A sign-up or sign-in that never finished is cleared away. Nothing of it is claimed or opened before `ready`
 * resolves: the cryptography is loaded, and the caller still wants the database. Throws `CoreError` `storage-damaged`.
 */
export async function openLocalDatabase(
  ports: Ports,
  onFault: (error: unknown) => void,
  ready: Promise<void> = Promise.resolve(),
): Promise<Found> {
  ready.catch(() => undefined);
  const raw = await openRaw(ports);
  const [stored, wiped] = await raw.transact([VAULT], 'read', (tx) =>
    Promise.all([tx.get(VAULT, KEY), tx.get(VAULT, WIPED)]),
  );
  if (wiped !== undefined) {
    // Another tab may have cleared up and begun anew while this one was not wanted.
    await ready;
    const isStill = (await raw.transact([VAULT], 'read', (tx) => tx.get(VAULT, WIPED))) !== undefined;
    if (!isStill) {
      raw.close();
      return openLocalDatabase(ports, onFault, ready);
    }
    await raw.destroy();
    await ports.keyring.destroy();
    return { kind: 'empty' };
  }
  if (isLockSlot(stored)) {
    raw.close();
    return { kind: 'locked' };
  }
  if (!(stored instanceof Uint8Array)) {
    const left = await raw.transact(['device'], 'read', (tx) => tx.range('device', { limit: 1 }));
    raw.close();
    if (left.length > 0) throw new CoreError('storage-damaged', 'data without its key');
    return { kind: 'empty' };
  }
  let key: LocalKey;
  try {
    key = keyFrom<LocalKey>(await ports.keyring.unwrap(stored));
  } catch (cause) {
    raw.close();
    throw new CoreError('storage-damaged', 'the local key does not open', { cause });
  }
  try {
    await ready;
  } catch (cause) {
    key.fill(0);
    raw.close();
    throw cause;
  }
  return openWith(raw, key, onFault, undefined);
}

async function openWith(
  raw: Database,
  key: LocalKey,
  onFault: (error: unknown) => void,
  lock: Lock | undefined,
): Promise<Found> {
  const db = new SealedDb(raw, key, await claimDatabase(raw), onFault);
  try {
    const own = await db.read([T.own], (tx) => tx.get(T.own, 'own'));
    if (own === undefined && (await holdsAnything(raw))) {
      throw new CoreError('storage-damaged', 'data without the device that it belongs to');
    }
    if (own !== undefined && own.phase !== 'joining') return { kind: 'device', db, own, lock };
  } catch (error) {
    db.close();
    throw error;
  }
  db.close();
  await raw.destroy();
  return { kind: 'empty' };
}

/** Whether there is anything beside the key: a device is written whole, so without its own row the rest is damage. */
async function holdsAnything(raw: Database): Promise<boolean> {
  const stores = STORE_NAMES.filter((store) => store !== VAULT);
  const found = await raw.transact(stores, 'read', (tx) =>
    Promise.all(stores.map((store) => tx.range(store, { limit: 1 }))),
  );
  return found.some((rows) => rows.length > 0);
}

/** Opens a locked device. Throws `CoreError` `passphrase-wrong`. */
export async function unlockLocalDatabase(
  ports: Ports,
  passphrase: string,
  onFault: (error: unknown) => void,
): Promise<Found> {
  const raw = await openRaw(ports);
  let opened = false;
  try {
    const slot = await raw.transact([VAULT], 'read', (tx) => tx.get(VAULT, KEY));
    if (!isLockSlot(slot)) throw new CoreError('storage-damaged', 'the lock is gone');
    const lockKey = stretchLock(passphrase, slot.salt);
    const sealed = await ports.keyring.unwrap(slot.sealed).catch((cause: unknown) => {
      throw new CoreError('storage-damaged', 'the slot does not open', { cause });
    });
    let key: LocalKey;
    try {
      key = openSlot(lockKey, sealed, slot.salt);
    } catch (cause) {
      throw new CoreError('passphrase-wrong', 'the slot does not open', { cause });
    } finally {
      lockKey.fill(0);
    }
    opened = true;
    return await openWith(raw, key, onFault, { afterMs: slot.afterMs });
  } finally {
    if (!opened) raw.close();
  }
}

/** Locks a device with a passphrase from its next start on, or takes the lock away. The slot that there was is overwritten. */
export async function replaceLock(
  ports: Ports,
  db: SealedDb,
  lock: (Lock & { readonly passphrase: string }) | undefined,
): Promise<void> {
  await db.replaceSlot(KEY, async (key) => {
    if (lock === undefined) return ports.keyring.wrap(key);
    const salt = ports.random(ARGON2.saltBytes);
    const lockKey = stretchLock(lock.passphrase, salt);
    const sealed = await ports.keyring.wrap(sealSlot(lockKey, key, salt));
    lockKey.fill(0);
    const { afterMs } = lock;
    return { v: 1, salt, sealed, ...(afterMs === undefined ? {} : { afterMs }) } satisfies LockSlot;
  });
}

/** Whether a passphrase opens the lock of a device. */
export async function opensLock(ports: Ports, passphrase: string): Promise<boolean> {
  const raw = await openRaw(ports);
  try {
    const slot = await raw.transact([VAULT], 'read', (tx) => tx.get(VAULT, KEY));
    if (!isLockSlot(slot)) return false;
    const lockKey = stretchLock(passphrase, slot.salt);
    openSlot(lockKey, await ports.keyring.unwrap(slot.sealed), slot.salt).fill(0);
    return true;
  } catch {
    return false;
  } finally {
    raw.close();
  }
}

/** Makes an empty database under a fresh key. What was there is destroyed first. */
export async function makeLocalDatabase(ports: Ports, onFault: (error: unknown) => void): Promise<SealedDb> {
  await ports.deleteDatabase(DATABASE_NAME);
  const raw = await openRaw(ports);
  const key = generateKey<LocalKey>();
  const wrapped = await ports.keyring.wrap(key);
  await raw.transact([VAULT], 'write', async (tx) => tx.put(VAULT, KEY, wrapped));
  return new SealedDb(raw, key, await claimDatabase(raw), onFault);
}

/**
 * Destroys database and keyring. The key goes first, with a mark: whatever stops the rest leaves nothing that opens, and the next start
 * goes on with it. What is damaged, or of a newer build, is deleted all the same.
 */
export async function destroyLocal(ports: Ports): Promise<void> {
  try {
    await markWiped(ports).catch(() => undefined);
    await ports.deleteDatabase(DATABASE_NAME).catch((cause: unknown) => {
      throw new CoreError('storage-unavailable', 'the local database is not deleted', { cause });
    });
  } finally {
    await ports.keyring.destroy();
  }
}

async function markWiped(ports: Ports): Promise<void> {
  const raw = await openRaw(ports);
  try {
    await raw.transact([VAULT], 'write', async (tx) => {
      tx.put(VAULT, KEY, new Uint8Array(0));
      tx.delete(VAULT, KEY);
      tx.put(VAULT, WIPED, 1);
    });
  } finally {
    raw.close();
  }
}
