/**
 * Rate limits by leaky buckets (`RATES` in the protocol's limits): `burst` at once, then one per `everyMs`. Subjects are account or device
 * ids when signed in, else addresses; an address is kept only as a hash under a key that lives in memory and changes daily.
 */
import type { RateClass } from '@tacet/protocol/limits';

/** Whether the request may go on, else when the next one may. */
export type Verdict =
  { readonly kind: 'allowed' } | { readonly kind: 'refused'; readonly retryAfterMs: number };

/** Who is counted: an id that the server knows anyway, or an address that it must not keep. */
export type Subject =
  | { readonly kind: 'id'; readonly id: string }
  | { readonly kind: 'address'; readonly address: string; readonly name?: string };

export interface Limits {
  /** Takes `cost` (1) from the subject's bucket of a class. A refused request takes nothing. */
  take(rate: RateClass, subject: Subject, cost?: number): Verdict;
}
