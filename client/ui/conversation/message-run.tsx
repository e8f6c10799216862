/** Messages of one author in close succession: bubbles under one time. */
import type { VNode } from 'preact';
import css from './message-run.module.css';
import { Message } from './message.tsx';
import type { Row } from './rows.ts';

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
