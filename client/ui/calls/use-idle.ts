/** Whether the person has let go of the controls: they go out of the way of the picture then, and come back at the first movement. */
import type { RefObject } from 'preact';
import { useEffect, useState } from 'preact/hooks';

/** Time without movement. */
const IDLE_MS = 4_000;
const WAKING = ['pointermove', 'pointerdown', 'keydown', 'focusin'] as const;

/** What keeps the controls: the keyboard is in them, or a menu of theirs is open. */
const HELD = ':focus-visible:not(h1, h2, dialog), [aria-expanded=true], dialog[open] dialog[open]';

/** `mayHide`: there is a picture to be out of the way of. Controls that are hidden to the eye stay there for the keyboard and screen readers. */
export function useIdle(room: RefObject<HTMLElement | null>, mayHide: boolean): boolean {
  const [isIdle, setIdle] = useState(false);
  useEffect(() => {
    const element = room.current;
    setIdle(false);
    if (!mayHide || element === null) return undefined;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const rest = (): void => {
      if (element.querySelector(HELD) === null) setIdle(true);
      else timer = setTimeout(rest, IDLE_MS);
    };
    const wake = (): void => {
      clearTimeout(timer);
      setIdle(false);
      timer = setTimeout(rest, IDLE_MS);
    };
    for (const name of WAKING) element.addEventListener(name, wake);
    wake();
    return () => {
      clearTimeout(timer);
      for (const name of WAKING) element.removeEventListener(name, wake);
    };
  }, [mayHide]);
  return isIdle;
}
