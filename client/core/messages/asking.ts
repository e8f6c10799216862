/** Asking a device to send again what could not be read or has not come: a few times a day for each person. */
import type { Content } from '@tacet/protocol/content/index';
import { idOf, type AccountId, type DeviceId, type MessageId } from '@tacet/protocol/ids';
import type { WriteTx } from '../db/sealed.ts';
import type { HandlerServices } from './handlers/handling.ts';

/** Per person and day: repairs asked for, with lines about them, and answers that there is nothing to be repaired. */
const REPAIRS_PER_DAY = 20;
const DAY_MS = 24 * 60 * 60_000;

/** Whether one more of these is within today's bounds; counts it. The transaction holds `T.people`. */
export function isWithinDay(
  { directory, clock }: Pick<HandlerServices, 'clock' | 'directory'>,
  tx: WriteTx,
  account: AccountId,
  what: 'repairs' | 'nothings',
): boolean {
  const day = Math.floor(clock.now() / DAY_MS);
  const before = directory.get(account)?.stored[what];
  const count = before?.day === day ? before.count : 0;
  if (count >= REPAIRS_PER_DAY) return false;
  directory.edit(tx, account, (stored) => ({ ...stored, [what]: { day, count: count + 1 } }));
  return true;
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
}
