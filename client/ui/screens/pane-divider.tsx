/** The line between list and pane: dragged or moved by arrow keys between 280 and 360 pixels, and remembered in this browser. */
import { signal } from '@preact/signals';
import type { VNode } from 'preact';
import { text } from '../text/text.ts';
import css from './pane-divider.module.css';

const MIN_PX = 280;
const MAX_PX = 360;
const STEP_PX = 16;
const KEY = 'tacet.list-width';

function clamp(width: number): number {
  return Math.round(Math.max(MIN_PX, Math.min(MAX_PX, width)));
}

function readWidth(): number {
  try {
    const stored = Number(localStorage.getItem(KEY) ?? Number.NaN);
    return Number.isFinite(stored) && stored > 0 ? clamp(stored) : 320;
  } catch {
    return 320;
  }
}

/** Width of the list, in pixels. */
export const listWidth = signal(readWidth());

function setWidth(width: number): void {
  listWidth.value = clamp(width);
  try {
    localStorage.setItem(KEY, String(listWidth.value));
  } catch {
    // The width then lasts as long as the page.
  }
}

export function PaneDivider(): VNode {
  const isRtl = document.documentElement.dir === 'rtl';
  const outward = isRtl ? -1 : 1;
  return (
    <div
      class={css.divider}
      role="separator"
      aria-label={text.list.resize}
      aria-orientation="vertical"
      aria-valuemin={MIN_PX}
      aria-valuemax={MAX_PX}
      aria-valuenow={listWidth.value}
      tabIndex={0}
      onKeyDown={(event) => {
        const by = event.key === 'ArrowRight' ? STEP_PX : event.key === 'ArrowLeft' ? -STEP_PX : 0;
        if (by === 0) return;
        event.preventDefault();
        setWidth(listWidth.value + by * outward);
      }}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        event.preventDefault();
      }}
      onPointerMove={(event) => {
        if (!event.currentTarget.hasPointerCapture(event.pointerId)) return;
        setWidth(isRtl ? innerWidth - event.clientX : event.clientX);
      }}
      onDblClick={() => setWidth(320)}
    />
  );
}
