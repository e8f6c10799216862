/** One conversation of the list: who, what last, when, how much is unread. */
import type { VNode } from 'preact';
import type { ConversationSummary } from '../../core/door.ts';
import { shownNow } from '../clock.ts';
import { Avatar } from '../components/avatar.tsx';
import { DeliveryMark } from '../components/delivery-mark.tsx';
import { linkTo } from '../router.ts';
import { formatFull, formatListTime } from '../text/dates.ts';
import { fill, formatNumber, plural, text } from '../text/text.ts';
import css from './conversation-item.module.css';

export function ConversationItem({
  conversation,
  current,
}: {
  readonly conversation: ConversationSummary;
  readonly current: boolean;
}): VNode {
  const { person, last, unread } = conversation;
  return (
    <div role="listitem">
      <a
        class={css.item}
        aria-current={current ? 'page' : undefined}
        data-unread={unread > 0 ? '' : undefined}
        {...linkTo({ kind: 'conversation', id: conversation.id })}
      >
        <Avatar id={person.account} name={person.name} picture={person.picture} size={44} />
        <span class={css.words}>
          <span class={css.row}>
            <span class={css.name}>
              <bdi>{person.name}</bdi>
            </span>
            {last !== undefined && (
              <time class={css.time} dateTime={new Date(last.at).toISOString()} title={formatFull(last.at)}>
                {formatListTime(last.at, shownNow.value)}
              </time>
            )}
          </span>
          <span class={css.row}>
            <span class={css.last}>
              <LastLine conversation={conversation} />
            </span>
            {unread > 0 && (
              <span class={css.badge}>
                <span aria-hidden="true">{unread > 99 ? text.list.manyUnread : formatNumber(unread)}</span>
                <span class="heard">{plural(text.list.unread, unread)}</span>
              </span>
            )}
          </span>
        </span>
      </a>
    </div>
  );
}

function LastLine({ conversation }: { readonly conversation: ConversationSummary }): VNode {
  const { draft, last, state, typing } = conversation;
  if (typing) return <span class={css.live}>{text.list.typing}</span>;
  if (draft.trim() !== '') {
    return (
      <>
        <span class={css.live}>{text.list.draft} </span>
        <bdi>{draft}</bdi>
      </>
    );
  }
  if (state === 'blocked') return <>{text.list.blocked}</>;
  if (state === 'request') return <span class={css.asks}>{text.list.request}</span>;
  if (last === undefined) return <>{text.list.nothing}</>;
  if (last.deleted === true) return <>{text.list.deleted}</>;
  if (!last.mine) return <bdi>{last.text}</bdi>;
  return (
    <>
      <DeliveryMark delivery={last.delivery} />
      <bdi>{fill(text.list.you, { text: last.text })}</bdi>
    </>
  );
}
