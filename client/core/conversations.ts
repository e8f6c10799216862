/**
 * Conversations as this device keeps them: lines in order, unread counts, delivery states, drafts, who is typing. Every change is made
 * in a transaction of the caller and shown after it. What people are called and how they are trusted comes from the account record.
 */
import type { Timer } from '@tacet/protocol/content/timer';
import type { AccountId, DeviceId, MessageId } from '@tacet/protocol/ids';
import type { SealedDb, WriteTx } from './db/sealed.ts';
import {
  K,
  T,
  type ChangedKey,
  type HeardFrom,
  type MessagePlace,
  type StoredConversation,
  type StoredLine,
} from './db/stores.ts';
import { PAGE_LINES, type LineChange } from './line-window.ts';
import type { Clock, DbKey } from './ports.ts';
import { SearchIndex } from './search/search-index.ts';
import type { Delivery, Line, QuoteView } from './view.ts';

/** Somebody counts as typing for this long after the last word of it. */
const TYPING_MS = 6_000;
/** Who listens to conversations. */
export interface ConversationWatcher {
  /** A conversation's own state has changed. */
  touched(account: AccountId): void;
  lineChanged(account: AccountId, change: LineChange): void;
}

/** An event that a line tells. */
export type EventKind = Extract<Line, { readonly kind: 'event' }>['event'];

/** A message to be shown. */
export interface NewMessage {
  readonly id: MessageId;
  readonly author: AccountId;
  readonly mine: boolean;
  readonly text: string;
  readonly sentAt: number;
  readonly receivedAt: number;
  readonly delivery: Delivery;
  readonly late?: boolean;
  readonly reply?: QuoteView;
  /** Seconds that it stays. */
  readonly timer?: number;
}

type MessageLine = Extract<Line, { readonly kind: 'message' }>;

const RANK = { failed: 0, held: 0, sending: 1, sent: 2, delivered: 3, read: 4 } as const;

/** Tables that every change of lines needs. */
export const LINE_TABLES = [T.conversations, T.lines, T.messages, T.expiring, T.search] as const;

/** All conversations of this device. */
export class Conversations {
  readonly #db: SealedDb;
  readonly #clock: Clock;
  readonly #watcher: ConversationWatcher;
  readonly #all = new Map<AccountId, StoredConversation>();
  /** Where the words of all lines are found. */
  readonly index: SearchIndex;
  readonly #typing = new Map<AccountId, () => void>();
  /** Told that a message's time runs, and until when. */
  onExpiring: ((at: number) => void) | undefined;

