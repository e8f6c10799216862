/**
 * Messages and what later contents make of them, in the caller's transaction. A content acts only on a message of the conversation that
 * it came in, and edits and deletions only on messages of whoever sent them: the message is looked up by its author. A deletion, a
 * passed time and "delete for me" erase the words everywhere on this device: line, summary, quotes, copies kept for repairs, outbox.
 */
import type { Quote } from '@tacet/protocol/content/text';
import { QUOTE_MAX } from '@tacet/protocol/content/text';
import type { Timer } from '@tacet/protocol/content/timer';
import { idOf, type AccountId, type MessageId } from '@tacet/protocol/ids';
import type { Conversations } from '../conversations/conversations.ts';
import { LINE_TABLES } from '../conversations/lines.ts';
import type { NewMessage } from '../conversations/message-line.ts';
import type { SealedDb, WriteTx } from '../db/sealed.ts';
import { T } from '../db/stores.ts';
import type { StoredLine } from '../db/stored-messages.ts';
import type { OwnKeeper } from '../own.ts';
import type { Clock } from '../ports.ts';
import type { Line, MessageRef, QuoteView } from '../view.ts';
import { amend, isInTime, merge, type Amendment, type Amendments } from './amendments.ts';
import { eraseCopies } from './copies.ts';
import type { EarlyContents } from './early.ts';
import type { Outbox } from './outbox.ts';
import { laterTimer, lifetimeOf } from './timers.ts';
import type { ToldQuotes } from './told-quotes.ts';

/** Tables that a change of messages needs. */
export const AMEND_TABLES = [...LINE_TABLES, T.early, T.sent, T.outbox, T.outChains] as const;

/** Replies to one message that keep its words; further ones show none. */
const QUOTED_MOST = 1_000;

/** How a quote shows whose message is no more. */
export const GONE = { text: '', state: 'gone' } as const;

type MessageLine = Extract<Line, { readonly kind: 'message' }>;
type StoredMessage = StoredLine & { readonly line: MessageLine };

/** What became of a content about a message. */
export type Amended = 'done' | 'same' | 'early' | 'refused';

/** What a message says besides its text. */
export interface MessageExtras {
  readonly reply?: Quote | undefined;
  readonly timer?: Timer | undefined;
  /** Told by a device of this account. */
  readonly own: boolean;
}

export interface AmendingNeeds {
  readonly db: SealedDb;
  readonly clock: Clock;
  readonly own: OwnKeeper;
  readonly conversations: Conversations;
  readonly outbox: Outbox;
  readonly early: EarlyContents;
  readonly told: ToldQuotes;
}

/** The first words of a text, as a quote carries them. */
export function quoteText(text: string): string {
  const cut = text.slice(0, QUOTE_MAX);
  return /[\ud800-\udbff]$/.test(cut) ? cut.slice(0, -1) : cut;
}

/** Changes messages. */
export class Amending {
  readonly #n: AmendingNeeds;

  constructor(needs: AmendingNeeds) {
    this.#n = needs;
  }

  /** Adds a message with its quote and timer, and what was said about it before it came. Says whether it is new. */
  async addMessage(
    tx: WriteTx,
    account: AccountId,
    message: NewMessage,
    { reply, timer, own }: MessageExtras,
  ): Promise<boolean> {
    const { conversations, early, told } = this.#n;
    if ((await conversations.lines.placeOf(tx, message.author, message.id)) !== undefined) return false;
    if (timer !== undefined) this.hearTimer(tx, account, timer, own);
    const seconds = lifetimeOf(conversations.get(account)?.timer, timer);
    const quoted = reply === undefined ? undefined : await this.#quoted(tx, account, reply);
    await conversations.addMessage(tx, account, {
      ...message,
      ...(quoted === undefined ? {} : { reply: quoted.view }),
      ...(seconds === 0 ? {} : { timer: seconds }),
    });
    const order = (conversations.get(account)?.nextOrder ?? 1) - 1;
    if (quoted?.stored !== undefined) {
      const quotedBy = [...(quoted.stored.quotedBy ?? []), order];
      conversations.putStored(tx, account, { ...quoted.stored, quotedBy });
    }
    const quotedBy = await told.take(tx, account, message.author, message.id);
    const arrived = quotedBy.length === 0 ? undefined : await this.#stored(tx, account, order);
    if (arrived !== undefined) {
      conversations.putStored(tx, account, { ...arrived, quotedBy });
      const view = { order, text: quoteText(message.text), state: 'here' } as const;
      for (const reply of quotedBy) await this.#putQuote(tx, account, reply, view);
    }
    const waited = await early.take(tx, account, message.author, message.id);
    if (waited !== undefined) {
      const stored = await this.#stored(tx, account, order);
      if (stored !== undefined) await this.#change(tx, account, stored, merge({}, waited));
    }
    return true;
  }

