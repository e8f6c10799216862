/** Asks for a day and goes to its first message; where nothing was said that day, to what was said next. */
import type { VNode } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { ConversationId } from '../../core/door.ts';
import { exactNow } from '../clock.ts';
import { Button } from '../components/button.tsx';
import { Dialog, DialogActions } from '../components/dialog.tsx';
import { FailureNote } from '../components/note.tsx';
import { inBackground, useAsking, useDoor } from '../door-context.ts';
import { isoDay, startOfDay } from '../text/dates.ts';
import { text } from '../text/text.ts';
import css from './date-dialog.module.css';

export function DateDialog({
  id,
  onClose,
}: {
  readonly id: ConversationId;
  readonly onClose: () => void;
}): VNode {
  const { commands } = useDoor();
  const { busy, failure, ask } = useAsking();
  const today = isoDay(exactNow());
  const [day, setDay] = useState(today);
  const input = useRef<HTMLInputElement>(null);
  // At once: what is typed or pressed as soon as the dialog is seen is for the field.
  useLayoutEffect(() => input.current?.focus(), []);
  const at = startOfDay(day);

  async function show(): Promise<void> {
    if (at === undefined) return;
    if (await ask(() => commands.openConversation(id, { to: 'day', at }))) onClose();
  }
  return (
    <Dialog title={text.conversation.toDate} onClose={onClose}>
      <form
        class={css.form}
        onSubmit={(event) => {
          event.preventDefault();
          inBackground(show());
        }}
      >
        <FailureNote failure={failure} />
        <label class={css.label}>
          {text.conversation.day}
          <input
            ref={input}
            class={css.input}
            type="date"
            required
            max={today}
            value={day}
            onInput={(event) => setDay(event.currentTarget.value)}
          />
        </label>
        <DialogActions>
          <Button kind="quiet" onClick={onClose}>
            {text.common.cancel}
          </Button>
          <Button kind="primary" type="submit" busy={busy} disabled={at === undefined}>
            {text.conversation.showDay}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
