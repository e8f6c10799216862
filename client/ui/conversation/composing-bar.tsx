/** Above the field: the message that is replied to or edited, what waits for its end, and the way out of it. */
import type { VNode } from 'preact';
import { Pencil, Reply, X } from 'lucide';
import { IconButton } from '../components/button.tsx';
import { Icon } from '../components/icon.tsx';
import { fill, text } from '../text/text.ts';
import type { Composing } from './composing.ts';
import css from './composing-bar.module.css';

export function ComposingBar({
  about,
  words,
  aside,
  name,
  onStop,
}: {
  readonly about: Composing;
  /** The message as it is now; `undefined`: it is gone. */
  readonly words: string | undefined;
  /** What comes back when this ends. */
  readonly aside: Composing['kind'] | undefined;
  readonly name: string;
  readonly onStop: () => void;
}): VNode {
  const isReply = about.kind === 'reply';
  const who = about.message.mine ? text.conversation.you : name;
  return (
    <div class={css.bar} data-composing={about.kind}>
      <Icon node={isReply ? Reply : Pencil} size={18} />
      <p class={css.words}>
        <b>{isReply ? fill(text.message.replyingTo, { name: who }) : text.message.editing}</b>
        <span dir={words === undefined ? undefined : 'auto'}>{words ?? text.message.quoteGone}</span>
        {aside !== undefined && <span data-aside={aside}>{text.message.aside[aside]}</span>}
      </p>
      <IconButton
        icon={X}
        label={isReply ? text.message.stopReply : text.message.stopEdit}
        onClick={onStop}
      />
    </div>
  );
}
