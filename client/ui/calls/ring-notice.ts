/** A call that rings while the person looks at no tab is told of by the system, as much as the device's setting lets be shown. */
import { computed, effect, signal } from '@preact/signals';
import type { CallView, Door, NoticeLevel } from '../../core/door.ts';
import { text } from '../text/text.ts';

/** Held, while it rings, by every tab that the person looks at. */
const LOOKED_AT = 'tacet-ring-seen';
/** So long a tab that is looked at has to say so. */
const ASK_MS = 300;

export interface RingWords {
  readonly title: string;
  readonly body: string;
}

/** Shows words under a token; the function that it gives takes them back. */
export type ShowRing = (token: string, words: RingWords) => () => void;

/** What may be said of somebody's call; nothing where the person wants no notices. */
export function ringWords(level: NoticeLevel, name: string | undefined): RingWords | undefined {
  if (level === 'none') return undefined;
  const mayName = level === 'name' || level === 'full';
  return { title: (mayName ? name : undefined) ?? text.app.name, body: text.calls.noticeRinging };
}

async function isLookedAt(): Promise<boolean> {
  if (!('locks' in navigator)) return false;
  const { held = [] } = await navigator.locks.query();
  return held.some(({ name }) => name === LOOKED_AT);
}

function isLooking(): boolean {
  return !document.hidden && document.hasFocus();
}

/** Tells of a call that is not seen here, or other tabs that it is, until the returned function is called. */
function tell(token: string, words: RingWords, isSeen: boolean, show: ShowRing): () => void {
  const ending = new AbortController();
  if (isSeen) {
    const over = new Promise<void>((resolve) => {
      ending.signal.addEventListener('abort', () => resolve(), { once: true });
    });
    if ('locks' in navigator) {
      navigator.locks.request(LOOKED_AT, { mode: 'shared' }, () => over).catch(() => undefined);
    }
  } else {
    const timer = setTimeout(() => {
      isLookedAt().then(
        (isSeenThere) => {
          if (isSeenThere || ending.signal.aborted) return;
          ending.signal.addEventListener('abort', show(token, words), { once: true });
        },
        () => undefined,
      );
    }, ASK_MS);
    ending.signal.addEventListener('abort', () => clearTimeout(timer), { once: true });
  }
  return () => ending.abort();
}

/** The call that rings, if one does. */
export function ringingOf(call: CallView | undefined): CallView | undefined {
  return call?.phase.kind === 'ringing' ? call : undefined;
}

/** From now on. */
export function followRings({ state }: Door, show: ShowRing): void {
  const ringing = computed(() => ringingOf(state.call.value)?.id);
  const isSeen = signal(isLooking());
  const look = (): void => {
    isSeen.value = isLooking();
  };
  document.addEventListener('visibilitychange', look);
  for (const event of ['focus', 'blur']) addEventListener(event, look);
  effect(() => {
    const id = ringing.value;
    if (id === undefined) return undefined;
    const { conversation } = state.call.peek() ?? {};
    const known = state.conversations.peek().find((one) => one.id === conversation);
    const words = ringWords(state.notices.peek(), known?.person.name);
    return words === undefined ? undefined : tell(id, words, isSeen.value, show);
  });
}
