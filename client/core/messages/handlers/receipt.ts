/** Receipts from accepted people about own messages to them. They raise what is shown and never lower it. */
import type { Delivered, Read } from '@tacet/protocol/content/receipt';
import { idOf, type MessageId } from '@tacet/protocol/ids';
import type { Handling } from './handling.ts';

async function raise(
  handling: Handling,
  kind: 'delivered' | 'read',
  messages: Delivered['messages'],
): Promise<void> {
  const { tx, account, device, standing, frame, own, clock, conversations, outbox } = handling;
  if (standing !== 'accepted') return;
  const at = Math.min(frame.sentAt, clock.now());
  for (const message of messages) {
    const id = idOf<MessageId>(message);
    outbox.held.dropArrived(tx, account, id);
    await conversations.setDelivery(tx, own.value.account, id, { kind, at }, { to: account, from: device });
  }
}

/** Handles a delivery receipt. */
export function handleDelivered(handling: Handling, body: Delivered): Promise<void> {
  return raise(handling, 'delivered', body.messages);
}

/** Handles a read receipt. */
export function handleRead(handling: Handling, body: Read): Promise<void> {
  return raise(handling, 'read', body.messages);
}
