/** Asks once before something that cannot be undone: what it does, a way back, and the act, whose failure stays beside it. */
import type { ComponentChildren, VNode } from 'preact';
import { inBackground, useAsking } from '../door-context.ts';
import { text } from '../text/text.ts';
import { Button } from './button.tsx';
import { Dialog, DialogActions } from './dialog.tsx';
import { FailureNote } from './note.tsx';

export function Question({
  title,
  confirm,
  act,
  onDone,
  onClose,
  children,
}: {
  readonly title: string;
  /** What the button says that does it. */
  readonly confirm: string;
  readonly act: () => Promise<void>;
  /** It was done; `onClose`: it was not, or need not be. */
  readonly onDone: () => void;
  readonly onClose: () => void;
  readonly children: ComponentChildren;
}): VNode {
  const { busy, failure, ask } = useAsking();

  async function run(): Promise<void> {
    if (await ask(act)) onDone();
  }

  return (
    <Dialog title={title} onClose={onClose}>
      {children}
      <FailureNote failure={failure} />
      <DialogActions>
        <Button onClick={onClose}>{text.common.cancel}</Button>
        <Button kind="danger" busy={busy} onClick={() => inBackground(run())}>
          {confirm}
        </Button>
      </DialogActions>
    </Dialog>
  );
}
