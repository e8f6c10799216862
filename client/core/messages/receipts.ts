/**
 * Receipts that wait to be sent: stored with the message that they are about, gathered for a while, and sent together, so that neither
 * their moment nor their number tells much. Delivery receipts go to accepted people only and are part of the numbering's promise. While
 * some of a kind wait in the outbox for a person, what comes meanwhile is gathered here: however long nothing leaves for him, the outbox
 * holds one entry of each kind.
 */
import { RECEIPT_MAX } from '@tacet/protocol/content/receipt';
import { idBytes, idOf, type AccountId, type MessageId } from '@tacet/protocol/ids';
import type { Background } from '../background.ts';
import type { SealedDb, WriteTx } from '../db/sealed.ts';
import { K, T } from '../db/stores.ts';
import type { PendingReceipt } from '../db/stored-messages.ts';
import type { Clock, RandomBytes } from '../ports.ts';
import type { Outbox } from './outbox.ts';

/** A receipt leaves after this and a random part of the second time. */
const DELAY_MS = 250;
const JITTER_MS = 750;

/** Receipts of this device. */
export class Receipts {
  readonly #db: SealedDb;
  readonly #clock: Clock;
  readonly #random: RandomBytes;
  readonly #background: Background;
  readonly #outbox: Outbox;
  /** By kind and account, then by message. */
  readonly #waiting = new Map<string, Map<MessageId, PendingReceipt>>();
  #cancel: (() => void) | undefined;
  /** Whether receipts are being sent: nobody takes the same ones meanwhile. */
  #flushing = false;
  #stopped = false;

  constructor(db: SealedDb, clock: Clock, random: RandomBytes, background: Background, outbox: Outbox) {
    this.#db = db;
    this.#clock = clock;
    this.#random = random;
    this.#background = background;
    this.#outbox = outbox;
    outbox.onGone(() => this.#schedule());
  }

  /** Reads what an earlier run left, after the outbox has. */
  async load(): Promise<void> {
    const rows = await this.#db.read([T.receipts], (tx) => tx.range(T.receipts, {}));
    for (const { value } of rows) this.#note(value);
    this.#schedule();
  }

  /** Adds a receipt in a transaction that holds `T.receipts`. */
  add(tx: WriteTx, kind: PendingReceipt['kind'], account: AccountId, message: MessageId): void {
    const receipt = { kind, account, message };
    tx.put(T.receipts, K.receipt(this.#db, kind, account, message), receipt);
    tx.after(() => {
      this.#note(receipt);
      this.#schedule();
    });
  }

  stop(): void {
    this.#stopped = true;
    this.#cancel?.();
  }

  #note(receipt: PendingReceipt): void {
    const name = nameOf(receipt);
    const group = this.#waiting.get(name) ?? new Map<MessageId, PendingReceipt>();
    this.#waiting.set(name, group.set(receipt.message, receipt));
  }

  #forget(receipt: PendingReceipt): void {
    const name = nameOf(receipt);
    const group = this.#waiting.get(name);
    group?.delete(receipt.message);
    if (group?.size === 0) this.#waiting.delete(name);
  }

  /** What is to leave next of each kind for each account that nothing of this kind waits for. */
  #due(): readonly (readonly PendingReceipt[])[] {
    return [...this.#waiting.values()].flatMap((group) => {
      const [first] = group.values();
      if (first === undefined || this.#outbox.has(first.account, first.kind)) return [];
      return [[...group.values()].slice(0, RECEIPT_MAX)];
    });
  }

  /** Once what is on its way has gone, this is called again. */
  #schedule(): void {
    if (this.#cancel !== undefined || this.#flushing || this.#stopped) return;
    if (this.#due().length === 0) return;
    const share = (this.#random(1)[0] ?? 0) / 255;
    this.#cancel = this.#clock.after(DELAY_MS + JITTER_MS * share, () => {
      this.#cancel = undefined;
      this.#flushing = true;
      const flushed = this.#flush().finally(() => {
        this.#flushing = false;
      });
      this.#background.run(
        flushed.then(() => this.#schedule()),
        'send receipts',
      );
    });
  }

  async #flush(): Promise<void> {
    await this.#db.write([T.receipts, T.outbox], async (tx) => {
      for (const receipts of this.#due()) {
        const [first] = receipts;
        if (first === undefined) continue;
        this.#outbox.add(tx, {
          to: first.account,
          content: { kind: first.kind, body: { messages: receipts.map(({ message }) => idBytes(message)) } },
          id: idOf<MessageId>(this.#random(16)),
          sentAt: this.#clock.now(),
        });
        for (const receipt of receipts) {
          tx.delete(T.receipts, K.receipt(this.#db, receipt.kind, receipt.account, receipt.message));
          tx.after(() => this.#forget(receipt));
        }
      }
    });
  }
}

function nameOf({ kind, account }: PendingReceipt): string {
  return `${kind} ${account}`;
}
