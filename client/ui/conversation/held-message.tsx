/** Under a message that was written before a key change: it goes with a tap, or not at all. */
import type { VNode } from 'preact';
import { DeliveryMark } from '../components/delivery-mark.tsx';
import { FailureNote } from '../components/note.tsx';
import { inBackground, useAsking, useDoor } from '../door-context.ts';
import { text } from '../text/text.ts';
import css from './message-run.module.css';
import type { MessageLine } from './rows.ts';

export function HeldMessage({ message }: { readonly message: MessageLine }): VNode {
  const { commands, state } = useDoor();
  const { busy, failure, ask } = useAsking();
  const open = state.open.value;
  if (open === undefined) return <DeliveryMark delivery={message.delivery} />;
  // The word counts for the key that is shown with it.
  const send = (): Promise<void> => commands.sendHeld(open.id, open.person.key, message.id);
  return (
    <div class={css.failed} data-held="">
      <FailureNote failure={failure} />
      <span>
        <DeliveryMark delivery={message.delivery} /> {text.safety.waits}
      </span>
      {!open.blocked && (
        <button type="button" class={css.retry} aria-busy={busy} onClick={() => inBackground(ask(send))}>
          {text.safety.send}
        </button>
      )}
      <button
        type="button"
        class={css.retry}
        aria-busy={busy}
        onClick={() => inBackground(ask(() => commands.discardHeld(open.id, message.id)))}
      >
        {text.safety.discard}
      </button>
    </div>
  );
}
