/** Messages of one author in close succession: bubbles under one time. */
import type { VNode } from 'preact';
import { RotateCw } from 'lucide';
import { DeliveryMark } from '../components/delivery-mark.tsx';
import { Icon } from '../components/icon.tsx';
import { inBackground, useAsking, useDoor } from '../door-context.ts';
import { formatFull, formatTime } from '../text/dates.ts';
import { failureText, text } from '../text/text.ts';
import { isOnlyEmoji, splitLinks } from './links.ts';
import css from './message-run.module.css';
import { showsDelivery, shownAt, type MessageLine, type Row } from './rows.ts';

export function MessageRun({
  run,
  name,
}: {
  readonly run: Extract<Row, { readonly kind: 'run' }>;
  readonly name: string;
}): VNode {
  return (
    <div class={css.run} data-mine={run.mine ? '' : undefined}>
      {run.messages.map((message, i) => (
        <Message key={message.id} message={message} next={run.messages[i + 1]} name={name} />
      ))}
    </div>
  );
}

function Message({
  message,
  next,
  name,
}: {
  readonly message: MessageLine;
  readonly next: MessageLine | undefined;
  readonly name: string;
}): VNode {
  const at = shownAt(message);
  const failed = message.mine && message.delivery.kind === 'failed';
  const bare = isOnlyEmoji(message.text);
  return (
    <article
      class={css.message}
      data-message={message.id}
      data-order={message.order}
      data-delivery={message.mine ? message.delivery.kind : undefined}
      tabIndex={-1}
    >
      <span class="heard">
        {message.mine ? text.conversation.you : name}, {formatTime(at)}:{' '}
      </span>
      <p class={css.bubble} data-bare={bare ? '' : undefined} dir="auto" title={formatFull(at)}>
        <MessageText message={message.text} />
      </p>
      {failed ? (
        <Failed message={message} />
      ) : (
        (next === undefined || showsDelivery(message, next)) && (
          <p class={css.meta}>
            <time dateTime={new Date(at).toISOString()} title={formatFull(at)}>
              {formatTime(at)}
            </time>
            {message.mine && <DeliveryMark delivery={message.delivery} />}
          </p>
        )
      )}
    </article>
  );
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
