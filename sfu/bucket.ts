/** A leaky bucket as one number, the time at which it will be empty again (generic cell rate algorithm, ITU-T I.371). */
import type { RateRule } from '@tacet/protocol/limits';
import { CallError } from './errors.ts';

export class Bucket {
  readonly #rule: RateRule;
  #emptyAt = 0;

  constructor(rule: RateRule) {
    this.#rule = rule;
  }

  /** Takes `cost`. Throws `CallError` `rate-limited`, and takes nothing then. */
  take(nowMs: number, cost: number): void {
    const { burst, everyMs } = this.#rule;
    const emptyAt = Math.max(this.#emptyAt, nowMs) + cost * everyMs;
    const overMs = emptyAt - nowMs - burst * everyMs;
    if (overMs > 0) {
      throw new CallError('rate-limited', 'too often', { retryAfterMs: Math.ceil(overMs) });
    }
    this.#emptyAt = emptyAt;
  }
}
