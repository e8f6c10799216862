/** What a search finds. */
import type { ConversationId, PersonView } from './conversation.ts';

/** A message that a search found: its text around the find, on one line, with the finds marked. */
export interface MessageFind {
  readonly order: number;
  readonly at: number;
  readonly mine: boolean;
  readonly excerpt: readonly { readonly text: string; readonly found: boolean }[];
}

/** The finds of one conversation, newest first. */
export interface ConversationFinds {
  readonly id: ConversationId;
  readonly person: PersonView;
  readonly finds: readonly MessageFind[];
}

/** What a search found: the newest finds, by conversation. */
export interface SearchResults {
  readonly groups: readonly ConversationFinds[];
  /** Older ones were found besides. */
  readonly more: boolean;
  /** Whether every message was looked at; not while older ones are still being added to the index. */
  readonly complete: boolean;
}
