/**
 * Scrolling of a timeline. At the end it stays at the end, whatever arrives or resizes; away from the end the line in sight keeps its
 * place, whatever is added or let go above or below. More lines are fetched before either end of those at hand comes in sight. What has
 * been in sight, in a window that has the focus, is told to core as read.
 */
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { Ref } from 'preact';
import type { OpenConversation } from '../../core/door.ts';
import { inBackground, useDoor } from '../door-context.ts';

/** This close to the end counts as the end: less than half a line. */
const END_PX = 24;
/** This close to either end of the lines at hand, more are fetched: more than a screen ahead. */
const NEAR_PX = 1_200;
/** Room above a line that is brought in sight: the unread line, or one that was asked for. */
const ROOM_PX = 96;
/** How long a line that was asked for is marked. */
const MARK_MS = 2_000;

/** An element that was in sight, and where. */
interface Anchor {
  readonly element: HTMLElement;
  readonly order: number;
  readonly top: number;
}

export interface TimelineScroll {
  readonly scroller: Ref<HTMLDivElement>;
  readonly content: Ref<HTMLDivElement>;
  readonly onScroll: () => void;
  /** Away from the end. */
  readonly away: boolean;
  readonly jump: () => void;
  /** A page that was asked for when `before` were the lines has been answered. */
  readonly loaded: (before: OpenConversation['lines']) => void;
}

function linesOf(scroller: HTMLElement): readonly HTMLElement[] {
  return [...scroller.querySelectorAll<HTMLElement>('[data-order]')];
}

