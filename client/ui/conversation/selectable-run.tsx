/** A run while messages are being chosen: each has a box beside it, and a press anywhere on it is a press on the box. */
import type { VNode } from 'preact';
import { formatTime } from '../text/dates.ts';
import { fill, text } from '../text/text.ts';
import { MessageRun } from './message-run.tsx';
import { shownAt, type Row } from './rows.ts';
import css from './selection.module.css';
import { selection, toggleSelected } from './selection.ts';

export function SelectableRun({
  run,
  name,
}: {
  readonly run: Extract<Row, { readonly kind: 'run' }>;
  readonly name: string;
}): VNode {
  return (
    <>
      {run.messages.map((message) => {
        const chosen = selection.value?.has(message.order) === true;
        const author = message.mine ? text.conversation.you : name;
        return (
          <div key={message.order} class={css.row} data-chosen={chosen ? '' : undefined}>
            <label class={css.box}>
              <input
                type="checkbox"
                checked={chosen}
                aria-label={fill(text.select.one, {
                  name: author,
                  time: formatTime(shownAt(message)),
                  text: message.text,
                })}
                onChange={() => toggleSelected(message)}
              />
            </label>
            <div
              class={css.message}
              onClickCapture={(event) => {
                // Links and buttons in it mean nothing for the moment.
                event.preventDefault();
                event.stopPropagation();
                toggleSelected(message);
              }}
            >
              <MessageRun run={{ ...run, messages: [message] }} name={name} />
            </div>
          </div>
        );
      })}
    </>
  );
}
