/**
 * What a conversation shows, from its lines: a line between days, the line before what is unread, runs of messages by one author, and
 * events. Pure, so that it is tested without a screen.
 */
import type { Line } from '../../core/door.ts';

export type MessageLine = Extract<Line, { readonly kind: 'message' }>;
export type EventLine = Extract<Line, { readonly kind: 'event' }>;

/** One block of the timeline. Keys are stable while lines are added at either end. */
export type Row =
  | { readonly kind: 'day'; readonly key: string; readonly at: number }
  | { readonly kind: 'unread'; readonly key: string }
  | {
      readonly kind: 'run';
      readonly key: string;
      readonly mine: boolean;
      readonly messages: readonly MessageLine[];
    }
  /** `count`: so many of its kind in a row, of which it is the last. */
  | { readonly kind: 'event'; readonly key: string; readonly line: EventLine; readonly count: number };

/** Messages of one author this close together are one run. */
export const RUN_GAP_MS = 5 * 60_000;

/** When a line belongs into the day: what the other side claims is not trusted with the order. */
export function shownAt(line: Line): number {
  return line.kind === 'event' ? line.at : line.mine ? line.sentAt : line.receivedAt;
}

/**
 * The rows of `lines`, which are in display order. `unreadFrom` is the order of the first line that was unread when the conversation
 * was opened; `dayStart` gives the start of an instant's local day.
 */
export function buildRows(
  lines: readonly Line[],
  unreadFrom: number | undefined,
  dayStart: (at: number) => number,
): readonly Row[] {
  const rows: Row[] = [];
  let day: number | undefined;
  let unreadShown = unreadFrom === undefined;
  let run: MessageLine[] | undefined;

  for (const line of lines) {
    const at = shownAt(line);
    const itsDay = dayStart(at);
    if (itsDay !== day) {
      rows.push({ kind: 'day', key: `day ${itsDay} ${line.order}`, at });
      day = itsDay;
      run = undefined;
    }
    if (!unreadShown && unreadFrom !== undefined && line.order >= unreadFrom) {
      // Own messages after it mean that the person was here.
      if (line.kind === 'message' && line.mine) unreadShown = true;
      else {
        rows.push({ kind: 'unread', key: 'unread' });
        unreadShown = true;
        run = undefined;
      }
    }
    if (line.kind === 'event') {
      run = undefined;
      const before = rows.at(-1);
      if (before?.kind === 'event' && isSameFault(before.line, line)) {
        rows[rows.length - 1] = { ...before, line, count: before.count + 1 };
        continue;
      }
      rows.push({ kind: 'event', key: `event ${line.order}`, line, count: 1 });
      continue;
    }
    const last = run?.at(-1);
    if (
      run !== undefined &&
      last !== undefined &&
      last.mine === line.mine &&
      at - shownAt(last) <= RUN_GAP_MS
    ) {
      run.push(line);
      continue;
    }
    run = [line];
    rows.push({ kind: 'run', key: `run ${line.order}`, mine: line.mine, messages: run });
  }
  return rows;
}

/** Faults that follow each other are told of once. */
function isSameFault({ event: a }: EventLine, { event: b }: EventLine): boolean {
  if (a.what === 'unreadable' && b.what === 'unreadable') return a.asked === b.asked;
  return a.what === 'newer-version' && b.what === 'newer-version';
}

/** Whether a message shows how far it has come: the last of its run, and wherever the next one differs. */
export function showsDelivery(message: MessageLine, next: MessageLine | undefined): boolean {
  if (!message.mine) return false;
  return next === undefined || next.delivery.kind !== message.delivery.kind;
}
