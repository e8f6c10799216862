/**
 * What a person does to messages that are there: editing, reacting, deleting, setting the timer. Each is one transaction that changes
 * this device and puts what the other side and the other own devices must hear into the outbox. Doing it twice is as doing it once.
 */
import type { Content } from '@tacet/protocol/content/index';
import { EDIT_REVISIONS_MAX } from '@tacet/protocol/content/edit';
import { isEmoji, REACTION_REVISIONS_MAX } from '@tacet/protocol/content/reaction';
import { RECEIPT_MAX } from '@tacet/protocol/content/receipt';
import { TIMER_MAX_SECONDS } from '@tacet/protocol/content/timer';
import { idBytes, idOf, type AccountId, type MessageId } from '@tacet/protocol/ids';
import { LIMITS } from '@tacet/protocol/limits';
import type { WriteTx } from './db/sealed.ts';
import { T } from './db/stores.ts';
import { CoreError } from './failure.ts';
import { AMEND_TABLES, type Amending } from './messages/amending.ts';
import { isInTime } from './messages/amendments.ts';
import { wasMadeReady } from './messages/copies.ts';
import { sendCopy, sendWithCopy, type CopyServices } from './messages/own-copies.ts';
import { hasOtherDevices, type Services } from './services.ts';
import type { MessageRef } from './view.ts';

/** Lines that are deleted in one transaction. */
const BATCH = 200;

type Found = NonNullable<Awaited<ReturnType<Amending['find']>>>;

/** What the acts work with. */
export type ActServices = CopyServices &
  Pick<Services, 'db' | 'clock' | 'random' | 'record' | 'conversations' | 'amending'>;

/** A person's acts on messages. */
export class MessageActs {
  readonly #s: ActServices;

  constructor(services: ActServices) {
    this.#s = services;
  }

