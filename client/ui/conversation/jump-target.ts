/** Leads to a line from elsewhere: from what a search has found, from a date. */
import { signal } from '@preact/signals';
import type { Commands, ConversationId, LinePlace } from '../../core/door.ts';
import { inBackground } from '../door-context.ts';
import { go, place } from '../router.ts';

/** The conversation of the address that the page began with, until it is shown. */
let first: ConversationId | undefined;

/**
 * Asks for the conversation of the page's address before anything is drawn, so that it is read while core starts and stands in the first
 * picture. Where core refuses, the screen asks as it does for any other.
 */
export function openFirst(commands: Pick<Commands, 'openConversation'>): void {
  const here = place.peek();
  if (here.kind !== 'conversation') return;
  first = here.id;
  commands.openConversation(here.id).catch(() => {
    first = undefined;
  });
}

/** Whether this conversation was asked for so; once. */
export function wasAskedFirst(id: ConversationId | undefined): boolean {
  const asked = first;
  first = undefined;
  return id !== undefined && asked === id;
}

/** Where the conversation that opens next is wanted, besides its usual place. */
const wanted = signal<{ readonly id: ConversationId; readonly at: LinePlace } | undefined>(undefined);

/** Shows a place of a conversation, going there first if need be. */
export function showPlace(
  commands: Pick<Commands, 'openConversation'>,
  id: ConversationId,
  at: LinePlace,
): void {
  const here = place.value;
  if (here.kind === 'conversation' && here.id === id) {
    inBackground(commands.openConversation(id, at));
    return;
  }
  wanted.value = { id, at };
  go({ kind: 'conversation', id });
}

/** Takes what is wanted of a conversation that opens; once. */
export function takeWanted(id: ConversationId | undefined): LinePlace | undefined {
  const held = wanted.peek();
  if (held === undefined) return undefined;
  wanted.value = undefined;
  return held.id === id ? held.at : undefined;
}
