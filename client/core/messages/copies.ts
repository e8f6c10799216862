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

/** Days of the clock under which copies may lie: the last ones, and any that a clock wrote which has been set since. */
export async function copyDays(tx: WriteTx, now: number): Promise<readonly number[]> {
  const today = Math.floor(now / DAY_MS);
  const days = Array.from({ length: REPAIR_DAYS + 3 }, (_, i) => today + 1 - i);
  const [newest = today, oldest = today] = [days[0], days.at(-1)];
  for (let from = 0; ;) {
    const [first] = await tx.keys(T.sent, { from: [from], limit: 1 });
    const day = Array.isArray(first) && typeof first[0] === 'number' ? first[0] : undefined;
    if (day === undefined) return days;
    const isUsual = day >= oldest && day <= newest;
    if (!isUsual) days.push(day);
    from = isUsual ? newest + 1 : day + 1;
  }
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
): Promise<boolean> {
  for (const day of await copyDays(tx, now)) {
    const rows = await tx.range<SentCopies>(T.sentCopies, K.sentCopies(db, day, message));
    if (rows.some(({ value }) => value.own !== true)) return true;
  }
  return false;
}

/** Erases every copy of a message. That they were made stays noted. */
export async function eraseCopies(tx: WriteTx, db: SealedDb, now: number, message: MessageId): Promise<void> {
  for (const day of await copyDays(tx, now)) {
    const rows = await tx.range<SentCopies>(T.sentCopies, K.sentCopies(db, day, message));
    for (const { key, value } of rows) {
      if (value.copies.length === 0) continue;
      tx.put(T.sentCopies, key, { ...value, copies: [] });
      for (const { device, envelope } of value.copies) tx.delete(T.sent, K.sent(db, day, device, envelope));
    }
  }
}
