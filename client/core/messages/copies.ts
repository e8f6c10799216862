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

/** The days under which copies of a message may lie that was first made at `since`, ms. */
function daysSince(now: number, since: number): readonly number[] {
  const today = Math.floor(now / DAY_MS);
  // A day more on either side: what a clock that was set meanwhile may have written.
  const first = Math.max(today - REPAIR_DAYS - 1, Math.floor(since / DAY_MS) - 1);
  return Array.from({ length: Math.max(0, today + 2 - first) }, (_, i) => first + i);
}

/** Whether a message was ever made ready to leave, as far as its copies tell: then it may have left, whatever the server said. */
export async function wasMadeReady(
  tx: WriteTx,
  db: SealedDb,
  now: number,
  message: MessageId,
  since: number,
): Promise<boolean> {
  for (const day of daysSince(now, since)) {
    const range = { ...K.sentCopies(db, day, message), limit: 1 };
    if ((await tx.keys(T.sentCopies, range)).length > 0) return true;
  }
  return false;
}

/** Erases every copy of a message that was first made at `since`, ms, or later. */
export async function eraseCopies(
  tx: WriteTx,
  db: SealedDb,
  now: number,
  message: MessageId,
  since: number,
): Promise<void> {
  for (const day of daysSince(now, since)) {
    const rows = await tx.range<SentCopies>(T.sentCopies, K.sentCopies(db, day, message));
    for (const { key, value } of rows) {
      tx.delete(T.sentCopies, key);
      for (const { device, envelope } of value.copies) tx.delete(T.sent, K.sent(db, day, device, envelope));
    }
  }
}
