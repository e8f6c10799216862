/** Asking a device to send again what could not be read or has not come: a few times a day for each person. */
import type { Content } from '@tacet/protocol/content/index';
import { idOf, type AccountId, type DeviceId, type MessageId } from '@tacet/protocol/ids';
import type { WriteTx } from '../db/sealed.ts';
import type { Asked } from '../db/stored-sending.ts';
import { countToday, DAY_MS, isWithinDay } from '../people/within-day.ts';
import { REPAIR_DAYS } from './copies.ts';
import type { HandlerServices } from './handlers/handling.ts';

/** Of the repairs of a day, what may be asked for again before there is less left for what is new. */
const AGAIN_PER_DAY = 10;

/** Whether what was asked for and has not come is to be asked for again: a day later, for as long as its sender may keep copies. */
export function isDueAgain({ at, again }: Asked, now: number): boolean {
  // What was asked for under a clock that ran ahead was not asked for lately.
  return again < REPAIR_DAYS && Math.abs(now - at) >= DAY_MS;
}

/** Counts that the encryption with somebody is begun anew, as it is shown. The transaction holds `T.people`. */
export function countRenewal(
  { directory, clock }: Pick<HandlerServices, 'clock' | 'directory'>,
  tx: WriteTx,
  account: AccountId,
): void {
  const now = clock.now();
  directory.edit(tx, account, (stored) => ({
    ...stored,
    renewals: { day: Math.floor(now / DAY_MS), count: countToday(stored.renewals, now) + 1 },
  }));
}

/** Asks for repairs. */
export class Asking {
  readonly #n: Pick<HandlerServices, 'clock' | 'random' | 'directory' | 'outbox'>;

  constructor(needs: Pick<HandlerServices, 'clock' | 'random' | 'directory' | 'outbox'>) {
    this.#n = needs;
  }

  /** Asks one device, in a session from a fresh bundle. */
  ask(
    tx: WriteTx,
    account: AccountId,
    device: DeviceId,
    body: Extract<Content, { readonly kind: 'retry' }>['body'],
  ): void {
    const { outbox, clock, random } = this.#n;
    countRenewal(this.#n, tx, account);
    outbox.add(tx, {
      to: account,
      content: { kind: 'retry', body },
      id: idOf<MessageId>(random(16)),
      sentAt: clock.now(),
      only: device,
      fresh: true,
    });
  }

  /** Whether another repair of this person is within today's bounds; counts it. */
  mayAsk(tx: WriteTx, account: AccountId): boolean {
    return isWithinDay(this.#n, tx, account, 'repairs');
  }

  /** The same for one that was asked for on another day: these leave room for what is new. */
  mayAskAgain(tx: WriteTx, account: AccountId): boolean {
    return isWithinDay(this.#n, tx, account, 'repairs', AGAIN_PER_DAY);
  }
}
