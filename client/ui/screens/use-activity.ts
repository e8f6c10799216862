/** Signs of a person at the page, for an app lock that waits for nobody. */
import { useEffect } from 'preact/hooks';
import { inBackground, useDoor } from '../door-context.ts';

/** How often somebody's presence is told at most. */
const TELL_MS = 20_000;
const SIGNS = ['pointerdown', 'pointermove', 'keydown', 'wheel', 'touchstart'] as const;

/** Tells core that somebody is there, where an app lock waits for nobody. */
export function useActivity(): void {
  const { commands, state } = useDoor();
  const isTimed = state.lock.value?.afterMs !== undefined;
  useEffect(() => {
    if (!isTimed) return undefined;
    let toldAt = -TELL_MS;
    const tell = (event: Event): void => {
      if (event.timeStamp - toldAt < TELL_MS) return;
      toldAt = event.timeStamp;
      inBackground(commands.noteActivity());
    };
    for (const sign of SIGNS) addEventListener(sign, tell, { passive: true, capture: true });
    return () => {
      for (const sign of SIGNS) removeEventListener(sign, tell, { capture: true });
    };
  }, [isTimed]);
}
