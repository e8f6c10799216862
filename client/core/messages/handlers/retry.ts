/**
 * Somebody could not read a content, or misses numbers. Sent again is only what went to that same device, its key and the account key of
 * today, at most three times and seven days back, and never to strangers: what was held back for a changed key does not leave this way. The session is put aside only if the request names its current ratchet key.
 */
import { encodeB64u, equalBytes } from '@tacet/protocol/bytes';
import type { Retry } from '@tacet/protocol/content/retry';
import { idOf, type EnvelopeId } from '@tacet/protocol/ids';
import type { DbKey } from '../../ports.ts';
import { K, T } from '../../db/stores.ts';
import { REPAIR_DAYS } from '../copies.ts';
import type { Handling } from './handling.ts';

const DAY_MS = 24 * 60 * 60_000;
const REPAIRS_MOST = 3;

/** The days under which something sent at most seven days ago may lie. */
function days(now: number): readonly number[] {
  const today = Math.floor(now / DAY_MS);
  return Array.from({ length: REPAIR_DAYS + 1 }, (_, i) => today - i);
}

async function repair(handling: Handling, envelope: EnvelopeId): Promise<void> {
  const { tx, db, clock, account, device, identityKey, outbox, directory } = handling;
  const accountKey = directory.keyOf(account);
  for (const day of days(clock.now())) {
    const key: DbKey = K.sent(db, day, device, envelope);
    const record = await tx.get(T.sent, key);
    if (record === undefined) continue;
    const isSame =
      record.account === account &&
      record.device === device &&
      equalBytes(record.identityKey, identityKey) &&
      accountKey !== undefined &&
      equalBytes(record.accountKey ?? accountKey, accountKey);
    const isOld = record.at + REPAIR_DAYS * DAY_MS < clock.now();
    if (!isSame || isOld || record.count >= REPAIRS_MOST) return;
    tx.put(T.sent, key, { ...record, count: record.count + 1 });
    outbox.addRepair(tx, record);
    return;
  }
}

/** Handles a retry request. */
export async function handleRetry(handling: Handling, body: Retry): Promise<void> {
  const { tx, db, clock, device, standing, stores, sessions } = handling;
  if (standing === 'stranger') return;
  if (body.what === 'envelope') {
    if (body.ratchetKey !== undefined) {
      const key = sessions.publicKey(body.ratchetKey);
      if (key !== undefined && stores.currentRatchetKeyMatches(key)) stores.archive();
    }
    await repair(handling, idOf<EnvelopeId>(body.envelope));
    return;
  }
  const epoch = encodeB64u(body.epoch);
  for (const number of body.numbers) {
    for (const day of days(clock.now())) {
      const pointer = await tx.get(T.sentPointers, K.sentNumber(db, day, device, epoch, number));
      if (pointer === undefined) continue;
      await repair(handling, pointer.envelope);
      break;
    }
  }
}
