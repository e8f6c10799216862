/**
 * Deletes what has ended by itself: invites past their time, sessions of devices that were never put into a
 * list, and resets that nobody finished.
 */
import type { InviteStore, ResetStore, SessionStore } from '../store/account-ports.ts';
import type { ClockWatch } from './clock-watch.ts';
import type { Job } from './scheduler.ts';

const EVERY_MS = 60 * 60_000;

interface Stores {
  readonly invites: InviteStore;
  readonly sessions: SessionStore;
  readonly resets: ResetStore;
}

/** The job. */
export function pruneExpired({ invites, sessions, resets }: Stores, watch: ClockWatch): Job {
  return {
    name: 'prune-expired',
    everyMs: EVERY_MS,
    async run() {
      const now = await watch.believed();
      if (now === undefined) return;
      await invites.prune(now);
      await sessions.prune(now);
      await resets.prune(now);
    },
  };
}
