/** The page of a contact: who he is, how his key came to be believed, and whether he may write. */
import type { VNode } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { Ban, ShieldCheck, Undo2, X } from 'lucide';
import type { ConversationId, PersonView, Relation } from '../../core/door.ts';
import { CallPerson } from '../calls/call-buttons.tsx';
import { announce } from '../components/announcer.tsx';
import { Avatar } from '../components/avatar.tsx';
import { Button, ButtonLink, IconButton } from '../components/button.tsx';
import { FailureNote } from '../components/note.tsx';
import { PaneHeader } from '../components/pane-header.tsx';
import { Trust } from '../conversation/trust.tsx';
import { inBackground, useAsking, useDoor } from '../door-context.ts';
import { go, linkTo } from '../router.ts';
import { Nothing } from '../screens/nothing.tsx';
import { fill, plural, text } from '../text/text.ts';
import { BlockPerson } from './block-person.tsx';
import css from './contact.module.css';

export function Contact({ id }: { readonly id: ConversationId }): VNode {
  const { conversations } = useDoor().state;
  const summary = conversations.value.find((one) => one.id === id);
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), [id]);
  return (
    <>
      <PaneHeader back>
        <h1 ref={heading} tabIndex={-1} class={css.title}>
          {text.contact.title}
        </h1>
        {/* Where it stands beside something else there is no way back to show. */}
        <div class={css.close}>
          <IconButton icon={X} label={text.common.close} onClick={() => go({ kind: 'conversation', id })} />
        </div>
      </PaneHeader>
      {summary === undefined ? (
        <Nothing title={text.conversation.unknownTitle} lead={text.conversation.unknownText} home />
      ) : (
        <Details person={summary.person} relation={summary.state} />
      )}
    </>
  );
}

function Details({ person, relation }: { readonly person: PersonView; readonly relation: Relation }): VNode {
  const { name } = person;
  return (
    <div class={css.scroll}>
      <div class={css.column}>
        <div class={css.person}>
          <Avatar id={person.account} name={name} picture={person.picture} size={96} />
          <p class={css.name} dir="auto">
            {name}
          </p>
          <p class={css.soft}>
            <span class="heard">{text.trust.username}: </span>
            {person.username ?? <Unknown claims={person.claims} />}
          </p>
          <CallPerson id={person.account} relation={relation} />
        </div>
        <section class={css.section} aria-label={text.contact.trust}>
          <Trust person={person} />
          <p>
            {fill(person.changed === true ? text.safety.blocked : text.trust.sentence[person.trust], {
              name,
            })}
          </p>
          {person.renewals !== undefined && (
            <p class={css.soft}>{plural(text.contact.renewals, person.renewals)}</p>
          )}
          <div>
            <ButtonLink
              icon={ShieldCheck}
              {...linkTo({ kind: 'conversation', id: person.account, page: 'safety' })}
            >
              {text.safety.compare}
            </ButtonLink>
          </div>
        </section>
        <Standing person={person} relation={relation} />
      </div>
    </div>
  );
}

/** Without a username that was looked up there is his own word, if he gave one. */
function Unknown({ claims }: { readonly claims: string | undefined }): VNode {
  return <>{claims === undefined ? text.trust.noUsername : fill(text.trust.claimed, { username: claims })}</>;
}

/** Blocking and taking it back. */
function Standing({ person, relation }: { readonly person: PersonView; readonly relation: Relation }): VNode {
  const { commands } = useDoor();
  const { busy, failure, ask } = useAsking();
  const [asked, setAsked] = useState(false);
  const { name, account } = person;

  async function unblock(): Promise<void> {
    if (await ask(() => commands.unblock(account))) announce(fill(text.contact.unblocked, { name }));
  }

  if (relation === 'blocked') {
    return (
      <section class={css.section} aria-label={text.contact.unblock}>
        <p>{fill(text.contact.blockedText, { name })}</p>
        <FailureNote failure={failure} />
        <div>
          <Button icon={Undo2} busy={busy} onClick={() => inBackground(unblock())}>
            {text.contact.unblock}
          </Button>
        </div>
      </section>
    );
  }
  return (
    <section class={css.section} aria-label={text.contact.block}>
      <div>
        <Button kind="danger" icon={Ban} onClick={() => setAsked(true)}>
          {text.contact.block}
        </Button>
      </div>
      {asked && <BlockPerson id={account} name={name} onClose={() => setAsked(false)} />}
    </section>
  );
}
