/**
 * A finger on a message: resting on it opens its actions, drawing it away from where lines begin replies to it. Whatever goes up or down
 * is the browser's scrolling (`touch-action` in the style), and what begins at the edge of the screen is the system's way back.
 */
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Door } from '../../core/door.ts';
import { useDoor } from '../door-context.ts';
import { compose, openMenu } from './composing.ts';
import type { MessageLine } from './rows.ts';
import { selection } from './selection.ts';

/** A finger that rests this long asks for the actions. */
const LONG_PRESS_MS = 500;
/** A finger that moves this far no longer rests. */
const STILL_PX = 10;
/** Drawn this far, the message is replied to; it follows no further than a little beyond. */
const REPLY_PX = 52;
const FURTHEST_PX = 72;
/** The systems' own gestures begin here. */
const EDGE_PX = 24;

/** `on`: follows the finger; `armed`: far enough, letting go replies. */
export type Swipe = 'on' | 'armed';

interface Held {
  readonly x: number;
  readonly y: number;
  readonly pointer: number;
  readonly timer: ReturnType<typeof setTimeout>;
  /** It has not moved so far. */
  rests: boolean;
  /** `waits`: nobody knows yet what the finger wants. */
  phase: 'waits' | 'swipes' | 'other';
  swipe: Swipe | undefined;
}

type FingerEvent = PointerEvent & { readonly currentTarget: HTMLElement };

export interface Touch {
  readonly swipe: Swipe | undefined;
  readonly handlers: {
    readonly onPointerDown: (event: FingerEvent) => void;
    readonly onPointerMove: (event: FingerEvent) => void;
    readonly onPointerUp: (event: FingerEvent) => void;
    readonly onPointerCancel: (event: FingerEvent) => void;
  };
}

/** The open conversation, if this message of it can be replied to now. */
function replyable({ state }: Door, message: MessageLine): ReturnType<Door['state']['open']['peek']> {
  const open = state.open.peek();
  const isLive = message.deletedAt === undefined && message.delivery.kind !== 'failed';
  const isFree = selection.peek() === undefined;
  return isLive && open?.state === 'accepted' && isFree ? open : undefined;
}

/** How far a finger has gone to where lines end. */
function drawn(from: Held, event: FingerEvent): number {
  const dx = event.clientX - from.x;
  return getComputedStyle(event.currentTarget).direction === 'rtl' ? -dx : dx;
}

/** Puts the message where the finger has drawn it. */
function place(article: HTMLElement, by: number | undefined): void {
  if (by === undefined) article.style.removeProperty('--swipe');
  else article.style.setProperty('--swipe', `${by}px`);
}

export function useTouch(message: MessageLine): Touch {
  const door = useDoor();
  const held = useRef<Held>(undefined);
  const [swipe, setSwipe] = useState<Swipe | undefined>(undefined);

  // A menu that opens late would open over whatever is there instead.
  useEffect(() => () => clearTimeout(held.current?.timer), []);

  function show(next: Swipe | undefined): void {
    if (held.current !== undefined) held.current.swipe = next;
    setSwipe(next);
  }
  function end(article: HTMLElement): void {
    clearTimeout(held.current?.timer);
    if (held.current?.phase === 'swipes') {
      place(article, undefined);
      show(undefined);
    }
    held.current = undefined;
  }

  return {
    swipe,
    handlers: {
      onPointerDown(event) {
        end(event.currentTarget);
        if (event.pointerType !== 'touch' || !event.isPrimary) return;
        const { clientX: x, clientY: y, pointerId: pointer } = event;
        // Where the page was busy the finger may long have moved: that is heard with the next picture, before it is taken for resting.
        const timer = setTimeout(() => {
          requestAnimationFrame(() => {
            if (held.current?.timer !== timer || !held.current.rests) return;
            held.current = undefined;
            openMenu.value = { message, x, y };
          });
        }, LONG_PRESS_MS);
        const isAtEdge = x < EDGE_PX || x > innerWidth - EDGE_PX;
        const phase = isAtEdge || replyable(door, message) === undefined ? 'other' : 'waits';
        held.current = { x, y, pointer, timer, rests: true, phase, swipe: undefined };
      },
      onPointerMove(event) {
        const from = held.current;
        if (from === undefined || event.pointerId !== from.pointer) return;
        const by = drawn(from, event);
        const aside = Math.abs(event.clientY - from.y);
        if (from.phase !== 'swipes' && Math.max(Math.abs(by), aside) > STILL_PX) {
          clearTimeout(from.timer);
          from.rests = false;
          const begins = from.phase === 'waits' && by > STILL_PX && by > 1.5 * aside;
          from.phase = begins ? 'swipes' : 'other';
          if (begins) event.currentTarget.setPointerCapture(event.pointerId);
        }
        if (from.phase !== 'swipes') return;
        const far = Math.max(0, Math.min(FURTHEST_PX, by - STILL_PX));
        const isRtl = getComputedStyle(event.currentTarget).direction === 'rtl';
        place(event.currentTarget, isRtl ? -far : far);
        const next: Swipe = far >= REPLY_PX ? 'armed' : 'on';
        if (next !== from.swipe) show(next);
      },
      onPointerUp(event) {
        const isArmed = held.current?.swipe === 'armed';
        end(event.currentTarget);
        const open = isArmed ? replyable(door, message) : undefined;
        if (open !== undefined) compose(open.id, 'reply', message);
      },
      onPointerCancel(event) {
        end(event.currentTarget);
      },
    },
  };
}
