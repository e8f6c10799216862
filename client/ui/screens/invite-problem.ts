/** Why an invite could not be read: because of the invite itself, or for a reason that may pass. */
import type { Failure } from '../../core/door.ts';
import { text } from '../text/text.ts';

/** Whether the invite itself is of no use, so that only another one helps. */
export function isSpent({ code }: Failure): boolean {
  return code === 'invite-invalid' || code === 'invite-malformed';
}

/** What to call it. */
export function inviteProblem(failure: Failure): string {
  return isSpent(failure) ? text.invite.problemTitle : text.invite.unreadTitle;
}
