/** Who is at the other end, and how that is known: a glyph and its word under the name, a full sentence one click away. */
import type { VNode } from 'preact';
import { useState } from 'preact/hooks';
import { Link2, Shield, ShieldCheck } from 'lucide';
import type { PersonView } from '../../core/door.ts';
import { Avatar } from '../components/avatar.tsx';
import { Dialog } from '../components/dialog.tsx';
import { Icon } from '../components/icon.tsx';
import { fill, text } from '../text/text.ts';
import css from './conversation-header.module.css';

const GLYPHS = { unverified: Shield, 'by-invite': Link2, verified: ShieldCheck } as const;

export function ConversationHeader({ person }: { readonly person: PersonView }): VNode {
  const [open, setOpen] = useState(false);
  return (
    <>
      <h1 class={css.heading}>
        <button class={css.person} type="button" aria-haspopup="dialog" onClick={() => setOpen(true)}>
          <Avatar id={person.account} name={person.name} picture={person.picture} size={36} />
          <span class={css.words}>
            <span class={css.name}>
              <bdi>{person.name}</bdi>
            </span>
            <Trust person={person} />
          </span>
        </button>
      </h1>
      {open && <PersonDetails person={person} onClose={() => setOpen(false)} />}
    </>
  );
}

function Trust({ person }: { readonly person: PersonView }): VNode {
  return (
    <span class={css.trust} data-trust={person.trust}>
      <Icon node={GLYPHS[person.trust]} size={12} />
      {text.trust.label[person.trust]}
    </span>
  );
}

function PersonDetails({
  person,
  onClose,
}: {
  readonly person: PersonView;
  readonly onClose: () => void;
}): VNode {
  return (
    <Dialog title={fill(text.trust.title, { name: person.name })} onClose={onClose}>
      <div class={css.details}>
        <Avatar id={person.account} name={person.name} picture={person.picture} size={56} />
        <div>
          <Trust person={person} />
          <p class={css.username}>
            <span class="heard">{text.trust.username}: </span>
            {person.username ?? text.trust.noUsername}
          </p>
        </div>
      </div>
      <p>{fill(text.trust.sentence[person.trust], { name: person.name })}</p>
    </Dialog>
  );
}
