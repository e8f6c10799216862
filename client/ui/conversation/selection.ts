/** Messages that are being chosen to do something with all of them: which, and their words, also when they are no longer on the screen. */
import { signal } from '@preact/signals';
import { formatStamp } from '../text/dates.ts';
import { shownAt, type MessageLine } from './rows.ts';

/** Chosen messages by order; `undefined` while nobody chooses. */
export const selection = signal<ReadonlyMap<number, MessageLine> | undefined>(undefined);

/** Begins to choose, with one message chosen already or none. */
export function beginSelection(first?: MessageLine): void {
  selection.value = new Map(first === undefined ? [] : [[first.order, first]]);
}

export function endSelection(): void {
  selection.value = undefined;
}

/** Chooses a message, or no longer. */
export function toggleSelected(message: MessageLine): void {
  const next = new Map(selection.value);
  if (!next.delete(message.order)) next.set(message.order, message);
  selection.value = next;
}

/** The chosen messages as text: when and who before each, in the order of the conversation. */
export function selectedText(
  chosen: ReadonlyMap<number, MessageLine>,
  names: { readonly me: string; readonly them: string },
): string {
  return [...chosen.values()]
    .toSorted((a, b) => a.order - b.order)
    .map(
      (message) =>
        `[${formatStamp(shownAt(message))}] ${message.mine ? names.me : names.them}: ${message.text}`,
    )
    .join('\n');
}
