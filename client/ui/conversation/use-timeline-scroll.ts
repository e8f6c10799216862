/**
 * Scrolling of a timeline. At the end it stays at the end, whatever arrives or resizes; away from the end the line in sight keeps its
 * place, whatever is added above or below. What has been in sight, in a window that has the focus, is told to core as read.
 */
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { Ref } from 'preact';
import type { OpenConversation } from '../../core/door.ts';
import { inBackground, useDoor } from '../door-context.ts';

/** This close to the end counts as the end: less than half a line. */
const END_PX = 24;
/** This close to the beginning, earlier lines are fetched. */
const NEAR_START_PX = 300;
/** Room above the unread line when a conversation opens at it. */
const UNREAD_ROOM_PX = 96;

/** An element that was in sight, and where. */
interface Anchor {
  readonly element: HTMLElement;
  readonly top: number;
}

export interface TimelineScroll {
  readonly scroller: Ref<HTMLDivElement>;
  readonly content: Ref<HTMLDivElement>;
  readonly onScroll: () => void;
  /** Away from the end. */
  readonly away: boolean;
  /** Messages of the other side that came while away. */
  readonly arrived: number;
  readonly jump: () => void;
}

function linesOf(scroller: HTMLElement): readonly HTMLElement[] {
  return [...scroller.querySelectorAll<HTMLElement>('[data-order]')];
}

/** Order of the last line whose end is in sight. */
function lastSeen(scroller: HTMLElement): number | undefined {
  const bottom = scroller.getBoundingClientRect().bottom + 2;
  const seen = linesOf(scroller).findLast((line) => line.getBoundingClientRect().bottom <= bottom);
  return seen === undefined ? undefined : Number(seen.dataset['order']);
}

function findAnchor(scroller: HTMLElement): Anchor | undefined {
  const top = scroller.getBoundingClientRect().top;
  const element = linesOf(scroller).find((line) => line.getBoundingClientRect().bottom > top);
  return element === undefined ? undefined : { element, top: element.getBoundingClientRect().top };
}

export function useTimelineScroll(conversation: OpenConversation, loadEarlier: () => void): TimelineScroll {
  const { commands } = useDoor();
  const { id, lines, typing } = conversation;
  const scroller = useRef<HTMLDivElement>(null);
  const content = useRef<HTMLDivElement>(null);
  const atEnd = useRef(true);
  const placed = useRef(false);
  const reported = useRef(-1);
  const leftAt = useRef<number | undefined>(undefined);
  const [away, setAway] = useState(false);

  const newest = lines.at(-1);
  const newestOrder = newest?.order ?? -1;
  const previousNewest = useRef(newestOrder);

  // Taken before this render touches the page: what the person has before his eyes.
  const anchor =
    scroller.current !== null && placed.current && !atEnd.current ? findAnchor(scroller.current) : undefined;

  function toEnd(smooth = false): void {
    const box = scroller.current;
    box?.scrollTo({ top: box.scrollHeight, behavior: smooth ? 'smooth' : 'instant' });
  }

  function reportSeen(): void {
    const box = scroller.current;
    if (box === null || document.visibilityState !== 'visible' || !document.hasFocus()) return;
    const seen = lastSeen(box);
    if (seen === undefined || seen <= reported.current) return;
    reported.current = seen;
    inBackground(commands.markRead(id, seen));
  }

  function onScroll(): void {
    const box = scroller.current;
    if (box === null) return;
    atEnd.current = box.scrollHeight - box.scrollTop - box.clientHeight <= END_PX;
    if (atEnd.current) leftAt.current = undefined;
    else leftAt.current ??= previousNewest.current;
    setAway(!atEnd.current);
    reportSeen();
    if (placed.current && box.scrollTop < NEAR_START_PX && box.scrollHeight > box.clientHeight) loadEarlier();
  }

  useLayoutEffect(() => {
    const box = scroller.current;
    if (box === null) return;
    const own = newest?.kind === 'message' && newest.mine && newestOrder > previousNewest.current;
    previousNewest.current = newestOrder;
    if (!placed.current) {
      placed.current = true;
      const unread = box.querySelector<HTMLElement>('[data-unread-line]');
      toEnd();
      if (unread !== null) {
        const over = box.getBoundingClientRect().top + UNREAD_ROOM_PX - unread.getBoundingClientRect().top;
        if (over > 0) box.scrollTop -= over;
      }
      onScroll();
    } else if (atEnd.current || own) {
      toEnd();
    } else if (anchor?.element.isConnected === true) {
      box.scrollTop += anchor.element.getBoundingClientRect().top - anchor.top;
    }
    reportSeen();
  }, [lines, typing]);

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

  const since = leftAt.current;
  const arrived =
    since === undefined
      ? 0
      : lines.filter((line) => line.kind === 'message' && !line.mine && line.order > since).length;

  return {
    scroller,
    content,
    onScroll,
    away,
    arrived,
    jump: () => toEnd(true),
  };
}
