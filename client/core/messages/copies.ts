/**
 * The copies that are kept of what was sent, so that it can be sent again: found by the message that they hold the words of, and erased
 * with it. A copy is the whole frame, so that the salt of the numbering goes too and the hash that stays tells nothing.
 */
import type { DeviceId, EnvelopeId, MessageId } from '@tacet/protocol/ids';
import type { SealedDb, WriteTx } from '../db/sealed.ts';
import { K, T, type SentCopies } from '../db/stores.ts';

const DAY_MS = 24 * 60 * 60_000;
/** How far back a repair may reach. */
export const REPAIR_DAYS = 7;

/** Notes which copies hold the words of a message. */
export function noteCopies(
  tx: WriteTx,
  db: SealedDb,
  now: number,
  message: MessageId,
  copies: readonly { readonly device: DeviceId; readonly envelope: EnvelopeId }[],
): void {
  const [first] = copies;
  if (first === undefined) return;
  tx.put(T.sentCopies, K.sentCopy(db, Math.floor(now / DAY_MS), message, first.envelope), { copies });
}

/** Erases every copy of a message that was first made at `since`, ms, or later. */
export async function eraseCopies(
  tx: WriteTx,
  db: SealedDb,
  now: number,
  message: MessageId,
  since: number,
): Promise<void> {
  const today = Math.floor(now / DAY_MS);
  // A day more on either side: what a clock that was set meanwhile may have written.
  const first = Math.max(today - REPAIR_DAYS - 1, Math.floor(since / DAY_MS) - 1);
  for (let day = first; day <= today + 1; day += 1) {
    const rows = await tx.range<SentCopies>(T.sentCopies, K.sentCopies(db, day, message));
    for (const { key, value } of rows) {
      tx.delete(T.sentCopies, key);
      for (const { device, envelope } of value.copies) tx.delete(T.sent, K.sent(db, day, device, envelope));
    }
  }
}
