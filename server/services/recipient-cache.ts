/**
 * Recipients in memory, so that a send asks the database nothing about its recipient. An entry lives until a committed change of the
 * account is published; what is not there is remembered too, so that a known and an unknown account cost the same. On one node a send
 * checked against an entry is ordered before a list change that has not been answered yet.
 */
import type { AccountId } from '@tacet/protocol/ids';
import type { Bus } from '../bus/port.ts';
import type { Recipient, RecipientStore } from '../store/recipients.ts';

/** Entries kept: some 600 bytes each. */
const ENTRIES_MOST = 20_000;

export class RecipientCache {
  readonly #store: RecipientStore;
  readonly #entries = new Map<AccountId, { readonly recipient: Recipient | undefined }>();
  /** Raised by every change, so that what was read before one is not kept after it. */
  #changes = 0;

  constructor(store: RecipientStore, bus: Bus) {
    this.#store = store;
    bus.onAccount((event) => this.forget(event.account));
  }

  /** What is remembered of an account: its recipient, or that there is none; `undefined` when it was not read yet. */
  peek(account: AccountId): { readonly recipient: Recipient | undefined } | undefined {
    return this.#entries.get(account);
  }

  /** The recipient, from memory if it is there. */
  async get(account: AccountId): Promise<Recipient | undefined> {
    const entry = this.#entries.get(account);
    return entry === undefined ? this.#load(account) : entry.recipient;
  }

  /** Reads the account anew at the next `get`. */
  forget(account: AccountId): void {
    this.#changes += 1;
    this.#entries.delete(account);
  }

  async #load(account: AccountId): Promise<Recipient | undefined> {
    const before = this.#changes;
    const recipient = await this.#store.recipient(account);
    if (this.#changes === before) {
      if (this.#entries.size >= ENTRIES_MOST) {
        const [oldest] = this.#entries.keys();
        if (oldest !== undefined) this.#entries.delete(oldest);
      }
      this.#entries.set(account, { recipient });
    }
    return recipient;
  }
}
