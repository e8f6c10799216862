/** A pane without content: one sentence, and the way on where there is one. */
import type { VNode } from 'preact';
import { ButtonLink } from '../components/button.tsx';
import { Mark } from '../components/mark.tsx';
import { linkTo } from '../router.ts';
import { text } from '../text/text.ts';
import css from './nothing.module.css';

export function Nothing({
  title,
  lead,
  home = false,
}: {
  readonly title: string;
  readonly lead?: string;
  readonly home?: boolean;
}): VNode {
  return (
    <div class={css.nothing}>
      <Mark size={48} />
      <h1>{title}</h1>
      {lead !== undefined && <p>{lead}</p>}
      {home && <ButtonLink {...linkTo({ kind: 'home' })}>{text.notFound.home}</ButtonLink>}
    </div>
  );
}
