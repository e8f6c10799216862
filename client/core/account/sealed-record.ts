/** The account record as the server keeps it: sealed under the record key, bound to account and version. */
import type { AccountRecord } from '@tacet/protocol/content/record';
import { idBytes, type AccountId } from '@tacet/protocol/ids';
import { hashRecord, openRecord, sealRecord, type RecordKey } from '@tacet/crypto/vault';
import type { StoredRecord } from '../db/stored-device.ts';
import { CoreError } from '../failure.ts';
import { encodeRecord, readRecord } from './record-form.ts';

/** The first form of a record as it is sealed. */
export function sealFirstRecord(
  recordKey: RecordKey,
  account: AccountId,
  record: AccountRecord,
): { readonly sealed: Uint8Array<ArrayBuffer>; readonly stored: StoredRecord } {
  const plain = encodeRecord(record);
  const sealed = sealRecord(recordKey, plain, { account: idBytes(account), version: 1 });
  return { sealed, stored: { version: 1, hash: hashRecord(sealed), plain, dirty: false } };
}

/**
 * Opens a record as the server gave it. Throws `CoreError` `server-dishonest` for one that this account did not write, and `app-outdated`
 * for one that it did, in a form that this build does not know.
 */
export async function openSealedRecord(
  recordKey: RecordKey,
  account: AccountId,
  version: number,
  sealed: Uint8Array,
): Promise<AccountRecord> {
  let plain: Uint8Array;
  try {
    plain = openRecord(recordKey, sealed, { account: idBytes(account), version });
  } catch (cause) {
    throw new CoreError('server-dishonest', 'a record that this account did not write', { cause });
  }
  return (await readRecord(plain)).value;
}
