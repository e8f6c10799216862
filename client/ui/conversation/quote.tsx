/** The message that another one replies to: who, and the first words. A tap leads to it where it is at hand. */
import type { VNode } from 'preact';
import type { QuoteView } from '../../core/door.ts';
import { useDoor } from '../door-context.ts';
import { fill, text } from '../text/text.ts';
import { showPlace } from './jump-target.ts';
import css from './quote.module.css';

export function Quote({ quote, name }: { readonly quote: QuoteView; readonly name: string }): VNode {
  const { commands, state } = useDoor();
  const who = quote.mine ? text.conversation.you : name;
  const { order } = quote;
  const words = (
    <>
      <span class={css.who}>
        <bdi>{who}</bdi>
        {quote.state === 'told' && <span> · {text.message.quoteTold}</span>}
      </span>
      {(quote.state !== 'told' || quote.text !== '') && (
        <span class={css.words} dir="auto">
          {quote.state === 'gone' ? text.message.quoteGone : quote.text}
        </span>
      )}
    </>
  );
  if (quote.state !== 'here' || order === undefined) return <div class={css.quote}>{words}</div>;
  return (
    <button
      class={css.quote}
      type="button"
      title={fill(text.message.goToQuote, { name: who })}
      onClick={() => {
        const open = state.open.peek();
        if (open !== undefined) showPlace(commands, open.id, { to: 'order', order });
      }}
    >
      {words}
    </button>
  );
}