  /** Gives an own message another text. Throws `CoreError` `text-too-long`, `too-late`, `message-unknown`, `conversation-unknown`. */
  async edit(account: AccountId, message: MessageId, text: string): Promise<void> {
    if (text.length === 0 || text.length > LIMITS.textMaxChars) {
      throw new CoreError('text-too-long', 'a text has 1 to 16,000 characters');
    }
    await this.#act(account, { id: message, mine: true }, async (tx, { line, amendments }) => {
      // Not silently: whoever wrote the new text keeps it then.
      if (line.deletedAt !== undefined) return 'message-unknown';
      if (line.text === text) return undefined;
      const revision = (amendments?.edit?.revision ?? 0) + 1;
      const at = this.#s.clock.now();
      if (revision > EDIT_REVISIONS_MAX || !isInTime(line.sentAt, at)) return 'too-late';
      const me = this.#s.own.value.account;
      const next = { kind: 'edit', revision, text, at } as const;
      await this.#s.amending.apply(tx, account, me, message, next, { keepEarly: false, shown: 'sending' });
      this.#send(
        tx,
        account,
        at,
        { kind: 'edit', body: { message: idBytes(message), revision, text } },
        message,
      );
      return undefined;
    });
  }

  /** Reacts to a message with one emoji, or takes the reaction back. Throws `CoreError` `message-unknown`, `conversation-unknown`. */
  async react(account: AccountId, ref: MessageRef, emoji: string | undefined): Promise<void> {
    if (emoji !== undefined && !isEmoji(emoji)) throw new CoreError('message-unknown', 'not one emoji');
    await this.#act(account, ref, async (tx, { line, amendments }) => {
      const me = this.#s.own.value.account;
      const before = amendments?.reactions?.find(({ by }) => by === me);
      if (line.deletedAt !== undefined || before?.emoji === emoji) return undefined;
      const revision = (before?.revision ?? 0) + 1;
      if (revision > REACTION_REVISIONS_MAX) return 'too-late';
      const author = ref.mine ? me : account;
      const reacted = { revision, ...(emoji === undefined ? {} : { emoji }) };
      await this.#s.amending.apply(tx, account, author, ref.id, { kind: 'reaction', by: me, ...reacted });
      const body = { author: idBytes(author), message: idBytes(ref.id), ...reacted };
      this.#send(tx, account, this.#s.clock.now(), { kind: 'reaction', body });
      return undefined;
    });
  }

  /** Takes an own message back on both sides. Throws `CoreError` `too-late`, `message-unknown`, `conversation-unknown`. */
  async deleteForEveryone(account: AccountId, message: MessageId): Promise<void> {
    await this.#act(account, { id: message, mine: true }, async (tx, { line }) => {
      if (line.deletedAt !== undefined) return undefined;
      const isWaiting = line.delivery.kind === 'failed' || this.#s.outbox.isUnready(account, message);
      // A server that says no may have delivered it all the same.
      return this.#takeBack(tx, account, line, !isWaiting || (await this.#wasMadeReady(tx, line)));
    });
  }

  /** Deletes messages on the own devices alone. */
  async deleteForMe(account: AccountId, refs: readonly MessageRef[]): Promise<void> {
    for (let i = 0; i < refs.length; i += BATCH) {
      await this.#s.db.write(AMEND_TABLES, (tx) => this.#remove(tx, account, refs.slice(i, i + BATCH)));
    }
  }

  /**
   * Discards what was written before a key change and waits, or what waits of one message. What was made ready for the key before may have
   * arrived, whatever the server said: as long as a deletion counts it is taken back on both sides, the rest goes from the own devices.
   */
  async discardHeld(account: AccountId, message: MessageId | undefined): Promise<void> {
    const { db, amending, outbox, record } = this.#s;
    const isAccepted = record.contact(account)?.state === 'accepted';
    await db.write(AMEND_TABLES, async (tx) => {
      const unsent: MessageRef[] = [];
      for (const { id, frame } of await outbox.held.drop(tx, account, message)) {
        const found = await amending.find(tx, account, { id, mine: true });
        if (found === undefined || found.line.deletedAt !== undefined) continue;
        const mayBeThere = isAccepted && (frame !== undefined || (await this.#wasMadeReady(tx, found.line)));
        const refused = mayBeThere ? await this.#takeBack(tx, account, found.line, true) : 'never-left';
        if (refused !== undefined) unsent.push({ id, mine: true });
      }
      for (let i = 0; i < unsent.length; i += BATCH)
        await this.#remove(tx, account, unsent.slice(i, i + BATCH));
    });
  }

  /** Deletes everything that was said so far from this device. Lines that ask for missing messages stay until they are answered. */
  async clearHistory(account: AccountId): Promise<void> {
    const { db, amending, conversations } = this.#s;
    // What is said from now on nobody has asked to delete.
    const end = conversations.get(account)?.nextOrder ?? 0;
    for (let from = 0; ;) {
      const start = from;
      const next = await db.write(AMEND_TABLES, async (tx) => {
        const found = await conversations.lines.linesFrom(tx, account, start, BATCH);
        const lines = found.filter(({ line }) => line.order < end);
        for (const { line, gap } of lines) {
          if (line.kind === 'message') await amending.remove(tx, account, line.order);
          else if (gap === undefined) conversations.lines.removeEvent(tx, account, line.order);
        }
        const last = lines.at(-1)?.line.order;
        return lines.length < BATCH || last === undefined ? undefined : last + 1;
      });
      if (next === undefined) break;
      from = next;
    }
    await db.write(AMEND_TABLES, async (tx) => this.#s.amending.forgetEarly(tx, account));
  }

  /** Sets the timer of a conversation. */
  async setTimer(account: AccountId, seconds: number): Promise<void> {
    if (!isSeconds(seconds)) throw new CoreError('unexpected', 'not a time');
    const { db, conversations, amending, clock } = this.#s;
    this.#requireAccepted(account);
    await db.write(AMEND_TABLES, async (tx) => {
      const held = conversations.get(account)?.timer;
      if ((held?.seconds ?? 0) === seconds) return;
      const timer = { seconds, revision: (held?.revision ?? 0) + 1 };
      amending.hearTimer(tx, account, timer, true);
      this.#send(tx, account, clock.now(), { kind: 'timer', body: timer });
    });
  }

  /** The timer that conversations begun from now on have. */
  async setDefaultTimer(seconds: number): Promise<void> {
    if (!isSeconds(seconds)) throw new CoreError('unexpected', 'not a time');
    const { db, record, clock } = this.#s;
    await db.write([T.record], async (tx) =>
      record.change(tx, (held) => {
        const { timer: _before, ...settings } = held.settings;
        const timer = seconds === 0 ? {} : { timer: seconds };
        return { ...held, settings: { ...settings, ...timer, changedAt: clock.now() } };
      }),
    );
  }

  #wasMadeReady(tx: WriteTx, { id }: Found['line']): Promise<boolean> {
    const { db, clock } = this.#s;
    return wasMadeReady(tx, db, clock.now(), id);
  }

  /** Deletes an own message on all own devices, and on the other side where it may be there. */
  async #takeBack(
    tx: WriteTx,
    account: AccountId,
    { id: message, sentAt }: Found['line'],
    mayBeThere: boolean,
  ): Promise<'too-late' | undefined> {
    const { amending, clock, own, random } = this.#s;
    const at = clock.now();
    if (!isInTime(sentAt, at)) return 'too-late';
    const shown = mayBeThere ? ({ shown: 'sending' } as const) : {};
    const options = { keepEarly: false, ...shown };
    await amending.apply(tx, account, own.value.account, message, { kind: 'delete', at }, options);
    const content: Content = { kind: 'delete', body: { message: idBytes(message) } };
    if (mayBeThere) this.#send(tx, account, at, content, message);
    else {
      const id = idOf<MessageId>(random(16));
      sendCopy(this.#s, tx, account, { content, id, sentAt: at, about: undefined });
    }
    return undefined;
  }

  /** Takes at most `BATCH` messages off this device and has the other own devices do so. */
  async #remove(tx: WriteTx, account: AccountId, refs: readonly MessageRef[]): Promise<void> {
    const { amending, outbox, clock, random, own } = this.#s;
    const me = own.value.account;
    const gone: { author: Uint8Array; message: Uint8Array }[] = [];
    for (const ref of refs) {
      const found = await amending.find(tx, account, ref);
      if (found === undefined) continue;
      await amending.remove(tx, account, found.line.order);
      gone.push({ author: idBytes(ref.mine ? me : account), message: idBytes(ref.id) });
    }
    if (gone.length === 0 || !hasOtherDevices(this.#s)) return;
    outbox.add(tx, {
      to: me,
      content: {
        kind: 'sync',
        body: { what: 'removed', account: idBytes(account), messages: gone.slice(0, RECEIPT_MAX) },
      },
      id: idOf<MessageId>(random(16)),
      sentAt: clock.now(),
    });
  }

  /** Runs `act` on a message in one transaction; nothing is thrown inside it. */
  async #act(
    account: AccountId,
    ref: MessageRef,
    act: (tx: WriteTx, found: Found) => Promise<'too-late' | 'message-unknown' | undefined>,
  ): Promise<void> {
    this.#requireAccepted(account);
    const refused = await this.#s.db.write(AMEND_TABLES, async (tx) => {
      const found = await this.#s.amending.find(tx, account, ref);
      return found === undefined ? 'message-unknown' : act(tx, found);
    });
    if (refused !== undefined) throw new CoreError(refused, 'nothing was changed');
  }

  #requireAccepted(account: AccountId): void {
    if (this.#s.record.contact(account)?.state !== 'accepted') {
      throw new CoreError('conversation-unknown', 'not an accepted contact');
    }
  }

  #send(tx: WriteTx, to: AccountId, sentAt: number, content: Content, about?: MessageId): void {
    sendWithCopy(this.#s, tx, {
      to,
      content,
      id: idOf<MessageId>(this.#s.random(16)),
      sentAt,
      ...(about === undefined ? {} : { about, amends: true }),
    });
  }
}

function isSeconds(seconds: unknown): boolean {
  return Number.isInteger(seconds) && Number(seconds) >= 0 && Number(seconds) <= TIMER_MAX_SECONDS;
}
