/** One message: its bubble with quote and text, reactions, how far it has come, and the ways to its actions. */
import type { VNode } from 'preact';
import { Reply, RotateCw } from 'lucide';
import { DeliveryMark } from '../components/delivery-mark.tsx';
import { Icon } from '../components/icon.tsx';
import { lazily } from '../components/lazy.tsx';
import { inBackground, useAsking, useDoor } from '../door-context.ts';
import { formatFull, formatTime } from '../text/dates.ts';
import { failureText, fill, text } from '../text/text.ts';
import { openMenu } from './composing.ts';
import { isOnlyEmoji, splitLinks } from './links.ts';
import css from './message-run.module.css';
import { Quote } from './quote.tsx';
import { Reactions } from './reactions.tsx';
import { Remaining } from './remaining.tsx';
import { showsDelivery, shownAt, type MessageLine } from './rows.ts';
import { useTouch } from './use-touch.ts';

const HeldMessage = lazily(async () => (await import('./held-message.tsx')).HeldMessage);

export function Message({
  message,
  next,
  name,
}: {
  readonly message: MessageLine;
  readonly next: MessageLine | undefined;
  readonly name: string;
}): VNode {
  const at = shownAt(message);
  const deleted = message.deletedAt !== undefined;
  const failed = message.mine && message.delivery.kind === 'failed';
  const touch = useTouch(message);
  const hasMarks =
    message.editedAt !== undefined ||
    message.change !== undefined ||
    message.timer !== undefined ||
    message.late === true;
  return (
    <article
      class={css.message}
      data-message={message.id}
      data-order={message.order}
      data-delivery={message.mine && !deleted ? message.delivery.kind : undefined}
      data-deleted={deleted ? '' : undefined}
      data-change={message.change}
      tabIndex={-1}
      onKeyDown={(event) => openByKey(event, message)}
      onContextMenu={(event) => openByPointer(event, message)}
      {...touch.handlers}
    >
      <span class={css.heard}>{`${message.mine ? text.conversation.you : name}, ${formatTime(at)}: `}</span>
      <div class={css.body} data-swipe={touch.swipe}>
        {touch.swipe !== undefined && (
          <span class={css.swiped}>
            <Icon node={Reply} size={18} />
          </span>
        )}
        <Bubble message={message} name={name} at={at} />
        <button
          class={css.more}
          type="button"
          tabIndex={-1}
          data-more=""
          aria-haspopup="menu"
          aria-label={text.message.actions}
          title={text.message.actions}
          onClick={(event) => {
            const box = event.currentTarget.getBoundingClientRect();
            openMenu.value = { message, x: box.left, y: box.bottom + 4 };
          }}
        />
      </div>
      {message.reactions !== undefined && message.reactions.length > 0 && (
        <Reactions message={message} name={name} />
      )}
      {failed ? (
        <Failed message={message} />
      ) : message.mine && message.delivery.kind === 'held' && !deleted ? (
        <HeldMessage message={message} />
      ) : (
        (next === undefined || showsDelivery(message, next) || hasMarks) && (
          <p class={css.meta}>
            <Marks message={message} />
            <time dateTime={new Date(at).toISOString()} title={formatFull(at)}>
              {formatTime(at)}
            </time>
            {message.mine && !deleted && <DeliveryMark delivery={message.delivery} />}
          </p>
        )
      )}
    </article>
  );
}

function Bubble({
  message,
  name,
  at,
}: {
  readonly message: MessageLine;
  readonly name: string;
  readonly at: number;
}): VNode {
  if (message.deletedAt !== undefined) {
    return (
      <p class={css.deleted}>
        {message.mine ? text.message.deletedMine : fill(text.message.deletedTheirs, { name })}
      </p>
    );
  }
  const bare = message.reply === undefined && isOnlyEmoji(message.text);
  return (
    <div class={css.bubble} data-bare={bare ? '' : undefined} title={formatFull(at)}>
      {message.reply !== undefined && <Quote quote={message.reply} name={name} />}
      <p dir="auto">
        <MessageText message={message.text} />
      </p>
    </div>
  );
}

/** What stands beside the time: edited, on its way, disappearing. */
function Marks({ message }: { readonly message: MessageLine }): VNode {
  const { change, deletedAt, editedAt } = message;
  const words = deletedAt === undefined ? text.message : undefined;
  const waiting = words === undefined ? text.message.deleteWaiting : words.editWaiting;
  const refused = words === undefined ? text.message.deleteFailed : words.editFailed;
  return (
    <>
      {message.late === true && (
        <span data-late="" title={fill(text.message.lateSent, { date: formatFull(message.sentAt) })}>
          {text.message.late}
        </span>
      )}
      {change !== undefined && (
        <span class={change === 'failed' ? css.refused : undefined}>
          {change === 'failed' ? refused : waiting}
        </span>
      )}
      {editedAt !== undefined && change === undefined && (
        <span title={fill(text.message.editedAt, { date: formatFull(editedAt) })}>{text.message.edited}</span>
      )}
      {message.timer !== undefined && <Remaining message={message} />}
    </>
  );
}

/** Enter on a message opens its actions; left and right lead to the button for them and back. */
function openByKey(
  event: KeyboardEvent & { readonly currentTarget: HTMLElement },
  message: MessageLine,
): void {
  const article = event.currentTarget;
  if (event.key === 'ArrowLeft' || event.key === 'ArrowRight') {
    const more = article.querySelector<HTMLElement>('[data-more]');
    (event.target === article ? more : article)?.focus();
    return;
  }
  if (event.key !== 'Enter' || event.target !== article) return;
  event.preventDefault();
  const box = article.getBoundingClientRect();
  openMenu.value = { message, x: box.left + 8, y: Math.min(box.bottom, innerHeight) - 8 };
}

/** A right click, or the key for it; links and selected text keep the browser's own menu. */
function openByPointer(
  event: MouseEvent & { readonly currentTarget: HTMLElement },
  message: MessageLine,
): void {
  const { target } = event;
  if (target instanceof Element && target.closest('a') !== null) return;
  if (getSelection()?.isCollapsed === false) return;
  event.preventDefault();
  const isKey = event.clientX === 0 && event.clientY === 0;
  const box = event.currentTarget.getBoundingClientRect();
  openMenu.value = {
    message,
    x: isKey ? box.left + 8 : event.clientX,
    y: isKey ? box.bottom : event.clientY,
  };
}

function MessageText({ message }: { readonly message: string }): VNode {
  return (
    <>
      {splitLinks(message).map((piece, i) =>
        piece.kind === 'text' ? (
          piece.text
        ) : (
          <a key={i} href={piece.href} target="_blank" rel="noopener noreferrer">
            {piece.text}
          </a>
        ),
      )}
    </>
  );
}

function Failed({ message }: { readonly message: MessageLine }): VNode {
  const { commands } = useDoor();
  const { busy, ask } = useAsking();
  const why = message.delivery.kind === 'failed' ? failureText(message.delivery.failure) : '';
  return (
    <p class={css.failed}>
      <span>
        <DeliveryMark delivery={message.delivery} /> {text.conversation.notSent} {why}
      </span>
      <button
        type="button"
        class={css.retry}
        aria-busy={busy}
        onClick={() => inBackground(ask(() => commands.retrySend(message.id)))}
      >
        <Icon node={RotateCw} size={14} />
        {text.conversation.retry}
      </button>
    </p>
  );
}