  /**
   * Applies a content about a message of `author` in the conversation. `shown`: for own ones, what the line shows of its way.
   */
  async apply(
    tx: WriteTx,
    account: AccountId,
    author: AccountId,
    message: MessageId,
    next: Amendment,
    options: { readonly keepEarly: boolean; readonly shown?: MessageLine['change'] } = { keepEarly: true },
  ): Promise<Amended> {
    const { conversations, own, early } = this.#n;
    if (author !== account && author !== own.value.account) return 'refused';
    const place = await conversations.lines.placeOf(tx, author, message);
    if (place === undefined) {
      if (!options.keepEarly) return 'refused';
      await early.add(tx, account, author, message, next);
      if (next.kind === 'delete') await this.#unquoteTold(tx, account, author, message);
      return 'early';
    }
    if (place.account !== account) return 'refused';
    const stored = await this.#stored(tx, account, place.order);
    if (stored === undefined) return 'refused';
    if (next.kind !== 'reaction' && !isInTime(stored.line.sentAt, next.at)) return 'refused';
    const before = stored.amendments ?? {};
    const after = amend(before, next);
    if (after === before) return 'same';
    await this.#change(tx, account, stored, after, options.shown);
    return 'done';
  }

  /** Hears a timer; what changes is shown by a line. Gives whether it changed. */
  hearTimer(tx: WriteTx, account: AccountId, told: Timer, own: boolean): boolean {
    const { conversations } = this.#n;
    const held = conversations.ensure(tx, account).timer;
    const timer = laterTimer(held, told, own);
    if (timer === held || timer === undefined) return false;
    conversations.setTimer(tx, account, timer);
    if (timer.seconds !== (held?.seconds ?? 0)) {
      conversations.addEvent(tx, account, { what: 'timer', seconds: timer.seconds, mine: own });
    }
    return true;
  }

  /** The message that a reference names in a conversation. */
  async find(tx: WriteTx, account: AccountId, { id, mine }: MessageRef): Promise<StoredMessage | undefined> {
    const { conversations, own } = this.#n;
    const place = await conversations.lines.placeOf(tx, mine ? own.value.account : account, id);
    return place?.account === account ? this.#stored(tx, account, place.order) : undefined;
  }

  /** Forgets what waits for messages of a conversation. */
  async forgetEarly(tx: WriteTx, account: AccountId): Promise<void> {
    await this.#n.early.clear(tx, account);
    await this.#n.told.forget(tx, account);
  }

  /** Takes a message off this device, with every copy of its words. Its id stays known, so that it does not come back. */
  async remove(tx: WriteTx, account: AccountId, order: number): Promise<void> {
    const stored = await this.#stored(tx, account, order);
    if (stored === undefined) return;
    await this.#erase(tx, account, stored);
    await this.#n.conversations.dropLine(tx, account, stored.line);
  }

