/**
 * What later contents make of a message: reactions, the newest edit, a deletion. Pure, and built so that the order of arrival and
 * repeats do not matter: a higher revision wins, of equal ones a fixed one of the two, and a deletion is for ever. The caller has made
 * sure that edits and deletions come from the message's author.
 */
import { AMEND_WITHIN_MS } from '@tacet/protocol/content/edit';
import type { AccountId } from '@tacet/protocol/ids';

/** One person's reaction. Without an emoji it was taken back; the revision is kept so that an older one does not return. */
export interface Reacted {
  readonly by: AccountId;
  readonly emoji?: string;
  readonly revision: number;
}

/** The sum of what was said about a message. */
export interface Amendments {
  readonly reactions?: readonly Reacted[];
  readonly edit?: { readonly revision: number; readonly text: string; readonly at: number };
  /** When its author deleted it for everyone, by his clock. Nothing else is kept beside it. */
  readonly deletedAt?: number;
}

/** One content about a message. `at`: by the sender's clock. */
export type Amendment =
  | ({ readonly kind: 'reaction' } & Reacted)
  | { readonly kind: 'edit'; readonly revision: number; readonly text: string; readonly at: number }
  | { readonly kind: 'delete'; readonly at: number };

/** Whether an edit or deletion made at `at` is in time for a message sent at `sentAt`. */
export function isInTime(sentAt: number, at: number): boolean {
  return at - sentAt <= AMEND_WITHIN_MS;
}

/** Adds one content; gives the same object when it changes nothing. */
export function amend(held: Amendments, next: Amendment): Amendments {
  if (next.kind === 'delete') {
    const deletedAt = Math.min(held.deletedAt ?? next.at, next.at);
    return held.deletedAt === deletedAt ? held : { deletedAt };
  }
  if (held.deletedAt !== undefined) return held;
  if (next.kind === 'edit') {
    const { revision, text, at } = next;
    if (held.edit !== undefined && !isNewerEdit(held.edit, next)) return held;
    return { ...held, edit: { revision, text, at } };
  }
  const reactions = held.reactions ?? [];
  const before = reactions.find(({ by }) => by === next.by);
  if (before !== undefined && !isNewerReaction(before, next)) return held;
  const { by, emoji, revision } = next;
  const reacted: Reacted = emoji === undefined ? { by, revision } : { by, emoji, revision };
  const others = reactions.filter((each) => each !== before);
  return { ...held, reactions: [...others, reacted].toSorted((a, b) => (a.by < b.by ? -1 : 1)) };
}

/** All that two devices know, together. */
export function merge(a: Amendments, b: Amendments): Amendments {
  let sum = a;
  if (b.deletedAt !== undefined) sum = amend(sum, { kind: 'delete', at: b.deletedAt });
  if (b.edit !== undefined) sum = amend(sum, { kind: 'edit', ...b.edit });
  for (const reacted of b.reactions ?? []) sum = amend(sum, { kind: 'reaction', ...reacted });
  return sum;
}

type Edited = NonNullable<Amendments['edit']>;

function isNewerEdit(held: Edited, next: Edited): boolean {
  if (next.revision !== held.revision) return next.revision > held.revision;
  return next.text === held.text ? next.at < held.at : next.text > held.text;
}

function isNewerReaction(held: Reacted, next: Reacted): boolean {
  if (next.revision !== held.revision) return next.revision > held.revision;
  return (next.emoji ?? '') > (held.emoji ?? '');
}
