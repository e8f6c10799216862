/**
 * What is written and not sent: stored while the person writes, and shown in the other tabs that have the conversation open. A text that
 * was typed in a tab leaves it by the person's hand there and in no other way: what another tab sends or stores never takes it away. What
 * is sent stays the draft on disk until its message is there, in one commit of core.
 */
import { useEffect, useRef, useState } from 'preact/hooks';
import type { RefObject } from 'preact';
import type { ConversationId } from '../../core/door.ts';
import { inBackground, useDoor } from '../door-context.ts';
import { accountOf, draftOf, firstWords, holdsLines, isAnother, joinWords, keepDraft } from './given-back.ts';

/** Drafts are stored when the person pauses this long. */
const PAUSE_MS = 400;
/** Whoever never pauses has what was written stored this often. */
const MOST_MS = 1_000;

/** What a field tells of its draft. */
export interface DraftKeeping {
  /** The text of the field is being sent: from here on the draft on disk is core's. Gives what that is as far as this tab knows. */
  readonly sent: () => string;
  /** The next change is stored at once: it gives the person back what core has let go. */
  readonly hurry: () => void;
}

/** Keeps the field and the stored draft together. `stored` is what core has; `adopt` puts another tab's draft into an idle field. */
export function useDraft(
  id: ConversationId,
  value: string,
  stored: string,
  field: RefObject<HTMLTextAreaElement | null>,
  adopt: (value: string) => void,
): DraftKeeping {
  const door = useDoor();
  const isSending = door.unstored.value.some(({ to }) => to === id);
  /** The last text that did not come from the person in this tab. What the field begins with is one, unless core has yet to store it. */
  const adopted = useRef(value === stored ? value : '');
  /** The last text that this tab has given to core or taken from it: the draft on disk, unless another tab has written since. */
  const given = useRef(value);
  const latest = useRef(value);
  const isUrgent = useRef(false);
  const writer = useRef(accountOf(door));
  const overdue = useRef<ReturnType<typeof setTimeout>>(undefined);
  const [storing, setStoring] = useState(0);
  latest.current = value;
  const isOwn = value !== '' && value !== adopted.current;

  const store = useRef((_words: string) => undefined);
  store.current = (words) => {
    rest();
    if (isAnother(door, writer.current)) return undefined;
    given.current = words;
    setStoring((before) => before + 1);
    inBackground(keepDraft(door, id, words).then(() => setStoring((before) => before - 1)));
    return undefined;
  };

  /** Nothing waits to be stored. */
  function rest(): void {
    clearTimeout(overdue.current);
    overdue.current = undefined;
    isUrgent.current = false;
  }

  useEffect(() => {
    if (value === given.current) {
      rest();
      return undefined;
    }
    // A field that was emptied by hand was given up: at once, so that a reload does not bring it back.
    if (value === '' || isUrgent.current) {
      if (value === '') adopted.current = '';
      store.current(value);
      return undefined;
    }
    const storeNow = (): void => {
      if (latest.current !== given.current) store.current(latest.current);
    };
    overdue.current ??= setTimeout(storeNow, MOST_MS);
    const pause = setTimeout(storeNow, PAUSE_MS);
    return () => clearTimeout(pause);
  }, [value]);

  useEffect(() => {
    // While a draft of this tab is on its way, or its text, what core has may be older than it.
    if (storing > 0 || isSending || stored === latest.current) return;
    if (isOwn) {
      // Another tab has sent, which clears the draft; this one is still being written.
      if (stored === '') store.current(latest.current);
      return;
    }
    // Nothing appears under the hands of somebody who is about to write.
    if (document.hasFocus() && document.activeElement === field.current) return;
    adopted.current = stored;
    given.current = stored;
    adopt(stored);
  }, [stored, storing, isSending]);

  useEffect(() => {
    const storeHidden = (): void => {
      if (document.hidden && latest.current !== given.current) store.current(latest.current);
    };
    const storeLast = (): void => {
      const words = latest.current;
      const isTyped = words !== '' && words !== adopted.current;
      if (words === given.current && !isTyped) return;
      // What core has may be what another tab has written: both stay.
      const others = firstWords(id, draftOf(door, id));
      if (others === given.current || others === '') {
        if (words !== given.current) store.current(words);
      } else if (!holdsLines(others, words)) store.current(joinWords(words, others));
    };
    // Before the door is closed, which the same event does.
    addEventListener('pagehide', storeLast, { capture: true });
    document.addEventListener('visibilitychange', storeHidden);
    return () => {
      removeEventListener('pagehide', storeLast, { capture: true });
      document.removeEventListener('visibilitychange', storeHidden);
      storeLast();
      rest();
    };
  }, [id]);

  return {
    sent: () => {
      rest();
      const before = given.current;
      adopted.current = '';
      given.current = '';
      latest.current = '';
      return before;
    },
    hurry: () => {
      isUrgent.current = true;
    },
  };
}
