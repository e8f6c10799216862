/**
 * What is written and not sent: stored when the person pauses, and shown in the other tabs that have the conversation open. A text that
 * was typed in a tab leaves it by the person's hand there and in no other way: what another tab sends or stores never takes it away.
 */
import { useEffect, useRef, useState } from 'preact/hooks';
import type { RefObject } from 'preact';
import type { ConversationId } from '../../core/door.ts';
import { useDoor } from '../door-context.ts';

/** Drafts are stored when the person pauses this long. */
const PAUSE_MS = 400;

/** Keeps the field and the stored draft together. `stored` is what core has; `adopt` puts another tab's draft into an idle field. */
export function useDraft(
  id: ConversationId,
  value: string,
  stored: string,
  field: RefObject<HTMLTextAreaElement | null>,
  adopt: (value: string) => void,
): void {
  const { commands } = useDoor();
  /** The last text that did not come from the person in this tab. */
  const adopted = useRef(stored);
  const latest = useRef(value);
  const known = useRef(stored);
  const [storing, setStoring] = useState(0);
  latest.current = value;
  known.current = stored;
  const isOwn = value !== '' && value !== adopted.current;

  const store = useRef(() => undefined);
  store.current = () => {
    setStoring((before) => before + 1);
    const stored = (): void => setStoring((before) => before - 1);
    commands.setDraft(id, latest.current).then(stored, stored);
    return undefined;
  };

  useEffect(() => {
    if (value === adopted.current) return undefined;
    // An emptied field was sent or given up: at once, so that a reload does not bring it back.
    if (value === '') {
      adopted.current = '';
      store.current();
      return undefined;
    }
    const timer = setTimeout(() => store.current(), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [value]);

  useEffect(() => {
    // While a draft of this tab is on its way, what core has may be older than it.
    if (storing > 0 || stored === latest.current) return;
    if (isOwn) {
      // Another tab has sent, which clears the draft; this one is still being written.
      if (stored === '') store.current();
      return;
    }
    // Nothing appears under the hands of somebody who is about to write.
    if (document.hasFocus() && document.activeElement === field.current) return;
    adopted.current = stored;
    adopt(stored);
  }, [stored, storing]);

  useEffect(() => {
    const storeLast = (): void => {
      if (latest.current !== known.current) store.current();
    };
    addEventListener('pagehide', storeLast);
    return () => {
      removeEventListener('pagehide', storeLast);
      storeLast();
    };
  }, [id]);
}
