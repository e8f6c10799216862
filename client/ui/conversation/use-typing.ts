/** Tells core that the person writes: at the first key, again while it goes on, and that it ended after a pause. */
import { useEffect, useRef } from 'preact/hooks';
import type { ConversationId } from '../../core/door.ts';
import { exactNow } from '../clock.ts';
import { inBackground, useDoor } from '../door-context.ts';

/** Told again at this interval while keys are struck. */
const REPEAT_MS = 4_000;
/** A pause this long is an end. */
const IDLE_MS = 5_000;

export interface TypingNotice {
  /** A key was struck. */
  readonly strike: () => void;
  readonly stop: () => void;
  /** What was typed is sent: the message itself says that the typing has ended. */
  readonly sent: () => void;
}

export function useTyping(id: ConversationId): TypingNotice {
  const { commands } = useDoor();
  const toldAt = useRef<number | undefined>(undefined);
  const idle = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);

  function sent(): void {
    clearTimeout(idle.current);
    toldAt.current = undefined;
  }
  function stop(): void {
    if (toldAt.current !== undefined) inBackground(commands.setTyping(id, false));
    sent();
  }
  function strike(): void {
    clearTimeout(idle.current);
    idle.current = setTimeout(stop, IDLE_MS);
    const now = exactNow();
    if (toldAt.current !== undefined && now - toldAt.current < REPEAT_MS) return;
    toldAt.current = now;
    inBackground(commands.setTyping(id, true));
  }
  useEffect(() => stop, [id]);
  return { strike, stop, sent };
}
