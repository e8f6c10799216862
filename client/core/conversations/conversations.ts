/**
 * Conversations as this device keeps them: lines in order, unread counts, delivery states, drafts, who is typing. Every change is made
 * in a transaction of the caller and shown after it. What people are called and how they are trusted comes from the account record.
 */
import type { Timer } from '@tacet/protocol/content/timer';
import type { AccountId, CallId, DeviceId, MessageId } from '@tacet/protocol/ids';
import type { SealedDb, WriteTx } from '../db/sealed.ts';
import { K, T } from '../db/stores.ts';
import type { ChangedKey, StoredConversation } from '../db/stored-people.ts';
import type { StoredLine } from '../db/stored-messages.ts';
import type { LineChange } from '../shown/line-window.ts';
import type { Clock } from '../ports.ts';
import { SearchIndex } from '../search/search-index.ts';
import type { Delivery, Line } from '../view.ts';
import { Lines } from './lines.ts';
import {
  hear,
  isFurther,
  isOut,
  lastOf,
  messageLine,
  type MessageLine,
  type NewMessage,
} from './message-line.ts';
import { Typing } from './typing.ts';

/** Who listens to conversations. */
export interface ConversationWatcher {
  /** A conversation's own state has changed. */
  touched(account: AccountId): void;
  lineChanged(account: AccountId, change: LineChange): void;
}

/** An event that a line tells. */
type EventKind = Extract<Line, { readonly kind: 'event' }>['event'];

/** All conversations of this device. */
export class Conversations {
  readonly #db: SealedDb;
  readonly #clock: Clock;
  readonly #watcher: ConversationWatcher;
  readonly #all = new Map<AccountId, StoredConversation>();
  /** Where the words of all lines are found. */
  readonly index: SearchIndex;
  readonly lines: Lines;
  readonly typing: Typing;

  private constructor(db: SealedDb, clock: Clock, watcher: ConversationWatcher) {
    this.#db = db;
    this.#clock = clock;
    this.#watcher = watcher;
    this.index = new SearchIndex(db);
    this.lines = new Lines(db, clock, this.index, (account, change) => watcher.lineChanged(account, change));
    this.typing = new Typing(clock, (account) => watcher.touched(account));
  }

  /** Reads what is stored. */
  static async load(db: SealedDb, clock: Clock, watcher: ConversationWatcher): Promise<Conversations> {
    const conversations = new Conversations(db, clock, watcher);
    const rows = await db.read([T.conversations], (tx) => tx.range(T.conversations, {}));
    for (const { value } of rows) conversations.#all.set(value.account, value);
    if (rows.length === 0) await db.write([T.searchState], (tx) => conversations.index.begin(tx));
    return conversations;
  }

  get(account: AccountId): StoredConversation | undefined {
    return this.#all.get(account);
  }

  all(): readonly StoredConversation[] {
    return [...this.#all.values()];
  }

  /** Makes sure that a conversation is there. */
  ensure(tx: WriteTx, account: AccountId): StoredConversation {
    const held = this.#all.get(account);
    if (held !== undefined) return held;
    const made: StoredConversation = {
      account,
      nextOrder: 1,
      unread: 0,
      readTo: 0,
      draft: '',
      activityAt: this.#clock.now(),
    };
    this.#put(tx, made);
    return made;
  }

  /** Adds a message unless its author has one of this id already; says whether it is new. */
  async addMessage(tx: WriteTx, account: AccountId, message: NewMessage): Promise<boolean> {
    const key = K.message(this.#db, message.author, message.id);
    if ((await tx.get(T.messages, key)) !== undefined) return false;
    const conversation = this.ensure(tx, account);
    const order = conversation.nextOrder;
    const { mine, text, sentAt, receivedAt, delivery, marks } = message;
    tx.put(T.messages, key, { account, order, mine });
    const line = messageLine(message, order);
    this.lines.put(tx, account, {
      line: mine && isOut(delivery) ? this.lines.begin(tx, account, line) : line,
      ...(marks === undefined ? {} : { marks }),
    });
    this.#put(tx, {
      ...conversation,
      nextOrder: order + 1,
      // Nothing that was not seen lies before an own message that follows what was seen.
      readTo: mine && conversation.readTo === order - 1 ? order : conversation.readTo,
      unread: conversation.unread + (mine ? 0 : 1),
      activityAt: receivedAt,
      last: { order, text, at: sentAt, mine, delivery },
    });
    if (!mine) tx.after(() => this.typing.stop(account));
    return true;
  }

