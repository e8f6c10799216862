/** Which handler a content goes to. */
import type { Content, UnknownContent } from '@tacet/protocol/content/index';
import { handleDelete, handleEdit, handleReaction, handleTimer } from './amend.ts';
import { handleCall } from './call.ts';
import { handleEncounter } from './encounter.ts';
import type { Handling } from './handling.ts';
import { handleProfile } from './profile.ts';
import { handleDelivered, handleRead } from './receipt.ts';
import { handleRetry } from './retry.ts';
import { handleSync } from './sync.ts';
import { handleText } from './text.ts';
import { handleTyping } from './typing.ts';
import { handleUnknown } from './unknown.ts';

/** Handles a content; `undefined`: its body is none of its kind. */
export async function handleContent(
  handling: Handling,
  content: Content | UnknownContent | undefined,
): Promise<void> {
  const { tx, account, conversations, standing } = handling;
  if (content === undefined) {
    if (standing !== 'stranger') conversations.addEvent(tx, account, { what: 'unreadable' });
    return;
  }
  switch (content.kind) {
    case 'text':
      return handleText(handling, content.body);
    case 'reaction':
      return handleReaction(handling, content.body);
    case 'edit':
      return handleEdit(handling, content.body);
    case 'delete':
      return handleDelete(handling, content.body);
    case 'timer':
      return handleTimer(handling, content.body);
    case 'profile':
      return handleProfile(handling, content.body);
    case 'encounter':
      return handleEncounter(handling, content.body);
    case 'delivered':
      return handleDelivered(handling, content.body);
    case 'read':
      return handleRead(handling, content.body);
    case 'typing':
      return handleTyping(handling, content.body);
    case 'sync':
      return handleSync(handling, content.body);
    case 'retry':
      return handleRetry(handling, content.body);
    case 'call':
      return handleCall(handling, content.body);
    case 'unknown':
      return handleUnknown(handling, content);
  }
}
