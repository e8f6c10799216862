/** Reactions under a message: which, how many, from whom. A press adds the same or takes the own one back. */
import type { VNode } from 'preact';
import { inBackground, useDoor } from '../door-context.ts';
import { fill, formatNumber, text } from '../text/text.ts';
import { act } from './acts.ts';
import { ownReaction, refOf } from './composing.ts';
import css from './reactions.module.css';
import type { MessageLine } from './rows.ts';

export function Reactions({
  message,
  name,
}: {
  readonly message: MessageLine;
  readonly name: string;
}): VNode {
  const { commands, state } = useDoor();
  const { reactions = [] } = message;
  const kinds = [...new Set(reactions.map(({ emoji }) => emoji))];
  return (
    <div class={css.reactions}>
      {kinds.map((emoji) => {
        const by = reactions.filter((one) => one.emoji === emoji);
        const isMine = ownReaction(message) === emoji;
        const names = by.map(({ mine }) => (mine ? text.conversation.you : name)).join(', ');
        const label = fill(text.message.reacted, { emoji, names });
        return (
          <button
            key={emoji}
            type="button"
            class={css.reaction}
            aria-pressed={isMine}
            title={label}
            onClick={() => {
              const open = state.open.peek();
              if (open?.state !== 'accepted') return;
              const next = isMine ? undefined : emoji;
              inBackground(act(open.id, () => commands.react(open.id, refOf(message), next)));
            }}
          >
            <span class="heard">{label}</span>
            <span class={css.chip} aria-hidden="true">
              {emoji}
              {by.length > 1 && <b>{formatNumber(by.length)}</b>}
            </span>
          </button>
        );
      })}
    </div>
  );
}