  /** Adds an event line and gives its order. */
  addEvent(
    tx: WriteTx,
    account: AccountId,
    event: EventKind,
    gap?: StoredLine['gap'],
    call?: CallId,
  ): number {
    const conversation = this.ensure(tx, account);
    const order = conversation.nextOrder;
    const line: Line = { kind: 'event', order, at: this.#clock.now(), event };
    this.lines.put(tx, account, {
      line,
      ...(gap === undefined ? {} : { gap }),
      ...(call === undefined ? {} : { call }),
    });
    this.#put(tx, { ...conversation, nextOrder: order + 1 });
    return order;
  }

  /** Adds the line of a call. One that was missed counts as unread. */
  addCall(
    tx: WriteTx,
    account: AccountId,
    event: Extract<EventKind, { readonly what: 'call' }>,
    call: CallId,
  ): void {
    const isMissed = event.outcome === 'missed';
    const order = this.addEvent(tx, account, event, undefined, isMissed ? call : undefined);
    if (isMissed) tx.put(T.messages, K.call(this.#db, account, call), { account, order, mine: false });
    const conversation = this.ensure(tx, account);
    this.#put(tx, {
      ...conversation,
      unread: conversation.unread + (isMissed ? 1 : 0),
      ...(isMissed ? { missedCall: order } : {}),
      activityAt: this.#clock.now(),
    });
  }

  /** Whether the newest of what is unread is a call that nobody here took. */
  endsInMissedCall(account: AccountId): boolean {
    const { missedCall = 0, readTo = 0, last } = this.#all.get(account) ?? {};
    return missedCall > Math.max(readTo, last?.order ?? 0);
  }

  /** Changes a gap line to how much is still missing; a gap that has closed goes. */
  async changeGap(tx: WriteTx, account: AccountId, order: number, missing: number): Promise<void> {
    const stored = await this.lines.storedIn(tx, account, order);
    if (stored?.gap === undefined || stored.line.kind !== 'event') return;
    if (missing === 0) {
      this.lines.removeEvent(tx, account, order);
      return;
    }
    this.lines.put(tx, account, { ...stored, line: { ...stored.line, event: { what: 'gap', missing } } });
  }

  /** Raises the delivery of an own message, never lowers it; `force` for a failure and a new try. */
  async setDelivery(
    tx: WriteTx,
    me: AccountId,
    id: MessageId,
    delivery: Delivery,
    options: { readonly force?: boolean; readonly to?: AccountId; readonly from?: DeviceId } = {},
  ): Promise<void> {
    const place = await this.lines.placeOf(tx, me, id);
    if (place === undefined || !place.mine) return;
    if (options.to !== undefined && options.to !== place.account) return;
    const stored = await this.lines.storedIn(tx, place.account, place.order);
    if (stored?.line.kind !== 'message') return;
    const { line } = stored;
    const heard =
      options.from === undefined ? stored.heard : hear(stored.heard ?? [], options.from, delivery);
    if (options.force !== true && !isFurther(delivery, line.delivery)) {
      if (heard === stored.heard || heard === undefined) return;
      this.lines.putBeside(tx, place.account, { ...stored, heard });
      return;
    }
    const told = { ...line, delivery };
    const changed = isOut(delivery) ? this.lines.begin(tx, place.account, told) : told;
    const kept = heard === undefined ? {} : { heard };
    this.lines.put(tx, place.account, { ...stored, ...kept, line: changed }, true);
    const conversation = this.#all.get(place.account);
    if (conversation?.last?.order === place.order) {
      this.#put(tx, { ...conversation, last: { ...conversation.last, delivery } });
    }
  }

  /** Puts a line in the place of the one of its order; the summary follows. */
  putStored(tx: WriteTx, account: AccountId, stored: StoredLine): void {
    this.lines.put(tx, account, stored);
    const { line } = stored;
    const conversation = this.#all.get(account);
    if (line.kind === 'message' && conversation?.last?.order === line.order) {
      this.#put(tx, { ...conversation, last: lastOf(line) });
    }
  }

  /** Takes a message's line away; summary and count follow. Its place stays known. */
  async dropLine(tx: WriteTx, account: AccountId, line: MessageLine): Promise<void> {
    const { order } = line;
    this.lines.removeMessage(tx, account, line);
    const conversation = this.#all.get(account);
    if (conversation === undefined) return;
    const wasUnread = !line.mine && order > conversation.readTo;
    const { last: _last, ...rest } = conversation;
    const last =
      conversation.last?.order === order
        ? await this.lines.newestBelow(tx, account, order)
        : conversation.last;
    this.#put(tx, {
      ...rest,
      ...(last === undefined ? {} : { last }),
      unread: Math.max(0, conversation.unread - (wasUnread ? 1 : 0)),
    });
  }

  setTimer(tx: WriteTx, account: AccountId, timer: Timer): void {
    this.#put(tx, { ...this.ensure(tx, account), timer });
  }

  /** Notes or forgets a changed key that waits for the person's decision. */
  setChangedKey(tx: WriteTx, account: AccountId, changed: ChangedKey | undefined): void {
    const { changedKey: _before, ...rest } = this.ensure(tx, account);
    this.#put(tx, changed === undefined ? rest : { ...rest, changedKey: changed });
  }

  /** Has a conversation shown again: something about it has changed that is kept elsewhere. */
  touch(account: AccountId): void {
    this.#watcher.touched(account);
  }

  /** Shows how far an own edit or deletion has come. */
  async setChange(tx: WriteTx, me: AccountId, id: MessageId, change: MessageLine['change']): Promise<void> {
    const place = await this.lines.placeOf(tx, me, id);
    const stored =
      place === undefined ? undefined : await this.lines.storedIn(tx, place.account, place.order);
    if (place === undefined || stored?.line.kind !== 'message') return;
    const { change: _before, ...line } = stored.line;
    this.lines.put(
      tx,
      place.account,
      { ...stored, line: change === undefined ? line : { ...line, change } },
      true,
    );
  }

  /** Whether everything up to `order` counts as seen already. */
  isRead(account: AccountId, order: number): boolean {
    const conversation = this.#all.get(account);
    return conversation !== undefined && Math.min(order, conversation.nextOrder - 1) <= conversation.readTo;
  }

  /** Everything up to `order` has been seen; gives the others' messages, and the calls that were missed, that had not been. */
  async markRead(
    tx: WriteTx,
    account: AccountId,
    order: number,
  ): Promise<{ readonly messages: readonly MessageId[]; readonly calls: readonly CallId[] }> {
    const seen: { readonly messages: MessageId[]; readonly calls: CallId[] } = { messages: [], calls: [] };
    const conversation = this.#all.get(account);
    if (conversation === undefined) return seen;
    const readTo = Math.min(order, conversation.nextOrder - 1);
    if (readTo <= conversation.readTo) return seen;
    const rows = await this.lines.linesBetween(tx, account, conversation.readTo + 1, readTo);
    let missedCalls = 0;
    for (const stored of rows) {
      const { line, call } = stored;
      if (isMissedCall(line)) missedCalls += 1;
      if (call !== undefined) seen.calls.push(call);
      if (line.kind !== 'message' || line.mine) continue;
      seen.messages.push(line.id);
      const begun = this.lines.begin(tx, account, line);
      if (begun !== line) this.lines.put(tx, account, { ...stored, line: begun }, true);
    }
    this.#put(tx, {
      ...conversation,
      readTo,
      unread: Math.max(0, conversation.unread - seen.messages.length - missedCalls),
    });
    return seen;
  }

  setDraft(tx: WriteTx, account: AccountId, draft: string): void {
    const conversation = this.ensure(tx, account);
    if (conversation.draft !== draft) this.#put(tx, { ...conversation, draft });
  }

  stop(): void {
    this.typing.close();
  }

  #put(tx: WriteTx, conversation: StoredConversation): void {
    this.#all.set(conversation.account, conversation);
    tx.put(T.conversations, K.account(this.#db, conversation.account), conversation);
    tx.after(() => this.#watcher.touched(conversation.account));
  }
}

/** Whether a line tells of a call that nobody here took. */
function isMissedCall(line: Line): boolean {
  return line.kind === 'event' && line.event.what === 'call' && line.event.outcome === 'missed';
}
