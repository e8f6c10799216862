/** What a client keeps on its disk, opened with the client's own key: looked at and changed, or searched for words. */
import { keyFrom, type LocalKey } from '@tacet/crypto/vault';
import { openLocalDatabase } from '@tacet/client/core/account/local';
import { DATABASE_NAME, DATABASE_VERSION, STORE_NAMES } from '@tacet/client/core/db/migrations';
import { SealedDb } from '@tacet/client/core/db/sealed';
import { encodeCbor } from '@tacet/protocol/cbor';
import { openNodePorts, type Disk, type NodePorts } from './node-ports.ts';

/** Nobody listens there. */
const NOWHERE = 'http://127.0.0.1:1';

/** Works in the database of a client that is closed. */
export async function look<Value>(disk: Disk, work: (db: SealedDb) => Promise<Value>): Promise<Value> {
  const found = await openLocalDatabase(openNodePorts({ url: NOWHERE, disk }), () => undefined);
  if (found.kind !== 'device') throw new Error('no device');
  try {
    return await work(found.db);
  } finally {
    found.db.close();
  }
}

/** Whether any stored value holds these words, bodies and frames inside of it included. `except`: stores that are passed over. */
export async function holdsText(
  ports: NodePorts,
  words: string,
  options: { readonly except?: readonly string[] } = {},
): Promise<boolean> {
  const raw = await ports.openDatabase(DATABASE_NAME, DATABASE_VERSION, STORE_NAMES);
  const wrapped = await raw.transact(['vault'], 'read', (tx) => tx.get('vault', 'local-key'));
  if (!(wrapped instanceof Uint8Array)) throw new Error('no local key');
  const key = keyFrom<LocalKey>(await ports.keyring.unwrap(wrapped));
  const db = new SealedDb(raw, key, 0, () => undefined);
  const wanted = Buffer.from(words);
  for (const store of STORE_NAMES) {
    if (store === 'vault' || options.except?.includes(store) === true) continue;
    const rows = await db.read([{ store }], (tx) => tx.range({ store }, {}));
    if (rows.some(({ value }) => Buffer.from(encodeCbor(value)).includes(wanted))) return true;
  }
  return false;
}
