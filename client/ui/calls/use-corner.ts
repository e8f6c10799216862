/** Something that sits in one of four corners and can be moved: drawn with a pointer, by arrow keys, or from corner to corner by a press. */
import type { RefObject } from 'preact';
import { useRef, useState } from 'preact/hooks';

export type Side = 'start' | 'end';
/** By the direction of text: what is at the start of a line is on the right where text runs from right to left. */
export interface Corner {
  readonly block: Side;
  readonly inline: Side;
}

/** A press moves a little: only more than this is a way. */
const DRAG_PX = 6;

/** The corners in turn, as a press goes through them. */
export function nextCorner({ block, inline }: Corner): Corner {
  if (block === 'end') return inline === 'end' ? { block, inline: 'start' } : { block: 'start', inline };
  return inline === 'start' ? { block, inline: 'end' } : { block: 'end', inline };
}

/** Where an arrow key leads; `undefined` for other keys. */
export function cornerByKey({ block, inline }: Corner, key: string, isRtl: boolean): Corner | undefined {
  switch (key) {
    case 'ArrowUp':
      return { block: 'start', inline };
    case 'ArrowDown':
      return { block: 'end', inline };
    case 'ArrowLeft':
      return { block, inline: isRtl ? 'end' : 'start' };
    case 'ArrowRight':
      return { block, inline: isRtl ? 'start' : 'end' };
    default:
      return undefined;
  }
}

/** The corner of `room` that is nearest to the middle of a box. */
export function nearestCorner(box: DOMRect, room: DOMRect, isRtl: boolean): Corner {
  const isLeft = box.left + box.width / 2 < room.left + room.width / 2;
  const isTop = box.top + box.height / 2 < room.top + room.height / 2;
  return { block: isTop ? 'start' : 'end', inline: isLeft === isRtl ? 'end' : 'start' };
}

interface Moved {
  /** For the attribute that its style goes by. */
  readonly corner: `${Side}-${Side}`;
  /** The element that moves. */
  readonly box: RefObject<HTMLDivElement | null>;
  /** For the button by which it is held. */
  readonly hold: {
    readonly onPointerDown: (event: PointerEvent) => void;
    readonly onKeyDown: (event: KeyboardEvent) => void;
    readonly onClick: () => void;
  };
}

/** `press`: what a press on it does instead of moving it on. */
export function useCorner(first: Corner, press?: () => void): Moved {
  const [corner, setCorner] = useState(first);
  const box = useRef<HTMLDivElement>(null);
  const hasMoved = useRef(false);

  const isRtl = (): boolean => box.current !== null && getComputedStyle(box.current).direction === 'rtl';

  function begin(event: PointerEvent): void {
    const element = box.current;
    const holder = event.currentTarget;
    if (element === null || event.button !== 0 || !(holder instanceof HTMLElement)) return;
    const { clientX, clientY, pointerId } = event;
    hasMoved.current = false;
    const move = (to: PointerEvent): void => {
      const [x, y] = [to.clientX - clientX, to.clientY - clientY];
      if (!hasMoved.current && Math.hypot(x, y) < DRAG_PX) return;
      hasMoved.current = true;
      holder.setPointerCapture(pointerId);
      element.style.translate = `${x}px ${y}px`;
    };
    const end = (): void => {
      holder.removeEventListener('pointermove', move);
      holder.removeEventListener('pointerup', end);
      holder.removeEventListener('pointercancel', end);
      if (!hasMoved.current) return;
      const room = (element.offsetParent ?? document.documentElement).getBoundingClientRect();
      setCorner(nearestCorner(element.getBoundingClientRect(), room, isRtl()));
      element.style.translate = '';
    };
    holder.addEventListener('pointermove', move);
    holder.addEventListener('pointerup', end);
    holder.addEventListener('pointercancel', end);
  }

  return {
    corner: `${corner.block}-${corner.inline}`,
    box,
    hold: {
      onPointerDown: begin,
      onKeyDown(event) {
        const to = cornerByKey(corner, event.key, isRtl());
        if (to === undefined) return;
        event.preventDefault();
        event.stopPropagation();
        setCorner(to);
      },
      onClick() {
        // The end of a way is no press.
        if (hasMoved.current) hasMoved.current = false;
        else if (press === undefined) setCorner(nextCorner(corner));
        else press();
      },
    },
  };
}
