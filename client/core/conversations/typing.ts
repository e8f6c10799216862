/** Who is typing just now. Nothing of it is stored. */
import type { AccountId } from '@tacet/protocol/ids';
import type { Clock } from '../ports.ts';

/** Somebody counts as typing for this long after the last word of it. */
const TYPING_MS = 6_000;

export class Typing {
  readonly #clock: Clock;
  readonly #changed: (account: AccountId) => void;
  readonly #typing = new Map<AccountId, () => void>();

  constructor(clock: Clock, changed: (account: AccountId) => void) {
    this.#clock = clock;
    this.#changed = changed;
  }

  is(account: AccountId): boolean {
    return this.#typing.has(account);
  }

  /** The other person types, until told otherwise or for six seconds. */
  start(account: AccountId): void {
    this.#typing.get(account)?.();
    const isNew = !this.#typing.has(account);
    this.#typing.set(
      account,
      this.#clock.after(TYPING_MS, () => this.stop(account)),
    );
    if (isNew) this.#changed(account);
  }

  stop(account: AccountId): void {
    const cancel = this.#typing.get(account);
    if (cancel === undefined) return;
    cancel();
    this.#typing.delete(account);
    this.#changed(account);
  }

  /** Ends all timers; nobody is told. */
  close(): void {
    for (const cancel of this.#typing.values()) cancel();
    this.#typing.clear();
  }
}
