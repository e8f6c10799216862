/** Asks once before the history of a conversation goes from this device. */
import type { VNode } from 'preact';
import type { ConversationId } from '../../core/door.ts';
import { Button } from '../components/button.tsx';
import { Dialog, DialogActions } from '../components/dialog.tsx';
import { FailureNote } from '../components/note.tsx';
import { inBackground, useAsking, useDoor } from '../door-context.ts';
import { fill, text } from '../text/text.ts';

export function ClearDialog({
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

  async function clear(): Promise<void> {
    if (await ask(() => commands.clearHistory(id))) onClose();
  }

  return (
    <Dialog title={text.clear.title} onClose={onClose}>
      <p>{fill(text.clear.text, { name })}</p>
      <FailureNote failure={failure} />
      <DialogActions>
        <Button onClick={onClose}>{text.common.cancel}</Button>
        <Button kind="danger" busy={busy} onClick={() => inBackground(clear())}>
          {text.clear.confirm}
        </Button>
      </DialogActions>
    </Dialog>
  );
}
