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
import { sendCopy, sendWithCopy } from './messages/own-copies.ts';
import { hasOtherDevices, type Services } from './services.ts';
import type { MessageRef } from './view.ts';

/** Lines that are deleted in one transaction. */
const BATCH = 200;

type Found = NonNullable<Awaited<ReturnType<Amending['find']>>>;

/** A person's acts on messages. */
export class MessageActs {
  readonly #s: Services;

  constructor(services: Services) {
    this.#s = services;
  }

  /** Gives an own message another text. Throws `CoreError` `text-too-long`, `too-late`, `message-unknown`, `conversation-unknown`. */
  async edit(account: AccountId, message: MessageId, text: string): Promise<void> {
    if (text.length === 0 || text.length > LIMITS.textMaxChars) {
      throw new CoreError('text-too-long', 'a text has 1 to 16,000 characters');
    }
    await this.#act(account, { id: message, mine: true }, async (tx, { line, amendments }) => {
      if (line.deletedAt !== undefined || line.text === text) return undefined;
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
      const at = this.#s.clock.now();
      if (!isInTime(line.sentAt, at)) return 'too-late';
      const me = this.#s.own.value.account;
      const { outbox, db } = this.#s;
      // A server that says no may have delivered it all the same.
      const isRefused =
        line.delivery.kind === 'failed' && !(await wasMadeReady(tx, db, at, message, line.sentAt));
      const neverLeft = outbox.isUnready(account, message) || isRefused;
      const shown = neverLeft ? {} : ({ shown: 'sending' } as const);
      await this.#s.amending.apply(
        tx,
        account,
        me,
        message,
        { kind: 'delete', at },
        { keepEarly: false, ...shown },
      );
      const content: Content = { kind: 'delete', body: { message: idBytes(message) } };
      if (!neverLeft) {
        this.#send(tx, account, at, content, message);
        return undefined;
      }
      const id = idOf<MessageId>(this.#s.random(16));
      sendCopy(this.#s, tx, account, { content, id, sentAt: at, about: undefined });
      return undefined;
    });
  }

  /** Deletes messages on the own devices alone. */
  async deleteForMe(account: AccountId, refs: readonly MessageRef[]): Promise<void> {
    const { db, amending, outbox, clock, random } = this.#s;
    const me = this.#s.own.value.account;
    for (let i = 0; i < refs.length; i += BATCH) {
      await db.write(AMEND_TABLES, async (tx) => {
        const gone: { author: Uint8Array; message: Uint8Array }[] = [];
        for (const ref of refs.slice(i, i + BATCH)) {
          const found = await amending.find(tx, account, ref);
          if (found === undefined) continue;
          await amending.remove(tx, account, found.line.order);
          gone.push({ author: idBytes(ref.mine ? me : account), message: idBytes(ref.id) });
        }
        if (gone.length === 0 || !hasOtherDevices(this.#s)) return;
        const messages = gone.slice(0, RECEIPT_MAX);
        outbox.add(tx, {
          to: me,
          content: { kind: 'sync', body: { what: 'removed', account: idBytes(account), messages } },
          id: idOf<MessageId>(random(16)),
          sentAt: clock.now(),
        });
      });
    }
  }

  /** Deletes everything that was said so far from this device. Lines that ask for missing messages stay until they are answered. */
  async clearHistory(account: AccountId): Promise<void> {
    const { db, amending, conversations } = this.#s;
    for (let from = 0; ;) {
      const start = from;
      const next = await db.write(AMEND_TABLES, async (tx) => {
        const lines = await conversations.linesFrom(tx, account, start, BATCH);
        for (const { line, gap } of lines) {
          if (line.kind === 'message') await amending.remove(tx, account, line.order);
          else if (gap === undefined) conversations.dropEvent(tx, account, line.order);
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

  /** Runs `act` on a message in one transaction; nothing is thrown inside it. */
  async #act(
    account: AccountId,
    ref: MessageRef,
    act: (tx: WriteTx, found: Found) => Promise<'too-late' | undefined>,
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
