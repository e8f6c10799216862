/** How many of something are open at a time from one address, kept under a key that this process alone knows and that ends with it. */
import { createHmac, randomBytes } from 'node:crypto';

export class OpenByAddress {
  readonly #open = new Map<string, number>();
  readonly #key = randomBytes(32);

  /** One more from an address as it is counted. `others`: how many were open before; `left` is to be called once, when it is over. */
  enter(address: string): { readonly others: number; readonly left: () => void } {
    const key = createHmac('sha256', this.#key).update(address).digest('base64url');
    const others = this.#open.get(key) ?? 0;
    this.#open.set(key, others + 1);
    return { others, left: () => this.#left(key) };
  }

  #left(key: string): void {
    const left = (this.#open.get(key) ?? 1) - 1;
    if (left === 0) this.#open.delete(key);
    else this.#open.set(key, left);
  }
}
