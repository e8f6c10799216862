/** What others learn besides the messages: whether they were read, and that one writes. */
import type { VNode } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { Me } from '../../core/door.ts';
import { FailureNote } from '../components/note.tsx';
import { Switch } from '../components/switch.tsx';
import { inBackground, useAsking, useDoor } from '../door-context.ts';
import { text } from '../text/text.ts';

export function Privacy({ me }: { readonly me: Me }): VNode {
  const { commands } = useDoor();
  const { failure, ask } = useAsking();
  // What was pressed shows at once; what core has takes its place, also when it refused.
  const [shown, setShown] = useState({ readReceipts: me.readReceipts, typing: me.typing });
  const reset = (): void => setShown({ readReceipts: me.readReceipts, typing: me.typing });
  useEffect(reset, [me.readReceipts, me.typing]);

  async function change(next: typeof shown): Promise<void> {
    setShown(next);
    if (!(await ask(() => commands.setPrivacy(next)))) reset();
  }

  return (
    <>
      <FailureNote failure={failure} />
      <Switch
        label={text.privacy.readReceipts}
        hint={text.privacy.readReceiptsHint}
        on={shown.readReceipts}
        onChange={(readReceipts) => inBackground(change({ ...shown, readReceipts }))}
      />
      <Switch
        label={text.privacy.typing}
        hint={text.privacy.typingHint}
        on={shown.typing}
        onChange={(typing) => inBackground(change({ ...shown, typing }))}
      />
    </>
  );
}
