/** Over the composer or in its place: a changed key that asks for a decision, and what was written before it. */
import type { VNode } from 'preact';
import { ShieldQuestionMark } from 'lucide';
import type { OpenConversation } from '../../core/door.ts';
import { Button, ButtonLink } from '../components/button.tsx';
import { FailureNote } from '../components/note.tsx';
import { inBackground, useAsking, useDoor } from '../door-context.ts';
import { linkTo } from '../router.ts';
import { fill, plural, text } from '../text/text.ts';
import css from './request-bar.module.css';

/** In place of the composer while a verified contact's changed key waits for the person. */
export function BlockedByKey({ conversation }: { readonly conversation: OpenConversation }): VNode {
  const { commands } = useDoor();
  const { busy, failure, ask } = useAsking();
  const { id, person } = conversation;
  const { name } = person;
  // The word counts for the key that is shown with it.
  const goOn = (): Promise<void> => commands.goOnUnverified(id, person.key);
  return (
    <section class={css.bar} aria-label={fill(text.safety.blockedTitle, { name })}>
      <div class={css.column}>
        <FailureNote failure={failure} />
        <h2 class={css.title}>{fill(text.safety.blockedTitle, { name })}</h2>
        <p class={css.words}>{fill(text.safety.blocked, { name })}</p>
        <ButtonLink
          kind="primary"
          wide
          icon={ShieldQuestionMark}
          {...linkTo({ kind: 'conversation', id, page: 'safety' })}
        >
          {text.safety.compare}
        </ButtonLink>
        <Button wide busy={busy} onClick={() => inBackground(ask(goOn))}>
          {text.safety.goOn}
        </Button>
      </div>
    </section>
  );
}

/** Over the composer while anything waits that was written before a key change. */
export function HeldBar({ conversation }: { readonly conversation: OpenConversation }): VNode {
  const { commands } = useDoor();
  const { busy, failure, ask } = useAsking();
  const { id, person, waiting, waitingChanges } = conversation;
  const { name } = person;
  // The word counts for the key that is shown with it.
  const send = (): Promise<void> => commands.sendHeld(id, person.key);
  return (
    <section class={css.bar} aria-label={text.safety.heldTitle}>
      <div class={css.column}>
        <FailureNote failure={failure} />
        {waiting > 0 && (
          <p class={css.words}>
            {fill(plural(text.safety.held, waiting), { name })} {fill(text.safety.discardHint, { name })}
          </p>
        )}
        {waitingChanges > 0 && (
          <p class={css.words}>{fill(plural(text.safety.heldChanges, waitingChanges), { name })}</p>
        )}
        <div class={css.choices}>
          <Button kind="primary" busy={busy} onClick={() => inBackground(ask(send))}>
            {text.safety.sendAll}
          </Button>
          <Button busy={busy} onClick={() => inBackground(ask(() => commands.discardHeld(id)))}>
            {text.safety.discardAll}
          </Button>
        </div>
      </div>
    </section>
  );
}
