/**
 * What the field of a conversation is about, besides a new text: a message that is replied to, or one that is edited, with the words of
 * the edit. What is begun while another is open puts that one aside; it comes back, with its words, when the first has ended. Kept as long
 * as the window lives and somebody is signed in, the words of edits also behind the app lock. And the menu that is open on a message.
 */
import { signal } from '@preact/signals';
import type { ConversationId, Line, Me, MessageRef } from '../../core/door.ts';
import type { MessageLine } from './rows.ts';

/** Edits and deletions for everyone are taken this long after a message was sent. */
const CHANGE_WITHIN_MS = 24 * 60 * 60_000;

/** A message that the field replies to or edits. */
export type Composing =
  | { readonly kind: 'reply'; readonly message: MessageLine }
  | { readonly kind: 'edit'; readonly message: MessageLine; readonly text: string };

/** For each conversation what is open; the field is about the last, the others wait for it to end. */
const open = signal<ReadonlyMap<ConversationId, readonly Composing[]>>(new Map());

/** Counts what was begun, so that the field takes the focus each time. */
export const begun = signal(0);

function setOpen(id: ConversationId, list: readonly Composing[]): void {
  const next = new Map(open.peek());
  if (list.length === 0) next.delete(id);
  else next.set(id, list);
  open.value = next;
}

/** What is open in a conversation; the field is about the last. */
export function composingIn(id: ConversationId): readonly Composing[] {
  return open.value.get(id) ?? [];
}

function isSame(a: Composing, b: Composing): boolean {
  return a.kind === b.kind && a.message.id === b.message.id && a.message.mine === b.message.mine;
}

/**
 * Begins a reply or an edit. A reply takes the place of another reply, whose words are the draft's; an edit in which nothing was changed
 * just ends; one that has been put aside comes back as it was.
 */
export function compose(id: ConversationId, kind: Composing['kind'], message: MessageLine): void {
  const next: Composing = kind === 'reply' ? { kind, message } : { kind, message, text: message.text };
  const before = open.peek().get(id) ?? [];
  const kept = before.filter((one) => {
    if (isSame(one, next)) return false;
    return one.kind === 'reply' ? kind !== 'reply' : isChanged(one);
  });
  setOpen(id, [...kept, before.find((one) => isSame(one, next)) ?? next]);
  begun.value += 1;
}

function isChanged(one: Composing): boolean {
  return one.kind === 'edit' && one.text !== one.message.text;
}

/** Other words for the edit that the field is about. */
export function rewrite(id: ConversationId, change: (text: string) => string): void {
  const before = open.peek().get(id) ?? [];
  const last = before.at(-1);
  if (last?.kind !== 'edit') return;
  setOpen(id, [...before.slice(0, -1), { ...last, text: change(last.text) }]);
}

/** A reply or an edit has ended; what was put aside for it comes back. An edit that was written on since is still open. */
export function endComposing(id: ConversationId, ended: Composing): void {
  const before = open.peek().get(id) ?? [];
  const isOver = (one: Composing): boolean =>
    isSame(one, ended) && (one.kind === 'reply' || ended.kind === 'reply' || one.text === ended.text);
  setOpen(
    id,
    before.filter((one) => !isOver(one)),
  );
}

/** A reply that could not be sent is open again, behind what was begun meanwhile. */
export function reopenReply(id: ConversationId, reply: Composing): void {
  const before = open.peek().get(id) ?? [];
  if (before.every(({ kind }) => kind !== 'reply')) setOpen(id, [reply, ...before]);
}

/** Forgets all that is open or was put aside. Gives the words of edits that were under way. */
export function forgetComposing(): readonly { readonly of: ConversationId; readonly words: string }[] {
  const all = [...open.peek()].flatMap(([of, list]) => list.map((one) => ({ of, one })));
  open.value = new Map();
  aside = undefined;
  return all.flatMap(({ of, one }) =>
    one.kind === 'edit' && isChanged(one) ? [{ of, words: one.text }] : [],
  );
}

/** Edits that were under way when the app was locked, and whose they are. */
let aside:
  | { readonly of: Me['account']; readonly edits: ReadonlyMap<ConversationId, readonly Composing[]> }
  | undefined;

/** The app is locked: of all that is open only the words of edits are kept, which are nowhere else, and which messages they are for. */
export function setAside(of: Me['account']): void {
  const edits = new Map<ConversationId, readonly Composing[]>();
  for (const [id, list] of open.peek()) {
    const changed = list.filter(isChanged).map(withoutMessage);
    if (changed.length > 0) edits.set(id, changed);
  }
  forgetComposing();
  aside = { of, edits };
}

/** Somebody is at work: edits of his own that a lock interrupted are open again, those of anybody else are forgotten. */
export function takeUp(of: Me['account']): void {
  if (aside?.of === of) for (const [id, edits] of aside.edits) setOpen(id, [...edits, ...composingIn(id)]);
  aside = undefined;
}

function withoutMessage(one: Composing): Composing {
  const { kind, id, order, mine, sentAt, receivedAt, delivery } = one.message;
  return { ...one, message: { kind, id, order, mine, sentAt, receivedAt, delivery, text: '' } };
}

/** A stretch of lines, and whether there are more on either side. */
interface Stretch {
  readonly lines: readonly Line[];
  readonly hasEarlier: boolean;
  readonly hasLater: boolean;
}

/** The words of a message as they are now: none where it is not among the lines at hand, `undefined` where it was deleted or is gone. */
export function wordsNow(
  { order }: MessageLine,
  { lines, hasEarlier, hasLater }: Stretch,
): string | undefined {
  const line = lines.find((one) => one.order === order);
  if (line?.kind === 'message') return line.deletedAt === undefined ? line.text : undefined;
  const [first, last] = [lines[0]?.order ?? 0, lines.at(-1)?.order ?? 0];
  const isOutside = (hasEarlier && order < first) || (hasLater && order > last);
  return isOutside ? '' : undefined;
}

/** A menu on a message: at a point, or beside the element that opened it. */
export interface OpenMenu {
  readonly message: MessageLine;
  readonly x: number;
  readonly y: number;
}

export const openMenu = signal<OpenMenu | undefined>(undefined);

export function refOf({ id, mine }: MessageLine): MessageRef {
  return { id, mine };
}

/** Whether an own message can still be edited or taken back. */
export function canChange(message: MessageLine, now: number): boolean {
  return (
    message.mine &&
    message.deletedAt === undefined &&
    message.delivery.kind !== 'failed' &&
    now - message.sentAt < CHANGE_WITHIN_MS
  );
}

/** The first emoji offered for a reaction. */
export const QUICK_EMOJI = ['👍', '❤️', '😂', '😮', '😢', '🙏'] as const;

/** The own reaction to a message. */
export function ownReaction(message: MessageLine): string | undefined {
  return message.reactions?.find(({ mine }) => mine)?.emoji;
}
