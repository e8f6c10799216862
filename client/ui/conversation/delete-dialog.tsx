/** Asks once before messages go, and from where: from the own devices, or from both sides where all of them are own and young enough. */
import type { VNode } from 'preact';
import type { ConversationId } from '../../core/door.ts';
import { exactNow } from '../clock.ts';
import { Button } from '../components/button.tsx';
import { Dialog, DialogActions } from '../components/dialog.tsx';
import { FailureNote } from '../components/note.tsx';
import { inBackground, useAsking, useDoor } from '../door-context.ts';
import { fill, plural, text } from '../text/text.ts';
import { canChange, refOf } from './composing.ts';
import type { MessageLine } from './rows.ts';

/** Messages that can be taken back on both sides; none if one of them cannot. What was taken back already does not stand in the way. */
function takeable(messages: readonly MessageLine[]): readonly MessageLine[] {
  const there = messages.filter(({ mine, deletedAt }) => !mine || deletedAt === undefined);
  const now = exactNow();
  return there.every((message) => canChange(message, now)) ? there : [];
}

export function DeleteDialog({
  messages,
  id,
  name,
  canWrite,
  onClose,
  onDone,
}: {
  readonly messages: readonly MessageLine[];
  readonly id: ConversationId;
  readonly name: string;
  readonly canWrite: boolean;
  readonly onClose: () => void;
  readonly onDone?: () => void;
}): VNode {
  const { commands } = useDoor();
  const { busy, failure, ask } = useAsking();
  const count = messages.length;
  const back = canWrite ? takeable(messages) : [];
  const forEveryone = back.length > 0;

  async function run(request: () => Promise<void>): Promise<void> {
    if (!(await ask(request))) return;
    onClose();
    onDone?.();
  }
  async function takeBack(): Promise<void> {
    for (const message of back) await commands.deleteForEveryone(id, message.id);
  }

  return (
    <Dialog title={plural(text.message.deleteTitle, count)} onClose={onClose}>
      <FailureNote failure={failure} />
      {/* A message that never left is nowhere else. */}
      {messages.some(({ delivery }) => delivery.kind !== 'failed') && (
        <p>{fill(plural(text.message.deleteForMeText, count), { name })}</p>
      )}
      {forEveryone && <p>{fill(plural(text.message.deleteForEveryoneText, count), { name })}</p>}
      <DialogActions>
        <Button
          kind={forEveryone ? 'plain' : 'danger'}
          busy={busy}
          onClick={() => inBackground(run(() => commands.deleteForMe(id, messages.map(refOf))))}
        >
          {text.message.deleteForMe}
        </Button>
        {forEveryone && (
          <Button kind="danger" busy={busy} onClick={() => inBackground(run(takeBack))}>
            {text.message.deleteForEveryone}
          </Button>
        )}
      </DialogActions>
    </Dialog>
  );
}
