/** How a person's key came to be believed: one glyph with its word. */
import type { VNode } from 'preact';
import { Link2, Shield, ShieldCheck, ShieldQuestionMark } from 'lucide';
import type { PersonView } from '../../core/door.ts';
import { Icon } from '../components/icon.tsx';
import { text } from '../text/text.ts';
import css from './conversation-header.module.css';

const GLYPHS = {
  unverified: Shield,
  'by-invite': Link2,
  verified: ShieldCheck,
  changed: ShieldQuestionMark,
} as const;

export function Trust({ person }: { readonly person: PersonView }): VNode {
  // A mark that was set for another key says nothing of this one.
  const shown = person.changed === true ? 'changed' : person.trust;
  return (
    <span class={css.trust} data-trust={shown}>
      <Icon node={GLYPHS[shown]} size={12} />
      {text.trust.label[shown]}
    </span>
  );
}
