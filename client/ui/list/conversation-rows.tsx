/**
 * The rows of the conversations. They stand in stretches, of which the browser lays out and paints those near what is seen: with hundreds
 * of rows each for itself, asking for each of them whether it is near would cost more than all else that a picture needs.
 */
import type { RefObject, VNode } from 'preact';
import { useEffect, useLayoutEffect, useState } from 'preact/hooks';
import type { ConversationSummary } from '../../core/door.ts';
import { memo } from '../components/memo.tsx';
import { ConversationItem } from './conversation-item.tsx';
import css from './conversation-rows.module.css';

/** Conversations drawn with the first picture: more than the tallest screen shows. The others follow so many at a time. */
const AT_FIRST = 30;
const AT_A_TIME = 60;
/** Rows of a stretch: more than a screen. */
const STRETCH = 20;

/** One of hundreds changes at a time. */
const Item = memo(ConversationItem);

/** How many of `total` are drawn: few at first, the rest in pieces between which the page answers to the person. */
function useGradually(total: number): number {
  const [drawn, setDrawn] = useState(AT_FIRST);
  const isWhole = drawn >= total;
  useEffect(() => {
    if (isWhole) return undefined;
    const timer = setTimeout(() => setDrawn(drawn + AT_A_TIME), 0);
    return () => clearTimeout(timer);
  }, [drawn, isWhole]);
  return drawn;
}

/** A row that goes from one stretch to another is made anew: whoever stands on it stays on it. */
function useKeptFocus(list: RefObject<HTMLDivElement | null>): void {
  const box = list.current;
  const active = document.activeElement;
  const address = active !== null && box?.contains(active) === true ? active.getAttribute('href') : null;
  useLayoutEffect(() => {
    if (box === null || address === null || box.contains(document.activeElement)) return;
    box.querySelector<HTMLElement>(`a[href="${CSS.escape(address)}"]`)?.focus({ preventScroll: true });
  });
}

export function ConversationRows({
  conversations,
  openId,
  list,
  onKeyDown,
}: {
  readonly conversations: readonly ConversationSummary[];
  readonly openId: string | undefined;
  readonly list: RefObject<HTMLDivElement | null>;
  readonly onKeyDown: (event: KeyboardEvent) => void;
}): VNode {
  const drawn = Math.min(useGradually(conversations.length), conversations.length);
  useKeptFocus(list);
  const stretches = Array.from({ length: Math.ceil(drawn / STRETCH) }, (_, i) =>
    conversations.slice(i * STRETCH, Math.min(drawn, (i + 1) * STRETCH)),
  );
  return (
    <div class={css.list} role="list" ref={list} onKeyDown={onKeyDown}>
      {stretches.map((rows, i) => (
        <div key={i} class={css.stretch} style={{ '--rows': String(rows.length) }}>
          {rows.map((conversation) => (
            <Item key={conversation.id} conversation={conversation} current={conversation.id === openId} />
          ))}
        </div>
      ))}
    </div>
  );
}
