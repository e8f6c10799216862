/**
 * What happens once after signing up with an invite: the link counts as used, and the conversation with the inviter opens as soon as core
 * has made it, unless the person has gone somewhere else by then.
 */
import { effect, type ReadonlySignal } from '@preact/signals';
import type { ConversationSummary } from '../../core/door.ts';
import { go, place } from '../router.ts';

/** The conversation comes within moments; later it would be a surprise. */
const WAIT_MS = 10_000;

let usedLink: string | undefined;

/** Notes that an invite is being used for an account here. */
export function useUpInvite(link: string | undefined): void {
  usedLink = link;
}

/** Whether an invite was used for the account of this page. */
export function isUsedUp(link: string): boolean {
  return link === usedLink;
}

/** Goes home, and on to the first conversation when there is one. */
export function arrive(conversations: ReadonlySignal<readonly ConversationSummary[]>): void {
  go({ kind: 'home' }, { replace: true });
  // A server's first invite names nobody: no conversation follows from it.
  if (usedLink?.includes('#') !== true) return;
  const giveUp = setTimeout(() => stop(), WAIT_MS);
  const stop = effect(() => {
    const [first] = conversations.value;
    if (place.value.kind !== 'home') clearTimeout(giveUp);
    else if (first !== undefined) go({ kind: 'conversation', id: first.id }, { replace: true });
    else return;
    // An effect cannot end itself while it runs.
    queueMicrotask(() => stop());
  });
}
