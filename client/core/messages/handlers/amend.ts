/**
 * Reactions, edits, deletions and timers of other people. An edit or a deletion acts on a message of its sender, found by the sender and
 * never by what it claims; a reaction on a message of either side of this conversation. Nothing goes back for any of them. A stranger
 * can change what he wrote himself, and no more.
 */
import type { Delete } from '@tacet/protocol/content/delete';
import type { Edit } from '@tacet/protocol/content/edit';
import type { Reaction } from '@tacet/protocol/content/reaction';
import type { Timer } from '@tacet/protocol/content/timer';
import { idOf, type AccountId, type MessageId } from '@tacet/protocol/ids';
import type { Handling } from './handling.ts';

/** Handles a reaction. */
export async function handleReaction(handling: Handling, body: Reaction): Promise<void> {
  const { tx, account, standing, amending } = handling;
  if (standing !== 'accepted') return;
  const { emoji, revision } = body;
  const author = idOf<AccountId>(body.author);
  const reacted = { by: account, revision, ...(emoji === undefined ? {} : { emoji }) };
  await amending.apply(tx, account, author, idOf<MessageId>(body.message), { kind: 'reaction', ...reacted });
}

/** Handles an edit. */
export async function handleEdit(handling: Handling, body: Edit): Promise<void> {
  const { tx, account, standing, frame, amending } = handling;
  if (standing === 'own') return;
  const { revision, text } = body;
  await amending.apply(
    tx,
    account,
    account,
    idOf<MessageId>(body.message),
    { kind: 'edit', revision, text, at: frame.sentAt },
    { keepEarly: standing === 'accepted' },
  );
}

/** Handles a deletion for everyone. */
export async function handleDelete(handling: Handling, body: Delete): Promise<void> {
  const { tx, account, standing, frame, amending } = handling;
  if (standing === 'own') return;
  await amending.apply(
    tx,
    account,
    account,
    idOf<MessageId>(body.message),
    { kind: 'delete', at: frame.sentAt },
    { keepEarly: standing === 'accepted' },
  );
}

/** Handles a timer. */
export async function handleTimer(handling: Handling, body: Timer): Promise<void> {
  const { tx, account, standing, amending } = handling;
  if (standing === 'accepted') amending.hearTimer(tx, account, body, false);
}
