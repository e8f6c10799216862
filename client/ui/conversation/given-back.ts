/**
 * Words that could not be sent or kept find their way back to the person: into the field they came from, else into the draft of their
 * conversation. Where the storage itself has failed they stand on the screen that says so, until there is one again.
 */
import { signal } from '@preact/signals';
import { useLayoutEffect } from 'preact/hooks';
import type { ConversationId, Door, Me, SessionState } from '../../core/door.ts';
import { inBackground } from '../door-context.ts';

/** What takes words back into a field, as `giveBack` does. */
type Take = (words: string, kept: string | undefined) => void;

/** The fields that are shown. */
const fields = new Map<ConversationId, Take>();

/** Drafts that core has been given and has not stored: newer than what it shows. */
const underWay = new Map<ConversationId, string>();

/** Drafts whose text is being sent: core takes them away with the commit of the message. */
const leaving = new Map<ConversationId, readonly string[]>();

/** What a field begins with since texts came back into it: the next one that does was written after them. */
const cameBack = new Map<ConversationId, string>();

/** Words of a conversation that no storage took. */
export interface Unkept {
  readonly of: ConversationId;
  readonly words: string;
}

/** Each once, without earlier states of it, for the screens on which nothing goes on. */
export const unkept = signal<readonly Unkept[]>([]);

/** Screens on which nothing goes on until the person decides, and which show what was noted. */
const STILL: readonly SessionState['kind'][] = ['broken', 'too-old', 'other-version'];

/** Lets the field of a conversation take words back for as long as it is shown. */
export function useTakingBack(id: ConversationId, take: Take): void {
  useLayoutEffect(() => {
    fields.set(id, take);
    return () => {
      if (fields.get(id) === take) fields.delete(id);
    };
  });
}

/**
 * Both, the words that come back before what is there since; unless that is an earlier state of them. `kept` is such a state; where it is
 * not known, whatever they begin with may be one.
 */
export function joinWords(returned: string, since: string, kept?: string): string {
  const isEarlier = kept === undefined ? returned.startsWith(since) : since === kept;
  return since === '' || since === returned || isEarlier ? returned : `${returned}\n${since}`;
}

/** As `joinWords`, for a text that is given back to this conversation: after those that came back before it. */
export function putBack(id: ConversationId, returned: string, since: string, kept?: string): string {
  const head = cameBack.get(id);
  const follows = head !== undefined && (since === head || since.startsWith(`${head}\n`));
  cameBack.set(id, follows ? `${head}\n${returned}` : returned);
  return follows
    ? `${head}\n${joinWords(returned, since.slice(head.length + 1), kept)}`
    : joinWords(returned, since, kept);
}

/** Whether a text has these words as whole lines, one after another. */
export function holdsLines(text: string, words: string): boolean {
  return `\n${text}\n`.includes(`\n${words}\n`);
}

/** Whose account this page shows, if it shows any. */
export function accountOf({ state }: Door): Me['account'] | undefined {
  const session = state.session.peek();
  return session.kind === 'signed-in' ? session.me.account : undefined;
}

/** Whether words that were written under one account would now be given to another. */
export function isAnother(door: Door, writer: Me['account'] | undefined): boolean {
  const now = accountOf(door);
  return now !== undefined && writer !== undefined && now !== writer;
}

/** The draft that core shows. */
export function draftOf({ state }: Door, id: ConversationId): string {
  return state.conversations.peek().find((one) => one.id === id)?.draft ?? '';
}

/** Gives words of a conversation back. `kept`: the draft that core had of them when they left. */
export async function giveBack(door: Door, id: ConversationId, words: string, kept?: string): Promise<void> {
  const take = fields.get(id);
  if (take !== undefined) return take(words, kept);
  const since = underWay.get(id) ?? draftOf(door, id);
  await keepDraft(door, id, putBack(id, words, since, kept));
}

/** What a field begins with, where core shows this draft. */
export function firstWords(id: ConversationId, draft: string): string {
  const words = underWay.get(id) ?? draft;
  return leaving.get(id)?.includes(words) === true ? '' : words;
}

/** Sends a text that core has as this draft. Resolves or rejects with `send`. */
export async function sendDraft(id: ConversationId, draft: string, send: () => Promise<void>): Promise<void> {
  cameBack.delete(id);
  leaving.set(id, [...(leaving.get(id) ?? []), draft]);
  try {
    await send();
  } finally {
    const before = leaving.get(id) ?? [];
    const left = before.toSpliced(before.indexOf(draft), 1);
    if (left.length === 0) leaving.delete(id);
    else leaving.set(id, left);
  }
}

/** Stores a draft; where nothing goes on, its words are noted instead. Never rejects. */
export async function keepDraft(door: Door, id: ConversationId, words: string): Promise<void> {
  underWay.set(id, words);
  const noteStill = (kinds: readonly SessionState['kind'][]): void => {
    if (kinds.includes(door.state.session.peek().kind)) noteUnkept({ of: id, words });
  };
  // Answered only once this version has the account again, which may be never.
  noteStill(['other-version']);
  try {
    await door.commands.setDraft(id, words);
  } catch {
    noteStill(STILL);
  } finally {
    if (underWay.get(id) === words) underWay.delete(id);
  }
}

/** Notes words that nothing else holds, where they are shown from now on; anywhere else they are let go. */
export function noteStranded({ state }: Pick<Door, 'state'>, all: readonly Unkept[]): void {
  if (STILL.includes(state.session.peek().kind)) all.forEach(noteUnkept);
}

/** Notes words for the screen that is all there is left. */
export function noteUnkept({ of, words }: Unkept): void {
  if (words.trim() === '') return;
  const own = unkept.peek().filter((one) => one.of === of);
  if (own.some((one) => one.words.startsWith(words))) return;
  const outdated = own.filter((one) => words.startsWith(one.words));
  unkept.value = [...unkept.peek().filter((one) => !outdated.includes(one)), { of, words }];
}

/** Another tab has the account now, and its storage works: what was noted goes back to where it was written. */
export function giveUnkeptBack(door: Door): void {
  for (const { of, words } of takeUnkept()) inBackground(giveBack(door, of, words));
}

/** Forgets what was noted, and gives it. */
export function takeUnkept(): readonly Unkept[] {
  const noted = unkept.peek();
  unkept.value = [];
  return noted;
}
