/** Who is at the other end, and how that is known: a glyph and its word under the name, everything else one click away. */
import type { VNode } from 'preact';
import type { PersonView } from '../../core/door.ts';
import { Avatar } from '../components/avatar.tsx';
import { linkTo } from '../router.ts';
import css from './conversation-header.module.css';
import { Trust } from './trust.tsx';

export function ConversationHeader({ person }: { readonly person: PersonView }): VNode {
  return (
    <h1 class={css.heading}>
      <a class={css.person} {...linkTo({ kind: 'conversation', id: person.account, page: 'contact' })}>
        <Avatar id={person.account} name={person.name} picture={person.picture} size={36} />
        <span class={css.words}>
          <span class={css.name}>
            <bdi>{person.name}</bdi>
          </span>
          <Trust person={person} />
        </span>
      </a>
    </h1>
  );
}
