/** Asks once before somebody is blocked, and says what that does and does not do. */
import type { VNode } from 'preact';
import type { ConversationId } from '../../core/door.ts';
import { announce } from '../components/announcer.tsx';
import { Button } from '../components/button.tsx';
import { Dialog, DialogActions } from '../components/dialog.tsx';
import { FailureNote } from '../components/note.tsx';
import { inBackground, useAsking, useDoor } from '../door-context.ts';
import { fill, text } from '../text/text.ts';

export function BlockPerson({
  id,
  name,
  onClose,
}: {
  readonly id: ConversationId;
  readonly name: string;
  readonly onClose: () => void;
}): VNode {
  const { commands } = useDoor();
  const { busy, failure, ask } = useAsking();

  async function block(): Promise<void> {
    if (!(await ask(() => commands.block(id)))) return;
    announce(fill(text.contact.blocked, { name }));
    onClose();
  }

  return (
    <Dialog title={fill(text.contact.blockTitle, { name })} onClose={onClose}>
      <p>{fill(text.contact.blockText, { name })}</p>
      <FailureNote failure={failure} />
      <DialogActions>
        <Button onClick={onClose}>{text.common.cancel}</Button>
        <Button kind="danger" busy={busy} onClick={() => inBackground(block())}>
          {text.contact.block}
        </Button>
      </DialogActions>
    </Dialog>
  );
}
