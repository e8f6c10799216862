/** Asks once more before everything that a broken device keeps is deleted, names what is lost, and leads to the sign-in. */
import type { VNode } from 'preact';
import { Button } from '../components/button.tsx';
import { Dialog, DialogActions } from '../components/dialog.tsx';
import { FailureNote } from '../components/note.tsx';
import { inBackground, useAsking, useDoor } from '../door-context.ts';
import { go } from '../router.ts';
import { text } from '../text/text.ts';

export function StartAfresh({ onClose }: { readonly onClose: () => void }): VNode {
  const { commands } = useDoor();
  const { busy, failure, ask } = useAsking();
  async function wipe(): Promise<void> {
    if (await ask(() => commands.wipe())) go({ kind: 'sign-in' }, { replace: true });
  }
  return (
    <Dialog title={text.broken.afreshTitle} onClose={onClose}>
      <p>{text.broken.afreshLoses}</p>
      <FailureNote failure={failure} />
      <DialogActions>
        <Button onClick={onClose}>{text.common.cancel}</Button>
        <Button kind="danger" busy={busy} onClick={() => inBackground(wipe())}>
          {text.broken.afreshConfirm}
        </Button>
      </DialogActions>
    </Dialog>
  );
}
