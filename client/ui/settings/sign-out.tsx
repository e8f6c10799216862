/** Asks once before signing out, and names what is lost. */
import type { VNode } from 'preact';
import { Button } from '../components/button.tsx';
import { Dialog, DialogActions } from '../components/dialog.tsx';
import { FailureNote, Note } from '../components/note.tsx';
import { inBackground, useAsking, useDoor } from '../door-context.ts';
import { go } from '../router.ts';
import { plural, text } from '../text/text.ts';

export function SignOut({ onClose }: { readonly onClose: () => void }): VNode {
  const { commands, state } = useDoor();
  const { busy, failure, ask } = useAsking();
  // The list knows the last line of each conversation; what waits behind it is not counted twice.
  const unsent = state.conversations.value.filter(
    ({ last }) => last?.mine === true && ['sending', 'held', 'failed'].includes(last.delivery.kind),
  ).length;
  async function leave(): Promise<void> {
    if (await ask(() => commands.signOut())) go({ kind: 'home' }, { replace: true });
  }
  return (
    <Dialog title={text.settings.signOutTitle} onClose={onClose}>
      <p>{text.settings.signOutLoses}</p>
      {unsent > 0 && <Note kind="caution">{plural(text.settings.signOutUnsent, unsent)}</Note>}
      <FailureNote failure={failure} />
      <DialogActions>
        <Button onClick={onClose}>{text.common.cancel}</Button>
        <Button kind="danger" busy={busy} onClick={() => inBackground(leave())}>
          {text.settings.signOutConfirm}
        </Button>
      </DialogActions>
    </Dialog>
  );
}
