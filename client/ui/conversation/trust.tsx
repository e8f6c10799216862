/** How a person's key came to be believed: one glyph with its word. */
import type { VNode } from 'preact';
import { Link2, Shield, ShieldCheck } from 'lucide';
import type { PersonView } from '../../core/door.ts';
import { Icon } from '../components/icon.tsx';
import { text } from '../text/text.ts';
import css from './conversation-header.module.css';

const GLYPHS = { unverified: Shield, 'by-invite': Link2, verified: ShieldCheck } as const;

export function Trust({ person }: { readonly person: PersonView }): VNode {
  return (
    <span class={css.trust} data-trust={person.trust}>
      <Icon node={GLYPHS[person.trust]} size={12} />
      {text.trust.label[person.trust]}
    </span>
  );
}
