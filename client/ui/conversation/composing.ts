/** What the composer is about, besides a new text: a message that is replied to or edited, and the menu that is open on a message. */
import { signal } from '@preact/signals';
import type { ConversationId, MessageRef } from '../../core/door.ts';
import type { MessageLine } from './rows.ts';

/** Edits and deletions for everyone are taken this long after a message was sent. */
const CHANGE_WITHIN_MS = 24 * 60 * 60_000;

/** A message that the composer replies to or edits. */
export interface Composing {
  readonly kind: 'reply' | 'edit';
  readonly id: ConversationId;
  readonly message: MessageLine;
}

/** What the composer is about. */
export const composing = signal<Composing | undefined>(undefined);

/** A menu on a message: at a point, or beside the element that opened it. */
export interface OpenMenu {
  readonly message: MessageLine;
  readonly x: number;
  readonly y: number;
}

export const openMenu = signal<OpenMenu | undefined>(undefined);

export function refOf({ id, mine }: MessageLine): MessageRef {
  return { id, mine };
}

/** Whether an own message can still be edited or taken back. */
export function canChange(message: MessageLine, now: number): boolean {
  return (
    message.mine &&
    message.deletedAt === undefined &&
    message.delivery.kind !== 'failed' &&
    now - message.sentAt < CHANGE_WITHIN_MS
  );
}

/** The first emoji offered for a reaction. */
export const QUICK_EMOJI = ['👍', '❤️', '😂', '😮', '😢', '🙏'] as const;

/** The own reaction to a message. */
export function ownReaction(message: MessageLine): string | undefined {
  return message.reactions?.find(({ mine }) => mine)?.emoji;
}
