/** What others can make this device do for one person a few times a day, and no oftener. Counted on disk, so that a start forgets nothing. */
import type { AccountId } from '@tacet/protocol/ids';
import { WireError } from '@tacet/protocol/errors';
import type { SealedDb, WriteTx } from '../db/sealed.ts';
import type { CountedDay } from '../db/stored-people.ts';
import { T } from '../db/stores.ts';
import type { Clock } from '../ports.ts';
import type { Directory } from './directory.ts';

export const DAY_MS = 24 * 60 * 60_000;

/**
 * Per person and day. `repairs`: sessions begun anew to ask for repairs or on request. `nothings`: answers that there is nothing to be
 * repaired. `introductions`: lookups and sends as a stranger that nobody has written anything for: somebody who tells a delivery key
 * that is none, or changes it all the time, must leave most of the 50 that the server allows this account for others.
 */
const PER_DAY = { repairs: 20, nothings: 20, introductions: 10 } as const;

interface Needs {
  readonly directory: Directory;
  readonly clock: Clock;
}

/** How many of what is counted by the day (UTC) fell on today. */
export function countToday(counted: CountedDay | undefined, now: number): number {
  return counted?.day === Math.floor(now / DAY_MS) ? counted.count : 0;
}

/** Whether one more of these is within today's bounds; counts it. The transaction holds `T.people`. */
export function isWithinDay(
  { directory, clock }: Needs,
  tx: WriteTx,
  account: AccountId,
  what: keyof typeof PER_DAY,
  most: number = PER_DAY[what],
): boolean {
  const now = clock.now();
  const day = Math.floor(now / DAY_MS);
  const count = countToday(directory.get(account)?.stored[what], now);
  if (count >= most) return false;
  directory.edit(tx, account, (stored) => ({ ...stored, [what]: { day, count: count + 1 } }));
  return true;
}

/**
 * Takes one of today's introductions of an account before something goes there as to a stranger, or is asked about it, that the person has
 * not written. Throws `WireError` `rate-limited` until tomorrow when none is left.
 */
export async function takeIntroduction(
  needs: Needs & { readonly db: SealedDb },
  account: AccountId,
): Promise<void> {
  const { db, directory, clock } = needs;
  if (account === directory.ownAccount) return;
  const isWithin = await db.write([T.people], async (tx) => isWithinDay(needs, tx, account, 'introductions'));
  if (isWithin) return;
  const retryAfterMs = DAY_MS - (clock.now() % DAY_MS);
  throw new WireError('rate-limited', 'enough introductions of one account for today', { retryAfterMs });
}
