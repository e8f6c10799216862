/** What is being searched for, kept while the person goes to a find and comes back. */
import { signal } from '@preact/signals';
import type { ConversationId } from '../../core/door.ts';

export interface Wish {
  readonly typed: string;
  /** One conversation alone. */
  readonly within: { readonly id: ConversationId; readonly name: string } | undefined;
}

export const NO_WISH: Wish = { typed: '', within: undefined };

/** The search of this tab. */
export const wish = signal<Wish>(NO_WISH);
