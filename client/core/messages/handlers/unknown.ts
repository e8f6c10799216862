/** A content of a newer version: a line says so where something was said; what loses nothing is passed over. */
import type { UnknownContent } from '@tacet/protocol/content/index';
import type { Handling } from './handling.ts';

/** Handles a content that this version cannot read. */
export async function handleUnknown(handling: Handling, content: UnknownContent): Promise<void> {
  const { tx, account, standing, conversations } = handling;
  if (standing !== 'accepted' || !content.critical) return;
  conversations.addEvent(tx, account, { what: 'newer-version' });
}
