/**
 * Deletes what has ended by itself: invites past their time, sessions of devices that were never put into a
 * list, and resets that nobody finished.
 */
import type { Clock } from '../clock.ts';
import type { InviteStore, ResetStore, SessionStore } from '../store/account-ports.ts';
import type { Job } from './scheduler.ts';

const EVERY_MS = 60 * 60_000;

interface Stores {
  readonly invites: InviteStore;
  readonly sessions: SessionStore;
  readonly resets: ResetStore;
}

/** The job. */
export function pruneExpired({ invites, sessions, resets }: Stores, clock: Clock): Job {
  return {
    name: 'prune-expired',
    everyMs: EVERY_MS,
    async run() {
      await invites.prune(clock.now());
      await sessions.prune(clock.now());
      await resets.prune(clock.now());
    },
  };
}
