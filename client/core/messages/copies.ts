/**
 * The copies that are kept of what was sent, so that it can be sent again: found by the message that they hold the words of, and erased
 * with it. A copy is the whole frame, so that the salt of the numbering goes too and the hash that stays tells nothing. That a message
 * was made ready to leave stays noted, as long as copies would be kept.
 */
import type { EnvelopeId, MessageId } from '@tacet/protocol/ids';
import type { SealedDb, WriteTx } from '../db/sealed.ts';
import { K, T } from '../db/stores.ts';
import type { SentCopies } from '../db/stored-sending.ts';

const DAY_MS = 24 * 60 * 60_000;
/** How far back a repair may reach. */
export const REPAIR_DAYS = 7;

/** Notes that a message was made ready to leave, and which copies hold its words. `envelope`: one of those that were made. */
export function noteCopies(
  tx: WriteTx,
  db: SealedDb,
  now: number,
  message: MessageId,
  envelope: EnvelopeId,
  made: SentCopies,
): void {
  tx.put(T.sentCopies, K.sentCopy(db, Math.floor(now / DAY_MS), message, envelope), made);
}

/** The days under which copies of a message may lie that was first made at `since`, ms. */
function daysSince(now: number, since: number): readonly number[] {
  const today = Math.floor(now / DAY_MS);
  // A day more on either side: what a clock that was set meanwhile may have written.
  const first = Math.max(today - REPAIR_DAYS - 1, Math.floor(since / DAY_MS) - 1);
  return Array.from({ length: Math.max(0, today + 2 - first) }, (_, i) => first + i);
}

/**
 * Whether a message was made ready to leave for the other side within the days that copies are kept: then it may have left, whatever the
 * server said.
 */
export async function wasMadeReady(
  tx: WriteTx,
  db: SealedDb,
  now: number,
  message: MessageId,
  since: number,
): Promise<boolean> {
  for (const day of daysSince(now, since)) {
    const rows = await tx.range<SentCopies>(T.sentCopies, K.sentCopies(db, day, message));
    if (rows.some(({ value }) => value.own !== true)) return true;
  }
  return false;
}

/** Erases every copy of a message that was first made at `since`, ms, or later. That they were made stays noted. */
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
      if (value.copies.length === 0) continue;
      tx.put(T.sentCopies, key, { ...value, copies: [] });
      for (const { device, envelope } of value.copies) tx.delete(T.sent, K.sent(db, day, device, envelope));
    }
  }
}
