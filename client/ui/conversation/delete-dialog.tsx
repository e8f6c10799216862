/** Asks once before a message goes, and from where: from the own devices, or from both sides. */
import type { VNode } from 'preact';
import type { ConversationId } from '../../core/door.ts';
import { exactNow } from '../clock.ts';
import { Button } from '../components/button.tsx';
import { Dialog, DialogActions } from '../components/dialog.tsx';
import { FailureNote } from '../components/note.tsx';
import { useAsking, useDoor } from '../door-context.ts';
import { fill, text } from '../text/text.ts';
import { canChange, refOf } from './composing.ts';
import type { MessageLine } from './rows.ts';

export function DeleteDialog({
  message,
  id,
  name,
  canWrite,
  onClose,
}: {
  readonly message: MessageLine;
  readonly id: ConversationId;
  readonly name: string;
  readonly canWrite: boolean;
  readonly onClose: () => void;
}): VNode {
  const { commands } = useDoor();
  const { busy, failure, ask } = useAsking();
  const forEveryone = canWrite && canChange(message, exactNow());

  async function run(request: () => Promise<void>): Promise<void> {
    if (await ask(request)) onClose();
  }

  return (
    <Dialog title={text.message.deleteTitle} onClose={onClose}>
      <FailureNote failure={failure} />
      {/* A message that never left is nowhere else. */}
      {message.delivery.kind !== 'failed' && <p>{fill(text.message.deleteForMeText, { name })}</p>}
      {forEveryone && <p>{fill(text.message.deleteForEveryoneText, { name })}</p>}
      <DialogActions>
        <Button
          kind={forEveryone ? 'plain' : 'danger'}
          busy={busy}
          onClick={() => void run(() => commands.deleteForMe(id, [refOf(message)]))}
        >
          {text.message.deleteForMe}
        </Button>
        {forEveryone && (
          <Button
            kind="danger"
            busy={busy}
            onClick={() => void run(() => commands.deleteForEveryone(id, message.id))}
          >
            {text.message.deleteForEveryone}
          </Button>
        )}
      </DialogActions>
    </Dialog>
  );
}
