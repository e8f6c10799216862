/** Deletes envelopes that have waited longer than the operator's queue age, in short steps that let sends through between them. */
import type { EnvelopeStore } from '../store/envelope-port.ts';
import type { ClockWatch } from './clock-watch.ts';
import type { Job } from './scheduler.ts';

const EVERY_MS = 60 * 60_000;

/** The job. `queueAgeMs`: how long an envelope waits; `onExpired` is told how many went. */
export function expireEnvelopes(
  envelopes: EnvelopeStore,
  watch: ClockWatch,
  queueAgeMs: number,
  onExpired: (count: number) => void,
): Job {
  return {
    name: 'expire-envelopes',
    everyMs: EVERY_MS,
    async run(signal) {
      const now = await watch.believed();
      if (now === undefined) return;
      const before = now - queueAgeMs;
      let next: number | undefined = 0;
      while (next !== undefined && !signal.aborted) {
        const step = await envelopes.expire(before, next);
        if (step.deleted > 0) onExpired(step.deleted);
        next = step.next;
      }
    },
  };
}
