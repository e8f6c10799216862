/** Typing, from accepted people, shown for a few seconds. */
import type { Typing } from '@tacet/protocol/content/typing';
import type { Handling } from './handling.ts';

/** Older than this it says nothing any more. */
const FRESH_MS = 10_000;

/** Handles typing. */
export async function handleTyping(handling: Handling, body: Typing): Promise<void> {
  const { tx, account, standing, receivedAt, clock, conversations } = handling;
  if (standing !== 'accepted' || clock.now() - receivedAt > FRESH_MS) return;
  tx.after(() => {
    if (body.on) conversations.typing.start(account);
    else conversations.typing.stop(account);
  });
}
