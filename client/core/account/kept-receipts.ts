/**
 * The server's receipts for what it has accepted of this account, kept so that one which was restored from an older backup takes it again
 * (`returning.ts`). They are asked for with each connection and after each change; an older one never takes the place of a newer one, unless
 * that one is for what there cannot be: a server that has lied would else be believed for ever.
 */
import { decodeB64u } from '@tacet/protocol/bytes';
import { getReceipts, type Receipts } from '@tacet/protocol/rest/receipts';
import type { SealedDb, WriteTx } from '../db/sealed.ts';
import { T } from '../db/stores.ts';
import type { KeptReceipts } from '../db/stored-device.ts';
import { CoreError } from '../failure.ts';
import type { Directory } from '../people/directory.ts';
import type { Rest } from '../transport/rest.ts';
import type { RecordKeeper } from './record.ts';
import type { Session } from './session.ts';

interface Needs {
  readonly db: SealedDb;
  readonly rest: Rest;
  readonly session: Session;
  readonly directory: Pick<Directory, 'ownView'>;
  readonly record: Pick<RecordKeeper, 'newest'>;
}

/** A passphrase is not changed this often while a device is away. */
const CREDENTIALS_AHEAD_MOST = 1_000;

/** Asks for the receipts of what is in force and keeps them. */
export async function keepReceipts({ db, rest, session, directory, record }: Needs): Promise<void> {
  const told = receiptsFrom(await session.with((token) => rest.call(getReceipts, { token })));
  await db.write([T.receiptsKept], async (tx) => {
    const held = await tx.get(T.receiptsKept, 'receipts');
    const known = { list: directory.ownView.counter, record: record.newest.version };
    tx.put(T.receiptsKept, 'receipts', held === undefined ? told : newerOf(held, told, known));
  });
}

/** Keeps the receipt that came with an upload of the record. The transaction holds `T.receiptsKept`. */
export async function keepRecordReceipt(tx: WriteTx, version: number, receipt: string): Promise<void> {
  const held = await tx.get(T.receiptsKept, 'receipts');
  if (held === undefined || held.record.version >= version) return;
  tx.put(T.receiptsKept, 'receipts', { ...held, record: { version, receipt: bytesOf(receipt) } });
}

/** Every part by itself: a server may show an older one. The key of the account goes with the list that it signs. */
function newerOf(
  held: KeptReceipts,
  told: KeptReceipts,
  known: { readonly list: number; readonly record: number },
): KeptReceipts {
  const isListNewer = held.list.counter > told.list.counter && held.list.counter <= known.list;
  const isRecordNewer = held.record.version > told.record.version && held.record.version <= known.record;
  const ahead = held.credentials.version - told.credentials.version;
  return {
    ...told,
    ...(isListNewer ? { account: held.account, list: held.list } : {}),
    ...(isRecordNewer ? { record: held.record } : {}),
    ...(ahead > 0 && ahead <= CREDENTIALS_AHEAD_MOST ? { credentials: held.credentials } : {}),
  };
}

function receiptsFrom({ account, device, list, credentials, record }: Receipts): KeptReceipts {
  const { version, loginKey, vault, wraps, receipt } = credentials;
  return {
    account: bytesOf(account),
    device: { sessionKey: bytesOf(device.sessionKey), receipt: bytesOf(device.receipt) },
    list: { counter: list.counter, receipt: bytesOf(list.receipt) },
    credentials: {
      version,
      loginKey: bytesOf(loginKey),
      vault: bytesOf(vault),
      wraps: wraps.map(({ way, sealed }) => ({ way, sealed: bytesOf(sealed) })),
      receipt: bytesOf(receipt),
    },
    record: { version: record.version, receipt: bytesOf(record.receipt) },
  };
}

function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  const bytes = decodeB64u(text);
  if (bytes === undefined) throw new CoreError('server-dishonest', 'a receipt that is no base64url');
  return bytes;
}
