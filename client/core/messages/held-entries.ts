/**
 * What was written under another account key than the one in force: it waits for a word of the person, and goes under the key that he
 * was shown, or not at all. The gate before every encryption is in `envelopes.ts`; here is what becomes of what it keeps back.
 */
import { equalBytes } from '@tacet/protocol/bytes';
import type { AccountId, MessageId } from '@tacet/protocol/ids';
import type { WriteTx } from '../db/sealed.ts';
import type { OutboxEntry } from '../db/stored-sending.ts';
import { nameOfKey } from '../key-name.ts';
import type { Directory } from '../people/directory.ts';
import type { OutboxQueue } from './outbox-queue.ts';
import { SETTLE_TABLES, type SettleNeeds, type Settling } from './settling.ts';

/** What held entries need. */
export interface HeldNeeds extends SettleNeeds {
  readonly directory: Directory;
}

export class HeldEntries {
  readonly #needs: HeldNeeds;
  readonly #queue: OutboxQueue;
  readonly #settling: Settling;
  readonly #kick: (account: AccountId) => void;

  /** `kick`: something of this account may leave now. */
  constructor(needs: HeldNeeds, queue: OutboxQueue, settling: Settling, kick: (account: AccountId) => void) {
    this.#needs = needs;
    this.#queue = queue;
    this.#settling = settling;
    this.#kick = kick;
  }

  /** What was written before a key change and waits for the person, in order. */
  of(account: AccountId): readonly OutboxEntry[] {
    return this.#queue.of(account).filter(({ held }) => held === true);
  }

  /** The key that an entry is for: that in force where a person has written it, none for the device's own business. */
  underKey(to: AccountId, isWritten: boolean): { readonly under?: Uint8Array } {
    const { directory, own } = this.#needs;
    const under = isWritten && to !== own.value.account ? directory.keyOf(to) : undefined;
    return under === undefined ? {} : { under };
  }

  /**
   * What changes a message that has not left is for the same key: it waits with it, and goes with the same word of the person. Whether
   * the message is marked as held already is a matter of moments.
   */
  underMessage(to: AccountId, about: MessageId | undefined): { readonly under?: Uint8Array } {
    const under = this.#queue.of(to).find(({ id, line }) => id === about && line === true)?.under;
    return under === undefined ? {} : { under };
  }

  /** Whether an entry was written under another key than the one in force, or none is in force. */
  mustWait({ to, under }: OutboxEntry): boolean {
    const { directory } = this.#needs;
    if (under === undefined) return false;
    return directory.isBlocked(to) || !equalBytes(under, directory.keyOf(to) ?? new Uint8Array(0));
  }

  /** Waits for the person from here on. */
  async hold(entry: OutboxEntry): Promise<void> {
    const { db, conversations } = this.#needs;
    await db.write(SETTLE_TABLES, async (tx) => {
      const current = this.#queue.current(entry);
      // Decided about meanwhile.
      if (current === undefined || !this.mustWait(current)) return;
      if (current.gone === true || (await this.#hasArrived(tx, current))) {
        this.#queue.remove(tx, current);
        await this.#settling.tellChange(tx, current, undefined);
        return;
      }
      this.#queue.replace(tx, { ...current, held: true });
      await this.#settling.showDelivery(tx, entry, { kind: 'held' }, { force: true });
      tx.after(() => conversations.touch(entry.to));
    });
  }

  /** Something about this person's account key was decided: what was written under the key in force goes on. */
  async recheck(account: AccountId): Promise<void> {
    const { db, directory } = this.#needs;
    if (directory.isBlocked(account)) return;
    await db.write(SETTLE_TABLES, async (tx) => {
      for (const entry of this.of(account)) {
        if (!this.mustWait(entry)) await this.#release(tx, entry);
      }
    });
  }

  /**
   * The person has said so: what waits, or what waits of one message, goes under the key that was shown, named as by `nameOfKey`. False:
   * another one is in force, or none, and nothing goes.
   */
  async send(account: AccountId, shownKey: string, message: MessageId | undefined): Promise<boolean> {
    const { db, directory } = this.#needs;
    return db.write(SETTLE_TABLES, async (tx) => {
      const key = directory.keyOf(account);
      if (directory.isBlocked(account) || key === undefined || nameOfKey(key) !== shownKey) return false;
      for (const entry of this.#about(account, message)) await this.#release(tx, entry);
      return true;
    });
  }

  /**
   * What waits, or what waits of one message, is not sent. Gives the entries of the messages among it. The transaction holds
   * `SETTLE_TABLES`, here and below.
   */
  async drop(
    tx: WriteTx,
    account: AccountId,
    message: MessageId | undefined,
  ): Promise<readonly OutboxEntry[]> {
    const dropped = this.#about(account, message);
    for (const entry of dropped) {
      this.#queue.remove(tx, entry);
      await this.#settling.tellChange(tx, entry, 'failed');
    }
    tx.after(() => this.#needs.conversations.touch(account));
    return dropped.filter(({ line }) => line === true);
  }

  /** The other side has told that it has a message: it was with the server before it was held, and waits for nothing more. */
  dropArrived(tx: WriteTx, account: AccountId, message: MessageId): void {
    const arrived = this.of(account).find(({ id, line }) => id === message && line === true);
    if (arrived === undefined) return;
    this.#queue.remove(tx, arrived);
    tx.after(() => this.#needs.conversations.touch(account));
  }

  #about(account: AccountId, message: MessageId | undefined): readonly OutboxEntry[] {
    return this.of(account).filter(
      ({ id, about }) => message === undefined || id === message || about === message,
    );
  }

  /** Whether the other side has told that it has this message: it was with the server before it could be held. */
  async #hasArrived(tx: WriteTx, { id, line }: OutboxEntry): Promise<boolean> {
    const { conversations, own } = this.#needs;
    const place = line === true ? await conversations.lines.placeOf(tx, own.value.account, id) : undefined;
    if (place === undefined) return false;
    const stored = await conversations.lines.storedIn(tx, place.account, place.order);
    if (stored?.line.kind !== 'message') return false;
    return stored.line.delivery.kind === 'delivered' || stored.line.delivery.kind === 'read';
  }

  /**
   * Goes on under the key in force. Of what was made ready for the key before only the frame stays, with its number: nothing is missing
   * then where it arrives, and where it came after all it is known. The view of the other's list in it may be out of date, as in any
   * frame that was long on its way. Nothing that was encrypted is used.
   */
  async #release(tx: WriteTx, entry: OutboxEntry): Promise<void> {
    const { to } = entry;
    const { held: _held, under: _under, envelopes: _envelopes, listHash: _listHash, ...kept } = entry;
    this.#queue.replace(tx, { ...kept, ...this.underKey(to, true) });
    await this.#settling.showDelivery(tx, entry, { kind: 'sending' }, { force: true });
    tx.after(() => {
      this.#needs.conversations.touch(to);
      this.#kick(to);
    });
  }
}
