/**
 * The local database of this browser: opened with the key that the platform's keyring unwraps, made anew for a new device, destroyed
 * when the device is over. Keys without data, or data without keys, are damage and never a silent new identity.
 */
import { generateKey, keyFrom, type LocalKey } from '@tacet/crypto/vault';
import { claimDatabase, SealedDb } from '../db/sealed.ts';
import { DATABASE_NAME, DATABASE_VERSION, STORE_NAMES } from '../db/migrations.ts';
import { T, type OwnDevice } from '../db/stores.ts';
import { CoreError } from '../failure.ts';
import type { Database, Ports } from '../ports.ts';

const VAULT = 'vault';
const KEY = 'local-key';

/** What was found at the start. */
export type Found =
  { readonly kind: 'empty' } | { readonly kind: 'device'; readonly db: SealedDb; readonly own: OwnDevice };

async function openRaw(ports: Ports): Promise<Database> {
  try {
    return await ports.openDatabase(DATABASE_NAME, DATABASE_VERSION, STORE_NAMES);
  } catch (cause) {
    throw new CoreError('storage-unavailable', 'the local database does not open', { cause });
  }
}

/** Opens what is there. A sign-up or sign-in that never finished is cleared away. Throws `CoreError` `storage-damaged`. */
export async function openLocalDatabase(ports: Ports, onFault: (error: unknown) => void): Promise<Found> {
  const raw = await openRaw(ports);
  const wrapped = await raw.transact([VAULT], 'read', (tx) => tx.get(VAULT, KEY));
  if (!(wrapped instanceof Uint8Array)) {
    const left = await raw.transact(['device'], 'read', (tx) => tx.range('device', { limit: 1 }));
    raw.close();
    if (left.length > 0) throw new CoreError('storage-damaged', 'data without its key');
    return { kind: 'empty' };
  }
  let key: LocalKey;
  try {
    key = keyFrom<LocalKey>(await ports.keyring.unwrap(wrapped));
  } catch (cause) {
    raw.close();
    throw new CoreError('storage-damaged', 'the local key does not open', { cause });
  }
  const db = new SealedDb(raw, key, await claimDatabase(raw), onFault);
  const own = await db.read([T.own], (tx) => tx.get(T.own, 'own'));
  if (own === undefined || own.phase === 'joining') {
    await raw.destroy();
    return { kind: 'empty' };
  }
  return { kind: 'device', db, own };
}

/** Makes an empty database under a fresh key. What was there is destroyed first. */
export async function makeLocalDatabase(ports: Ports, onFault: (error: unknown) => void): Promise<SealedDb> {
  await (await openRaw(ports)).destroy();
  const raw = await openRaw(ports);
  const key = generateKey<LocalKey>();
  const wrapped = await ports.keyring.wrap(key);
  await raw.transact([VAULT], 'write', async (tx) => tx.put(VAULT, KEY, wrapped));
  return new SealedDb(raw, key, await claimDatabase(raw), onFault);
}

/** Destroys database and keyring. */
export async function destroyLocal(ports: Ports): Promise<void> {
  await (await openRaw(ports)).destroy();
  await ports.keyring.destroy();
}
