/** In place of the composer while a stranger waits for an answer, and where somebody is blocked. */
import type { VNode } from 'preact';
import type { ConversationId } from '../../core/door.ts';
import { useState } from 'preact/hooks';
import { announce } from '../components/announcer.tsx';
import { Button } from '../components/button.tsx';
import { FailureNote } from '../components/note.tsx';
import { inBackground, useAsking, useDoor } from '../door-context.ts';
import { fill, text } from '../text/text.ts';
import css from './request-bar.module.css';
import { lazily } from '../components/lazy.tsx';

const BlockPerson = lazily(async () => (await import('../contact/block-person.tsx')).BlockPerson);

export function RequestBar({ id, name }: { readonly id: ConversationId; readonly name: string }): VNode {
  const { commands } = useDoor();
  const { busy, failure, ask } = useAsking();
  const [blocking, setBlocking] = useState(false);
  return (
    <section class={css.bar} aria-label={fill(text.conversation.requestTitle, { name })}>
      <div class={css.column}>
        <FailureNote failure={failure} />
        <h2 class={css.title}>{fill(text.conversation.requestTitle, { name })}</h2>
        <p class={css.words}>{fill(text.conversation.requestText, { name })}</p>
        <div class={css.buttons}>
          <Button onClick={() => setBlocking(true)}>{text.contact.block}</Button>
          <Button
            kind="primary"
            busy={busy}
            onClick={() => inBackground(ask(() => commands.acceptRequest(id)))}
          >
            {text.conversation.accept}
          </Button>
        </div>
      </div>
      {blocking && <BlockPerson id={id} name={name} onClose={() => setBlocking(false)} />}
    </section>
  );
}

export function BlockedBar({ id, name }: { readonly id: ConversationId; readonly name: string }): VNode {
  const { commands } = useDoor();
  const { busy, failure, ask } = useAsking();

  async function unblock(): Promise<void> {
    if (await ask(() => commands.unblock(id))) announce(fill(text.contact.unblocked, { name }));
  }

  return (
    <section class={css.bar} aria-label={text.contact.blockedTitle}>
      <div class={css.column}>
        <FailureNote failure={failure} />
        <p class={css.words}>{fill(text.contact.blockedText, { name })}</p>
        <Button wide busy={busy} onClick={() => inBackground(unblock())}>
          {text.contact.unblock}
        </Button>
      </div>
    </section>
  );
}
