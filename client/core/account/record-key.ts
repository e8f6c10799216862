/** The record key between the own devices: whether this device has the one in force, and giving it to the others. */
import { equalBytes } from '@tacet/protocol/bytes';
import { idOf, type MessageId } from '@tacet/protocol/ids';
import { hashRecordKey, keyFrom, type RecordKey } from '@tacet/crypto/vault';
import type { WriteTx } from '../db/sealed.ts';
import { hasOtherDevices, type Services } from '../services.ts';

/** Gives the record key to the other devices that the own list names. The transaction holds `T.outbox`. */
export function giveRecordKey(
  services: Pick<Services, 'own' | 'outbox' | 'clock' | 'random' | 'directory'>,
  tx: WriteTx,
): void {
  const { own, outbox, clock, random } = services;
  if (!hasOtherDevices(services)) return;
  outbox.add(tx, {
    to: own.value.account,
    content: { kind: 'sync', body: { what: 'record-key', key: keyFrom<RecordKey>(own.value.recordKey) } },
    id: idOf<MessageId>(random(16)),
    sentAt: clock.now(),
  });
}

/** Whether this device has the record key that the own list names. */
export function hasCurrentRecordKey({ own, directory }: Pick<Services, 'own' | 'directory'>): boolean {
  const held = hashRecordKey(keyFrom<RecordKey>(own.value.recordKey));
  return equalBytes(held, directory.ownList.recordKeyHash);
}
