/** How many of something are open at a time from one address, kept under a key that this process alone knows and that ends with it. */
import { AddressHash } from './address-hash.ts';

export class OpenByAddress {
  readonly #open = new Map<string, number>();
  readonly #hash = new AddressHash();

  /** One more from an address as it is counted. `others`: how many were open before; `left` is to be called once, when it is over. */
  enter(address: string): { readonly others: number; readonly left: () => void } {
    const key = this.#hash.of(address);
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
