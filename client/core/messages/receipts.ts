/**
 * Receipts that wait to be sent: stored with the message that they are about, gathered for a while, and sent together, so that neither
 * their moment nor their number tells much. Delivery receipts go to accepted people only and are part of the numbering's promise.
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
  readonly #waiting = new Map<string, PendingReceipt>();
  #cancel: (() => void) | undefined;
  /** Whether receipts are being sent: nobody takes the same ones meanwhile. */
  #flushing = false;

  constructor(db: SealedDb, clock: Clock, random: RandomBytes, background: Background, outbox: Outbox) {
    this.#db = db;
    this.#clock = clock;
    this.#random = random;
    this.#background = background;
    this.#outbox = outbox;
  }

  /** Reads what an earlier run left. */
  async load(): Promise<void> {
    const rows = await this.#db.read([T.receipts], (tx) => tx.range(T.receipts, {}));
    for (const { value } of rows) this.#waiting.set(keyOf(value), value);
    if (this.#waiting.size > 0) this.#schedule();
  }

  /** Adds a receipt in a transaction that holds `T.receipts`. */
  add(tx: WriteTx, kind: PendingReceipt['kind'], account: AccountId, message: MessageId): void {
    const receipt = { kind, account, message };
    tx.put(T.receipts, K.receipt(this.#db, kind, account, message), receipt);
    tx.after(() => {
      this.#waiting.set(keyOf(receipt), receipt);
      this.#schedule();
    });
  }

  stop(): void {
    this.#cancel?.();
  }

  #schedule(): void {
    if (this.#cancel !== undefined || this.#flushing) return;
    const share = (this.#random(1)[0] ?? 0) / 255;
    this.#cancel = this.#clock.after(DELAY_MS + JITTER_MS * share, () => {
      this.#cancel = undefined;
      this.#flushing = true;
      const flushed = this.#flush().finally(() => {
        this.#flushing = false;
      });
      this.#background.run(
        flushed.then(() => {
          if (this.#waiting.size > 0) this.#schedule();
        }),
        'send receipts',
      );
    });
  }

  async #flush(): Promise<void> {
    const groups = new Map<string, PendingReceipt[]>();
    for (const receipt of this.#waiting.values()) {
      const name = `${receipt.kind} ${receipt.account}`;
      groups.set(name, [...(groups.get(name) ?? []), receipt].slice(0, RECEIPT_MAX));
    }
    await this.#db.write([T.receipts, T.outbox], async (tx) => {
      for (const receipts of groups.values()) {
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
          tx.after(() => this.#waiting.delete(keyOf(receipt)));
        }
      }
    });
  }
}

function keyOf({ kind, account, message }: PendingReceipt): string {
  return `${kind} ${account} ${message}`;
}
