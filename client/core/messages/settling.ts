/** How an entry of the outbox ends: it leaves the queue, and the line that it belongs to shows what became of it. */
import { isWireError } from '@tacet/protocol/errors';
import type { Background } from '../background.ts';
import type { Conversations } from '../conversations/conversations.ts';
import { LINE_TABLES } from '../conversations/lines.ts';
import type { SealedDb, WriteTx } from '../db/sealed.ts';
import { T } from '../db/stores.ts';
import type { OutboxEntry } from '../db/stored-sending.ts';
import { failureFrom, isCoreError } from '../failure.ts';
import type { OwnKeeper } from '../own.ts';
import type { Delivery, Failure } from '../view.ts';
import type { OutboxQueue } from './outbox-queue.ts';

/** Tables of a transaction in which an entry ends. */
export const SETTLE_TABLES = [...LINE_TABLES, T.outbox] as const;

/** What the end of an entry needs. */
export interface SettleNeeds {
  readonly db: SealedDb;
  readonly background: Background;
  readonly conversations: Conversations;
  readonly own: OwnKeeper;
}

export class Settling {
  readonly #needs: SettleNeeds;
  readonly #queue: OutboxQueue;

  constructor(needs: SettleNeeds, queue: OutboxQueue) {
    this.#needs = needs;
    this.#queue = queue;
  }

  /** The server has it; or there is nobody to send it to. */
  async finish(entry: OutboxEntry, accepted: boolean): Promise<void> {
    await this.#needs.db.write(SETTLE_TABLES, async (tx) => {
      this.#queue.remove(tx, entry);
      const delivery = accepted
        ? ({ kind: 'sent' } as const)
        : ({ kind: 'failed', failure: { code: 'account-unknown' } } as const);
      await this.showDelivery(tx, entry, delivery, { force: !accepted });
      await this.tellChange(tx, entry, accepted ? undefined : 'failed');
    });
  }

  /** It cannot be sent. */
  async fail(entry: OutboxEntry, error: unknown): Promise<void> {
    const { db, background } = this.#needs;
    if (isCoreError(error, 'cancelled')) return;
    await db.write(SETTLE_TABLES, async (tx) => {
      await this.giveUp(tx, entry, failureFrom(error));
      await this.tellChange(tx, entry, 'failed');
    });
    // Nobody's fault that is known: counted, and the rest of the queue goes on.
    if (!isWireError(error) && !isCoreError(error)) background.run(Promise.reject(error), 'send');
  }

  /** Takes an entry back. The transaction holds `SETTLE_TABLES`, here and below. */
  async giveUp(tx: WriteTx, entry: OutboxEntry, failure: Failure): Promise<void> {
    this.#queue.remove(tx, entry);
    await this.showDelivery(tx, entry, { kind: 'failed', failure }, { force: true });
  }

  /** Shows on the line of an entry, if it has one, how far it has come. */
  async showDelivery(
    tx: WriteTx,
    { id, line }: OutboxEntry,
    delivery: Delivery,
    options: { readonly force: boolean },
  ): Promise<void> {
    const { conversations, own } = this.#needs;
    if (line === true) await conversations.setDelivery(tx, own.value.account, id, delivery, options);
  }

  /** The last of the edits and deletions of a message that were under way has left, or could not. */
  async tellChange(tx: WriteTx, entry: OutboxEntry, change: 'failed' | undefined): Promise<void> {
    const { about } = entry;
    if (entry.amends !== true || about === undefined) return;
    const isMore = this.#queue.of(entry.to).some((other) => other.amends === true && other.about === about);
    if (!isMore) await this.#needs.conversations.setChange(tx, this.#needs.own.value.account, about, change);
  }
}
