/** How long somebody who asked for more than he may is not read. */
import { LIMITS } from '@tacet/protocol/limits';

/** The rest for a refusal that says to wait so long; ms. */
export function restMs(retryAfterMs: number): number {
  return Math.min(Math.max(retryAfterMs, LIMITS.restMinMs), LIMITS.restMaxMs);
}
