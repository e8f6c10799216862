/** Deletes what has ended by itself: invites past their time, and sessions of devices that were never put into a list. */
import type { Clock } from '../clock.ts';
import type { InviteStore, SessionStore } from '../store/account-ports.ts';
import type { Job } from './scheduler.ts';

const EVERY_MS = 60 * 60_000;

/** The job. */
export function pruneExpired(invites: InviteStore, sessions: SessionStore, clock: Clock): Job {
  return {
    name: 'prune-expired',
    everyMs: EVERY_MS,
    async run() {
      await invites.prune(clock.now());
      await sessions.prune(clock.now());
    },
  };
}
