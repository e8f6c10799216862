/**
 * The server's receipts for what it has accepted of this account, kept so that one which was restored from an older backup takes it again
 * (`returning.ts`). They are asked for with each connection and after each change; an older one never takes the place of a newer one.
 */
import { decodeB64u } from '@tacet/protocol/bytes';
import { getReceipts, type Receipts } from '@tacet/protocol/rest/receipts';
import type { SealedDb, WriteTx } from '../db/sealed.ts';
import { T } from '../db/stores.ts';
import type { KeptReceipts } from '../db/stored-device.ts';
import { CoreError } from '../failure.ts';
import type { Rest } from '../transport/rest.ts';
import type { Session } from './session.ts';

interface Needs {
  readonly db: SealedDb;
  readonly rest: Rest;
  readonly session: Session;
}

/** Asks for the receipts of what is in force and keeps them. */
export async function keepReceipts({ db, rest, session }: Needs): Promise<void> {
  const told = receiptsFrom(await session.with((token) => rest.call(getReceipts, { token })));
  await db.write([T.receiptsKept], async (tx) => {
    const held = await tx.get(T.receiptsKept, 'receipts');
    tx.put(T.receiptsKept, 'receipts', held === undefined ? told : newerOf(held, told));
  });
}

/** Keeps the receipt that came with an upload of the record. The transaction holds `T.receiptsKept`. */
export async function keepRecordReceipt(tx: WriteTx, version: number, receipt: string): Promise<void> {
  const held = await tx.get(T.receiptsKept, 'receipts');
  if (held === undefined || held.record.version >= version) return;
  tx.put(T.receiptsKept, 'receipts', { ...held, record: { version, receipt: bytesOf(receipt) } });
}

/** Every part by itself: a server may show an older one. */
function newerOf(held: KeptReceipts, told: KeptReceipts): KeptReceipts {
  return {
    ...told,
    list: held.list.counter > told.list.counter ? held.list : told.list,
    credentials: held.credentials.version > told.credentials.version ? held.credentials : told.credentials,
    record: held.record.version > told.record.version ? held.record : told.record,
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
