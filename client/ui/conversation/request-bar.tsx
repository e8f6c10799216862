/** In place of the composer while a stranger waits for an answer. */
import type { VNode } from 'preact';
import type { ConversationId } from '../../core/door.ts';
import { Button } from '../components/button.tsx';
import { FailureNote } from '../components/note.tsx';
import { inBackground, useAsking, useDoor } from '../door-context.ts';
import { fill, text } from '../text/text.ts';
import css from './request-bar.module.css';

export function RequestBar({ id, name }: { readonly id: ConversationId; readonly name: string }): VNode {
  const { commands } = useDoor();
  const { busy, failure, ask } = useAsking();
  return (
    <section class={css.bar} aria-label={fill(text.conversation.requestTitle, { name })}>
      <div class={css.column}>
        <FailureNote failure={failure} />
        <h2 class={css.title}>{fill(text.conversation.requestTitle, { name })}</h2>
        <p class={css.words}>{fill(text.conversation.requestText, { name })}</p>
        <Button
          kind="primary"
          wide
          busy={busy}
          onClick={() => inBackground(ask(() => commands.acceptRequest(id)))}
        >
          {text.conversation.accept}
        </Button>
      </div>
    </section>
  );
}
