/** Messages that are being chosen to do something with all of them: which, and their words, also when they are no longer on the screen. */
import { signal } from '@preact/signals';
import type { OpenConversation } from '../../core/door.ts';
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

/** Holds what is chosen against the lines at hand: an edited message has its new words, one that went is chosen no longer. */
export function followLines({
  lines,
  hasEarlier,
  hasLater,
}: Pick<OpenConversation, 'lines' | 'hasEarlier' | 'hasLater'>): void {
  const before = selection.value;
  if (before === undefined || before.size === 0) return;
  const first = hasEarlier ? (lines[0]?.order ?? Infinity) : -Infinity;
  const last = hasLater ? (lines.at(-1)?.order ?? -Infinity) : Infinity;
  const byOrder = new Map(lines.map((line) => [line.order, line]));
  const next = new Map<number, MessageLine>();
  for (const [order, message] of before) {
    const line = byOrder.get(order);
    if (line?.kind === 'message') next.set(order, line);
    else if (order < first || order > last) next.set(order, message);
  }
  const isSame = next.size === before.size && [...next].every(([order, line]) => before.get(order) === line);
  if (!isSame) selection.value = next;
}

/** The chosen messages as text: when and who before each, in the order of the conversation. Of a deleted one there is none. */
export function selectedText(
  chosen: ReadonlyMap<number, MessageLine>,
  names: { readonly me: string; readonly them: string },
): string {
  return [...chosen.values()]
    .filter(({ deletedAt }) => deletedAt === undefined)
    .toSorted((a, b) => a.order - b.order)
    .map(
      (message) =>
        `[${formatStamp(shownAt(message))}] ${message.mine ? names.me : names.them}: ${message.text}`,
    )
    .join('\n');
}
