/** What others can make this device do for one person a few times a day, and no oftener. Counted on disk, so that a start forgets nothing. */
import type { AccountId } from '@tacet/protocol/ids';
import { isWireError, WireError } from '@tacet/protocol/errors';
import type { SealedDb, WriteTx } from '../db/sealed.ts';
import type { CountedDay } from '../db/stored-people.ts';
import { T } from '../db/stores.ts';
import type { Clock } from '../ports.ts';
import { isRepeatable } from '../transport/rest.ts';
import type { Directory } from './directory.ts';

export const DAY_MS = 24 * 60 * 60_000;

/**
 * Per person and day. `repairs`: sessions begun anew to ask for repairs or on request, and contents that made no sense. `nothings`: answers that there is nothing to be
 * repaired. `introductions`: what is sent as to a stranger, and asked for to send it, that nobody has written. `lookups`: what is asked as a
 * stranger asks because of what came. `rings`: calls, each of which rings or leaves a line. Somebody who tells a delivery key that is none, or changes it all the time, must leave most of the
 * 50 that the server allows this account for others.
 */
const PER_DAY = { repairs: 20, nothings: 20, introductions: 10, lookups: 10, rings: 100 } as const;

/** Shares of one account, and how much of what is counted may be gone before one is used up: receipts leave the half to what mends. */
const SHARES = {
  introductions: { counted: 'introductions', most: PER_DAY.introductions },
  receipts: { counted: 'introductions', most: PER_DAY.introductions / 2 },
  lookups: { counted: 'lookups', most: PER_DAY.lookups },
} as const;

/** Of which share of one account something is taken that the server counts as a stranger's; nothing for what a person has written. */
export type StrangerShare = keyof typeof SHARES | undefined;

/** Today's share of one account is used up. The server has not been asked, and others may be. */
export class ShareUsed extends WireError {
  constructor(retryAfterMs: number) {
    super('rate-limited', 'enough of one account for today', { retryAfterMs });
  }
}

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
 * Sends something to an account as to a stranger, or asks about it, and takes one of today's share once the server has answered: a try
 * without a connection costs nothing. Throws what `ask` throws, and `ShareUsed` until tomorrow when none is left.
 */
export async function withinShare<Answer>(
  needs: Needs & { readonly db: SealedDb },
  account: AccountId,
  share: StrangerShare,
  ask: () => Promise<Answer>,
): Promise<Answer> {
  const { db, directory, clock } = needs;
  if (share === undefined || account === directory.ownAccount) return ask();
  const { counted, most } = SHARES[share];
  const count = countToday(directory.get(account)?.stored[counted], clock.now());
  if (count >= most) throw new ShareUsed(DAY_MS - (clock.now() % DAY_MS));
  const take = (): Promise<boolean> =>
    db.write([T.people], async (tx) => isWithinDay(needs, tx, account, counted));
  try {
    const answer = await ask();
    await take();
    return answer;
  } catch (error) {
    if (isWireError(error) && !isRepeatable(error) && error.code !== 'unauthorized') await take();
    throw error;
  }
}
