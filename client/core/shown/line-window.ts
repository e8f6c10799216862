/**
 * A stretch of a conversation's lines, wherever in its history: how pages are added at either end, what arriving lines change, and what
 * is let go so that it never grows past its limit. Pure.
 */
import type { Line } from '../view.ts';

/** Lines of a conversation that are read and drawn when it is opened: a screen or two of them, so that no picture waits for more. */
export const PAGE_LINES = 24;
/** Lines that are added at an end at a time: so few that a picture of somebody who scrolls does not wait for them. */
export const STEP_LINES = 12;
/** Lines that a window holds: four screens or more of them, and one page under way. */
export const LINES_MOST = 200;

/** Lines in display order, and whether the history goes on at either end. */
export interface LineWindow {
  readonly lines: readonly Line[];
  readonly hasEarlier: boolean;
  readonly hasLater: boolean;
}

/** A change of one line. */
export type LineChange =
  { readonly kind: 'put'; readonly line: Line } | { readonly kind: 'removed'; readonly order: number };

/** Lines of both in order; of the same order the later given. */
export function mergeLines(a: readonly Line[], b: readonly Line[]): readonly Line[] {
  const last = a.at(-1);
  const [next] = b;
  if (last === undefined) return b;
  if (next === undefined) return a;
  if (last.order < next.order) return [...a, ...b];
  const byOrder = new Map<number, Line>();
  for (const line of [...a, ...b]) byOrder.set(line.order, line);
  return [...byOrder.values()].sort((x, y) => x.order - y.order);
}

/** Adds the page before the first line; what is too much goes at the end. A short page is the beginning of the history. */
export function addEarlier(window: LineWindow, page: readonly Line[]): LineWindow {
  const lines = mergeLines(page, window.lines);
  const isLong = lines.length > LINES_MOST;
  return {
    lines: isLong ? lines.slice(0, LINES_MOST) : lines,
    hasEarlier: page.length >= STEP_LINES,
    hasLater: window.hasLater || isLong,
  };
}

/** Adds the page after the last line; what is too much goes at the beginning. A short page is the end of the history. */
export function addLater(window: LineWindow, page: readonly Line[]): LineWindow {
  const lines = mergeLines(window.lines, page);
  const isLong = lines.length > LINES_MOST;
  return {
    lines: isLong ? lines.slice(-LINES_MOST) : lines,
    hasEarlier: window.hasEarlier || isLong,
    hasLater: page.length >= STEP_LINES,
  };
}

/**
 * Takes over a change. Lines beyond the window stay where they are. A window at its limit lets its oldest page go when everything in it
 * has been seen (`seen`: the highest order seen), and else stops growing: nothing is taken from before the eyes of whoever reads it.
 */
export function applyChange(window: LineWindow, change: LineChange, seen: number): LineWindow {
  const { lines, hasEarlier, hasLater } = window;
  if (change.kind === 'removed') {
    const left = lines.filter(({ order }) => order !== change.order);
    return left.length === lines.length ? window : { ...window, lines: left };
  }
  const { line } = change;
  const first = lines[0]?.order;
  const last = lines.at(-1)?.order;
  if (hasEarlier && (first === undefined || line.order < first)) return window;
  const isNew = last === undefined || line.order > last;
  if (hasLater && isNew) return window;
  if (!isNew || lines.length < LINES_MOST) return { ...window, lines: mergeLines(lines, [line]) };
  if (seen < (last ?? 0)) return { ...window, hasLater: true };
  return { lines: [...lines.slice(PAGE_LINES), line], hasEarlier: true, hasLater };
}