  private constructor(db: SealedDb, clock: Clock, watcher: ConversationWatcher) {
    this.#db = db;
    this.#clock = clock;
    this.#watcher = watcher;
    this.index = new SearchIndex(db);
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
    const { id, mine, text, sentAt, receivedAt, delivery, late, reply, timer } = message;
    tx.put(T.messages, key, { account, order, mine });
    const line: MessageLine = {
      kind: 'message',
      id,
      order,
      mine,
      text,
      sentAt,
      receivedAt,
      delivery,
      ...(late === true ? { late } : {}),
      ...(reply === undefined ? {} : { reply }),
      ...(timer === undefined ? {} : { timer }),
    };
    const isOut = mine && RANK[delivery.kind] >= RANK.sent;
    this.#putLine(tx, account, { line: isOut ? this.#begin(tx, account, line) : line });
    this.#put(tx, {
      ...conversation,
      nextOrder: order + 1,
      // Nothing that was not seen lies before an own message that follows what was seen.
      readTo: mine && conversation.readTo === order - 1 ? order : conversation.readTo,
      unread: conversation.unread + (mine ? 0 : 1),
      activityAt: receivedAt,
      last: { order, text, at: sentAt, mine, delivery },
    });
    if (!mine) tx.after(() => this.stopTyping(account));
    return true;
  }

  /** Adds an event line and gives its order. */
  addEvent(tx: WriteTx, account: AccountId, event: EventKind, gap?: StoredLine['gap']): number {
    const conversation = this.ensure(tx, account);
    const order = conversation.nextOrder;
    const line: Line = { kind: 'event', order, at: this.#clock.now(), event };
    this.#putLine(tx, account, gap === undefined ? { line } : { line, gap });
    this.#put(tx, { ...conversation, nextOrder: order + 1 });
    return order;
  }

  /** Changes a gap line to how much is still missing; a gap that has closed goes. */
  async changeGap(tx: WriteTx, account: AccountId, order: number, missing: number): Promise<void> {
    const key = K.line(this.#db, account, order);
    const stored = await tx.get(T.lines, key);
    if (stored?.gap === undefined || stored.line.kind !== 'event') return;
    if (missing === 0) {
      tx.delete(T.lines, key);
      tx.after(() => this.#watcher.lineChanged(account, { kind: 'removed', order }));
      return;
    }
    this.#putLine(tx, account, { ...stored, line: { ...stored.line, event: { what: 'gap', missing } } });
  }

  /** Where a message stands. */
  async placeOf(tx: WriteTx, author: AccountId, id: MessageId): Promise<MessagePlace | undefined> {
    return tx.get(T.messages, K.message(this.#db, author, id));
  }

  /** Raises the delivery of an own message, never lowers it; `force` for a failure and a new try. */
  async setDelivery(
    tx: WriteTx,
    me: AccountId,
    id: MessageId,
    delivery: Delivery,
    options: { readonly force?: boolean; readonly to?: AccountId; readonly from?: DeviceId } = {},
  ): Promise<void> {
    const place = await this.placeOf(tx, me, id);
    if (place === undefined || !place.mine) return;
    if (options.to !== undefined && options.to !== place.account) return;
    const stored = await tx.get(T.lines, K.line(this.#db, place.account, place.order));
    if (stored?.line.kind !== 'message') return;
    const { line } = stored;
    const heard =
      options.from === undefined ? stored.heard : hear(stored.heard ?? [], options.from, delivery);
    if (options.force !== true && RANK[delivery.kind] <= RANK[line.delivery.kind]) {
      if (heard === stored.heard || heard === undefined) return;
      tx.put(T.lines, K.line(this.#db, place.account, place.order), { ...stored, heard });
      return;
    }
    const told = { ...line, delivery };
    const isOut = RANK[delivery.kind] >= RANK.sent;
    const changed = isOut ? this.#begin(tx, place.account, told) : told;
    const kept = heard === undefined ? {} : { heard };
    this.#putLine(tx, place.account, { ...stored, ...kept, line: changed }, true);
    const conversation = this.#all.get(place.account);
    if (conversation?.last?.order === place.order) {
      this.#put(tx, { ...conversation, last: { ...conversation.last, delivery } });
    }
  }

  /** A line with what is kept beside it. */
  storedIn(tx: WriteTx, account: AccountId, order: number): Promise<StoredLine | undefined> {
    return tx.get(T.lines, K.line(this.#db, account, order));
  }

  /** Puts a line in the place of the one of its order; the summary follows. */
  putStored(tx: WriteTx, account: AccountId, stored: StoredLine): void {
    this.#putLine(tx, account, stored);
    const { line } = stored;
    const conversation = this.#all.get(account);
    if (line.kind === 'message' && conversation?.last?.order === line.order) {
      this.#put(tx, { ...conversation, last: lastOf(line) });
    }
  }

  /** Takes a message's line away; summary and count follow. Its place stays known. */
  async dropLine(tx: WriteTx, account: AccountId, line: MessageLine): Promise<void> {
    const { order } = line;
    tx.delete(T.lines, K.line(this.#db, account, order));
    this.index.remove(tx, account, order);
    if (line.expiresAt !== undefined) {
      tx.delete(T.expiring, K.expiring(this.#db, line.expiresAt, account, order));
    }
    tx.after(() => this.#watcher.lineChanged(account, { kind: 'removed', order }));
    const conversation = this.#all.get(account);
    if (conversation === undefined) return;
    const wasUnread = !line.mine && order > conversation.readTo;
    const { last: _last, ...rest } = conversation;
    const last =
      conversation.last?.order === order ? await this.#newest(tx, account, order) : conversation.last;
    this.#put(tx, {
      ...rest,
      ...(last === undefined ? {} : { last }),
      unread: Math.max(0, conversation.unread - (wasUnread ? 1 : 0)),
    });
  }

  /** Gives a message whose time runs its whole time again: the clock was set back. */
  async beginAgain(tx: WriteTx, account: AccountId, order: number): Promise<void> {
    const stored = await this.storedIn(tx, account, order);
    if (stored?.line.kind !== 'message' || stored.line.expiresAt === undefined) return;
    const { expiresAt, ...line } = stored.line;
    tx.delete(T.expiring, K.expiring(this.#db, expiresAt, account, order));
    this.#putLine(tx, account, { ...stored, line: this.#begin(tx, account, line) }, true);
  }

  /** At most so many lines from an order on, ascending. */
  async linesFrom(
    tx: WriteTx,
    account: AccountId,
    order: number,
    limit: number,
  ): Promise<readonly StoredLine[]> {
    const to = K.line(this.#db, account, Number.MAX_SAFE_INTEGER);
    const rows = await tx.range(T.lines, { from: K.line(this.#db, account, order), to, limit });
    return rows.map(({ value }) => value);
  }

  /** Takes an event's line away. */
  dropEvent(tx: WriteTx, account: AccountId, order: number): void {
    tx.delete(T.lines, K.line(this.#db, account, order));
    tx.after(() => this.#watcher.lineChanged(account, { kind: 'removed', order }));
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
    const place = await this.placeOf(tx, me, id);
    const stored = place === undefined ? undefined : await this.storedIn(tx, place.account, place.order);
    if (place === undefined || stored?.line.kind !== 'message') return;
    const { change: _before, ...line } = stored.line;
    this.#putLine(
      tx,
      place.account,
      { ...stored, line: change === undefined ? line : { ...line, change } },
      true,
    );
  }

  /** One line. */
  async lineIn(tx: WriteTx, account: AccountId, order: number): Promise<Line | undefined> {
    return (await tx.get(T.lines, K.line(this.#db, account, order)))?.line;
  }

  /** Lines here and there, in the order asked for. */
  async linesAt(
    places: readonly { readonly account: AccountId; readonly order: number }[],
  ): Promise<readonly (Line | undefined)[]> {
    const rows = await this.#db.read([T.lines], (tx) =>
      Promise.all(places.map(({ account, order }) => tx.get(T.lines, K.line(this.#db, account, order)))),
    );
    return rows.map((row) => row?.line);
  }

  /** A line with what is kept beside it. */
  stored(account: AccountId, order: number): Promise<StoredLine | undefined> {
    return this.#db.read([T.lines], (tx) => tx.get(T.lines, K.line(this.#db, account, order)));
  }

  /** A page of lines with orders below `before`, ascending. */
  async page(account: AccountId, before: number): Promise<readonly Line[]> {
    if (before <= 1) return [];
    const start = Math.max(1, before - PAGE_LINES);
    return this.#db.read([T.lines], async (tx) => {
      // Orders are nearly dense, and reading upwards is one step; only where lines have gone the way down is needed.
      const near = await tx.range(T.lines, this.#orders(account, start, before - 1));
      if (near.length >= PAGE_LINES || start === 1) return near.map(({ value }) => value.line);
      const rows = await tx.range(T.lines, {
        ...this.#orders(account, 0, before - 1),
        limit: PAGE_LINES,
        descending: true,
      });
      return rows.map(({ value }) => value.line).reverse();
    });
  }

  /** A page of lines with orders from `from` on, ascending. */
  async pageFrom(account: AccountId, from: number): Promise<readonly Line[]> {
    const rows = await this.#db.read([T.lines], (tx) =>
      tx.range(T.lines, { ...this.#orders(account, from, Number.MAX_SAFE_INTEGER), limit: PAGE_LINES }),
    );
    return rows.map(({ value }) => value.line);
  }

  /**
   * Order of the first line that came at `at` or later; one past the newest if none did. Lines stand in the order of their coming, so
   * it is found by halving: a few reads however long the history is.
   */
  async orderAt(account: AccountId, at: number): Promise<number> {
    const end = this.#all.get(account)?.nextOrder ?? 1;
    return this.#db.read([T.lines], async (tx) => {
      let [low, high] = [1, end];
      while (low < high) {
        const middle = Math.floor((low + high) / 2);
        const [row] = await tx.range(T.lines, { ...this.#orders(account, middle, high - 1), limit: 1 });
        if (row === undefined || arrivedAt(row.value.line) >= at) high = middle;
        else low = row.value.line.order + 1;
      }
      return low;
    });
  }

  /** Whether everything up to `order` counts as seen already. */
  isRead(account: AccountId, order: number): boolean {
    const conversation = this.#all.get(account);
    return conversation !== undefined && Math.min(order, conversation.nextOrder - 1) <= conversation.readTo;
  }

  /** Everything up to `order` has been seen; gives the others' messages that had not been. */
  async markRead(
    tx: WriteTx,
    account: AccountId,
    order: number,
  ): Promise<readonly { readonly id: MessageId; readonly order: number }[]> {
    const conversation = this.#all.get(account);
    if (conversation === undefined) return [];
    const readTo = Math.min(order, conversation.nextOrder - 1);
    if (readTo <= conversation.readTo) return [];
    const rows = await tx.range(T.lines, {
      from: K.line(this.#db, account, conversation.readTo + 1),
      to: K.line(this.#db, account, readTo),
    });
    const seen: { id: MessageId; order: number }[] = [];
    for (const { value } of rows) {
      const { line } = value;
      if (line.kind !== 'message' || line.mine) continue;
      seen.push({ id: line.id, order: line.order });
      const begun = this.#begin(tx, account, line);
      if (begun !== line) this.#putLine(tx, account, { ...value, line: begun }, true);
    }
    this.#put(tx, {
      ...conversation,
      readTo,
      unread: Math.max(0, conversation.unread - seen.length),
    });
    return seen;
  }

  setDraft(tx: WriteTx, account: AccountId, draft: string): void {
    const conversation = this.ensure(tx, account);
    if (conversation.draft !== draft) this.#put(tx, { ...conversation, draft });
  }

  isTyping(account: AccountId): boolean {
    return this.#typing.has(account);
  }

  /** The other person types, until told otherwise or for six seconds. */
  startTyping(account: AccountId): void {
    this.#typing.get(account)?.();
    const isNew = !this.#typing.has(account);
    this.#typing.set(
      account,
      this.#clock.after(TYPING_MS, () => this.stopTyping(account)),
    );
    if (isNew) this.#watcher.touched(account);
  }

  stopTyping(account: AccountId): void {
    const cancel = this.#typing.get(account);
    if (cancel === undefined) return;
    cancel();
    this.#typing.delete(account);
    this.#watcher.touched(account);
  }

  stop(): void {
    for (const cancel of this.#typing.values()) cancel();
    this.#typing.clear();
  }

  #orders(account: AccountId, from: number, to: number): { readonly from: DbKey; readonly to: DbKey } {
    return { from: K.line(this.#db, account, from), to: K.line(this.#db, account, to) };
  }

  /** A message with its time running from now, if it has one and it does not run yet. */
  #begin(tx: WriteTx, account: AccountId, line: MessageLine): MessageLine {
    const { timer, order } = line;
    if (timer === undefined || line.expiresAt !== undefined) return line;
    const expiresAt = this.#clock.now() + timer * 1_000;
    tx.put(T.expiring, K.expiring(this.#db, expiresAt, account, order), { account, order, seconds: timer });
    tx.after(() => this.onExpiring?.(expiresAt));
    return { ...line, expiresAt };
  }

  /** The newest message below an order, for the summary. */
  async #newest(
    tx: WriteTx,
    account: AccountId,
    below: number,
  ): Promise<StoredConversation['last'] | undefined> {
    const rows = await tx.range(T.lines, {
      from: K.line(this.#db, account, 0),
      to: K.line(this.#db, account, below - 1),
      limit: PAGE_LINES,
      descending: true,
    });
    const found = rows.find(({ value }) => value.line.kind === 'message')?.value.line;
    return found?.kind === 'message' ? lastOf(found) : undefined;
  }

  #put(tx: WriteTx, conversation: StoredConversation): void {
    this.#all.set(conversation.account, conversation);
    tx.put(T.conversations, K.account(this.#db, conversation.account), conversation);
    tx.after(() => this.#watcher.touched(conversation.account));
  }

  /** `isSameText`: nothing that could be found has changed. */
  #putLine(tx: WriteTx, account: AccountId, stored: StoredLine, isSameText = false): void {
    if (!isSameText) this.index.put(tx, account, stored.line);
    tx.put(T.lines, K.line(this.#db, account, stored.line.order), stored);
    tx.after(() => this.#watcher.lineChanged(account, { kind: 'put', line: stored.line }));
  }
}

/** When a line came to stand where it stands. */
function arrivedAt(line: Line): number {
  return line.kind === 'event' ? line.at : line.receivedAt;
}

/** What the summary shows of a message. */
function lastOf({
  order,
  text,
  sentAt,
  mine,
  delivery,
  deletedAt,
}: MessageLine): NonNullable<StoredConversation['last']> {
  return { order, text, at: sentAt, mine, delivery, ...(deletedAt === undefined ? {} : { deleted: true }) };
}

/** Adds what a device tells of a message; what it told first stays. The same list where nothing is new. */
function hear(
  before: readonly HeardFrom[],
  device: DeviceId,
  delivery: Delivery,
): readonly HeardFrom[] | undefined {
  const held = before.find((one) => one.device === device) ?? { device };
  const at = delivery.kind === 'delivered' || delivery.kind === 'read' ? delivery.at : undefined;
  const name = delivery.kind === 'read' ? 'readAt' : 'deliveredAt';
  if (at === undefined || held[name] !== undefined) return before.length === 0 ? undefined : before;
  return [...before.filter((one) => one.device !== device), { ...held, [name]: at }];
}