/** The first of `lines`, which stand below each other, whose lower edge is below `y`; found by halving, for it is asked at each scroll. */
function firstBelow(lines: readonly HTMLElement[], y: number): number {
  let [low, high] = [0, lines.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const bottom = lines[middle]?.getBoundingClientRect().bottom ?? 0;
    if (bottom > y) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Order of the last line whose end is in sight. */
function lastSeen(scroller: HTMLElement): number | undefined {
  const lines = linesOf(scroller);
  const seen = lines[firstBelow(lines, scroller.getBoundingClientRect().bottom + 2) - 1];
  return seen === undefined ? undefined : Number(seen.dataset['order']);
}

function findAnchor(scroller: HTMLElement): Anchor | undefined {
  const lines = linesOf(scroller);
  const element = lines[firstBelow(lines, scroller.getBoundingClientRect().top)];
  if (element === undefined) return undefined;
  return { element, order: Number(element.dataset['order']), top: element.getBoundingClientRect().top };
}

/** The line of an order, or the next one where it is gone. */
function findLine(scroller: HTMLElement, order: number): HTMLElement | undefined {
  return linesOf(scroller).find((line) => Number(line.dataset['order']) >= order);
}

export function useTimelineScroll(
  conversation: OpenConversation,
  load: { readonly earlier: () => void; readonly later: () => void },
  /** Lines look different while messages are being chosen. */
  selecting: boolean,
): TimelineScroll {
  const { commands } = useDoor();
  const { id, lines, typing, hasLater, target } = conversation;
  const scroller = useRef<HTMLDivElement>(null);
  const content = useRef<HTMLDivElement>(null);
  const atEnd = useRef(true);
  const placed = useRef(false);
  const reported = useRef(-1);
  const turn = useRef<number | undefined>(undefined);
  const latest = useRef({ lines, hasLater, load });
  latest.current = { lines, hasLater, load };
  const [away, setAway] = useState(false);

  const newest = lines.at(-1);
  const newestOrder = newest?.order ?? -1;
  const previousNewest = useRef(newestOrder);

  // Taken before this render touches the page: what the person has before his eyes.
  const anchor =
    scroller.current !== null && placed.current && !atEnd.current ? findAnchor(scroller.current) : undefined;

  /** At once: a movement on the way would be ended by whatever is loaded meanwhile. */
  function toEnd(): void {
    const box = scroller.current;
    box?.scrollTo({ top: box.scrollHeight, behavior: 'instant' });
  }

  /** Brings an element in sight from below, with some room above it. */
  function show(element: HTMLElement): void {
    const box = scroller.current;
    if (box === null) return;
    box.scrollTop += element.getBoundingClientRect().top - box.getBoundingClientRect().top - ROOM_PX;
  }

  function reportSeen(): void {
    const box = scroller.current;
    if (box === null || document.visibilityState !== 'visible' || !document.hasFocus()) return;
    // Nothing at hand is newer than what was told, which is so for all who read back.
    if ((latest.current.lines.at(-1)?.order ?? -1) <= reported.current) return;
    const seen = lastSeen(box);
    if (seen === undefined || seen <= reported.current) return;
    reported.current = seen;
    inBackground(commands.markRead(id, seen));
  }

  function look(): void {
    const box = scroller.current;
    if (box === null) return;
    const below = box.scrollHeight - box.scrollTop - box.clientHeight;
    atEnd.current = below <= END_PX && !latest.current.hasLater;
    setAway(!atEnd.current);
    reportSeen();
  }

  function loadAhead(): void {
    const box = scroller.current;
    if (box === null || !placed.current || box.clientHeight === 0) return;
    const below = box.scrollHeight - box.scrollTop - box.clientHeight;
    // One at a time: core takes the second for a change of mind.
    if (below < NEAR_PX && latest.current.hasLater) latest.current.load.later();
    else if (box.scrollTop < NEAR_PX) latest.current.load.earlier();
  }

  function onScroll(): void {
    look();
    loadAhead();
  }

  /** Goes where somebody asked to go; marks the line there for a moment. */
  function showTarget(box: HTMLElement, order: number | undefined): void {
    const line = order === undefined ? undefined : findLine(box, order);
    if (line === undefined) {
      toEnd();
      return;
    }
    show(line);
    line.dataset['wanted'] = '';
    setTimeout(() => delete line.dataset['wanted'], MARK_MS);
    if (line.tabIndex < 0) line.focus({ preventScroll: true });
  }

  useLayoutEffect(() => {
    const box = scroller.current;
    if (box === null) return;
    const own =
      newest?.kind === 'message' &&
      newest.mine &&
      newest.delivery.kind === 'sending' &&
      newestOrder > previousNewest.current;
    previousNewest.current = newestOrder;
    if (target !== undefined && target.turn !== turn.current) {
      turn.current = target.turn;
      placed.current = true;
      showTarget(box, target.order);
    } else if (!placed.current) {
      placed.current = true;
      const unread = box.querySelector<HTMLElement>('[data-unread-line]');
      toEnd();
      if (unread !== null && unread.getBoundingClientRect().top < box.getBoundingClientRect().top + ROOM_PX)
        show(unread);
    } else if (atEnd.current || own) {
      toEnd();
    } else if (anchor !== undefined) {
      const held = anchor.element.isConnected ? anchor.element : findLine(box, anchor.order);
      const off = held === undefined ? 0 : held.getBoundingClientRect().top - anchor.top;
      // Setting it, even to what it is, would end a movement under way.
      if (Math.abs(off) >= 1) box.scrollTop += off;
    }
    look();
  }, [lines, typing, target, selecting]);

  // Once these lines are painted.
  useEffect(loadAhead, [lines]);

  useEffect(() => {
    const box = scroller.current;
    if (box === null) return undefined;
    // The keyboard of a phone, a growing composer, a window that changes: the end stays the end.
    const observer = new ResizeObserver(() => {
      if (atEnd.current) toEnd();
    });
    observer.observe(box);
    if (content.current !== null) observer.observe(content.current);
    const seeAgain = (): void => reportSeen();
    addEventListener('focus', seeAgain);
    document.addEventListener('visibilitychange', seeAgain);
    return () => {
      observer.disconnect();
      removeEventListener('focus', seeAgain);
      document.removeEventListener('visibilitychange', seeAgain);
    };
  }, [id]);

  return {
    scroller,
    content,
    onScroll,
    away,
    jump: () => {
      if (latest.current.hasLater) inBackground(commands.openConversation(id, { to: 'latest' }));
      else {
        toEnd();
        onScroll();
      }
    },
    loaded(before) {
      if (latest.current.lines !== before) loadAhead();
    },
  };
}
