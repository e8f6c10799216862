/** Messages of one author in close succession: bubbles under one time. */
import type { VNode } from 'preact';
import { memo } from '../components/memo.tsx';
import css from './message-run.module.css';
import { Message } from './message.tsx';
import type { Row } from './rows.ts';

/** A run grows, and one of its messages changes, while the others stay as they are. */
const One = memo(Message);

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
        <One key={message.id} message={message} next={run.messages[i + 1]} name={name} />
      ))}
    </div>
  );
}
