/**
 * Texts that were given to core and are not on disk yet, under the lines. Usually the message is there before anybody could see this; where
 * the tab that owns the account hangs or another takes over, what was written stays in sight and says that it is not stored.
 */
import type { VNode } from 'preact';
import { Clock } from 'lucide';
import type { OpenConversation } from '../../core/door.ts';
import { Icon } from '../components/icon.tsx';
import { useDelayed, useDoor } from '../door-context.ts';
import { text } from '../text/text.ts';
import css from './message-run.module.css';

/** A commit takes a few milliseconds; what takes longer than this is seen. */
const DELAY_MS = 150;

export function Unstored({ conversation }: { readonly conversation: OpenConversation }): VNode | null {
  const { unstored } = useDoor();
  const { id, lines, hasLater } = conversation;
  const own = unstored.value.filter(({ to }) => to === id);
  const isLate = useDelayed(own.length > 0, DELAY_MS);
  if (!isLate || hasLater) return null;
  const shown = new Set(lines.flatMap((line) => (line.kind === 'message' && line.mine ? [line.id] : [])));
  const waiting = own.filter((one) => !shown.has(one.id));
  if (waiting.length === 0) return null;
  return (
    <div class={css.run} data-mine="" role="status">
      {waiting.map((one) => (
        <div key={one.id} class={css.message} data-unstored="">
          <div class={css.body}>
            <div class={css.bubble}>
              <p dir="auto">{one.text}</p>
            </div>
          </div>
          <p class={css.meta}>
            <Icon node={Clock} size={14} />
            {text.conversation.unstored}
          </p>
        </div>
      ))}
    </div>
  );
}