  async #stored(tx: WriteTx, account: AccountId, order: number): Promise<StoredMessage | undefined> {
    const stored = await this.#n.conversations.lines.storedIn(tx, account, order);
    return stored?.line.kind === 'message' ? { ...stored, line: stored.line } : undefined;
  }

  /** Stores what a message has become. */
  async #change(
    tx: WriteTx,
    account: AccountId,
    stored: StoredMessage,
    after: Amendments,
    shown?: MessageLine['change'],
  ): Promise<void> {
    const { conversations, own } = this.#n;
    const { sentAt } = stored.line;
    // What came early could not be judged before.
    const isLateEdit = after.edit !== undefined && !isInTime(sentAt, after.edit.at);
    const isLateDelete = after.deletedAt !== undefined && !isInTime(sentAt, after.deletedAt);
    if (isLateDelete) return;
    const { edit: _late, ...withoutEdit } = after;
    const amendments = isLateEdit ? withoutEdit : after;
    const line = amendLine(stored.line, amendments, own.value.account);
    const next: StoredMessage = {
      ...stored,
      line: shown === undefined ? line : { ...line, change: shown },
      amendments,
    };
    if (amendments.deletedAt !== undefined) {
      await this.#erase(tx, account, stored);
      const { quotedBy: _gone, ...kept } = next;
      conversations.putStored(tx, account, kept);
      return;
    }
    conversations.putStored(tx, account, next);
    if (line.text !== stored.line.text) await this.#requote(tx, account, stored, line.text);
  }

  /** Erases the words of a message beside its line, and what is noted about its quote. */
  async #erase(tx: WriteTx, account: AccountId, stored: StoredMessage): Promise<void> {
    const { db, clock, outbox, own, told } = this.#n;
    const { line } = stored;
    if (line.reply?.state === 'told') {
      const author = line.reply.mine ? own.value.account : account;
      await told.drop(tx, account, { author, message: line.reply.id }, line.order);
    }
    await this.#requote(tx, account, stored, undefined);
    if (!line.mine) return;
    await eraseCopies(tx, db, clock.now(), line.id);
    outbox.erase(tx, account, line.id);
  }

  /** Puts other words, or none, where replies quote a message. */
  async #requote(
    tx: WriteTx,
    account: AccountId,
    quoted: StoredMessage,
    text: string | undefined,
  ): Promise<void> {
    const { db, clock, outbox } = this.#n;
    for (const order of quoted.quotedBy ?? []) {
      const view = text === undefined ? GONE : { text: quoteText(text) };
      const reply = await this.#putQuote(tx, account, order, view);
      if (reply === undefined || text !== undefined || !reply.mine) continue;
      // What waits, or is kept to send the own reply again, holds the quoted words too.
      await eraseCopies(tx, db, clock.now(), reply.id);
      await outbox.unquote(tx, account, reply.id);
    }
  }

  /** Replies that quote a message which has not come lose its words. */
  async #unquoteTold(tx: WriteTx, account: AccountId, author: AccountId, message: MessageId): Promise<void> {
    for (const order of await this.#n.told.take(tx, account, author, message)) {
      await this.#putQuote(tx, account, order, GONE);
    }
  }

  /** Shows the quote of a reply otherwise. Gives the reply; nothing where none stands there. */
  async #putQuote(
    tx: WriteTx,
    account: AccountId,
    order: number,
    view: Partial<Omit<QuoteView, 'id' | 'mine'>>,
  ): Promise<MessageLine | undefined> {
    const stored = await this.#stored(tx, account, order);
    if (stored?.line.reply === undefined) return undefined;
    const { order: before, ...rest } = stored.line.reply;
    const place = view.state === 'gone' || before === undefined ? {} : { order: before };
    const line = { ...stored.line, reply: { ...rest, ...place, ...view } };
    this.#n.conversations.putStored(tx, account, { ...stored, line });
    return line;
  }

  /** How a quote is shown: with the words that this device has, never with others for the same message. */
  async #quoted(
    tx: WriteTx,
    account: AccountId,
    reply: Quote,
  ): Promise<{ readonly view: QuoteView; readonly stored?: StoredMessage } | undefined> {
    const { conversations, own, early, told } = this.#n;
    const author = idOf<AccountId>(reply.author);
    const id = idOf<MessageId>(reply.message);
    if (author !== account && author !== own.value.account) return undefined;
    const mine = author !== account;
    const gone: QuoteView = { id, mine, ...GONE };
    const place = await conversations.lines.placeOf(tx, author, id);
    if (place === undefined) {
      if (reply.text === '' || (await early.isDeleted(tx, account, author, id))) return { view: gone };
      const order = conversations.ensure(tx, account).nextOrder;
      const isKept = await told.note(tx, account, { author, message: id }, order);
      // Words that could not be taken back later are not kept; that the message is gone nobody has said.
      return { view: { id, mine, text: isKept ? reply.text : '', state: 'told' } };
    }
    if (place.account !== account) return { view: gone };
    const stored = await this.#stored(tx, account, place.order);
    const isFull = (stored?.quotedBy?.length ?? 0) >= QUOTED_MOST;
    if (stored === undefined || stored.line.deletedAt !== undefined || isFull) return { view: gone };
    const { order, text } = stored.line;
    return { view: { id, mine, order, text: quoteText(text), state: 'here' }, stored };
  }
}

/** A line as it is after what was said about it. */
export function amendLine(line: MessageLine, amendments: Amendments, me: AccountId): MessageLine {
  const { kind, id, order, mine, sentAt, receivedAt, timer, expiresAt } = line;
  // Nothing of a deleted message is on its way or waits any more.
  const hasLeft = line.delivery.kind === 'delivered' || line.delivery.kind === 'read';
  const delivery: MessageLine['delivery'] = hasLeft ? line.delivery : { kind: 'sent' };
  if (amendments.deletedAt !== undefined) {
    const { deletedAt } = amendments;
    return {
      kind,
      id,
      order,
      mine,
      text: '',
      sentAt,
      receivedAt,
      delivery,
      deletedAt,
      ...(timer === undefined ? {} : { timer }),
      ...(expiresAt === undefined ? {} : { expiresAt }),
    };
  }
  const { edit, reactions = [] } = amendments;
  const { reactions: _before, ...rest } = line;
  const shown = reactions.flatMap(({ by, emoji }) =>
    emoji === undefined ? [] : [{ emoji, mine: by === me }],
  );
  return {
    ...rest,
    ...(edit === undefined ? {} : { text: edit.text, editedAt: edit.at }),
    ...(shown.length === 0 ? {} : { reactions: shown }),
  };
}
