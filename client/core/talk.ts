/**
 * What a person does in a conversation: writing, sending again, reading, typing, drafts, saying yes to somebody who has written. Each
 * is one transaction; what leaves the device is in the outbox with it.
 */
import type { Quote } from '@tacet/protocol/content/text';
import { RECEIPT_MAX } from '@tacet/protocol/content/receipt';
import { isWireError } from '@tacet/protocol/errors';
import { idBytes, idOf, type AccountId, type MessageId } from '@tacet/protocol/ids';
import { LIMITS } from '@tacet/protocol/limits';
import { LINE_TABLES } from './conversations/lines.ts';
import type { WriteTx } from './db/sealed.ts';
import { T } from './db/stores.ts';
import { decidedAt } from './people/contact-entry.ts';
import { CoreError } from './failure.ts';
import { giveProfile } from './messages/handlers/profile.ts';
import { AMEND_TABLES, quoteText } from './messages/amending.ts';
import { COMPOSE_TABLES } from './messages/outbox.ts';
import { sendCopy } from './messages/own-copies.ts';
import { hasOtherDevices, type Services } from './services.ts';
import { isRepeatable } from './transport/rest.ts';
import type { Commands, MessageRef } from './view.ts';

/** Typing is told again after this while it goes on. */
const TYPING_AGAIN_MS = 3_000;

/** A person's side of all conversations. */
export class Talk {
  readonly #s: Services;
  readonly #typingToldAt = new Map<AccountId, number>();

  constructor(services: Services) {
    this.#s = services;
  }

  /**
   * Sends a text under an id that the view made. The message is on disk when this resolves; a second call with the id changes nothing.
   * With it goes the draft, and one that is not `draft` stays: another tab has written it.
   */
  async sendText(
    to: AccountId,
    text: string,
    id: MessageId,
    {
      reply: replied,
      draft,
    }: { readonly reply?: MessageRef | undefined; readonly draft?: string | undefined } = {},
  ): Promise<MessageId> {
    const { db, clock } = this.#s;
    if (text.length === 0 || text.length > LIMITS.textMaxChars) {
      throw new CoreError('text-too-long', 'a text has 1 to 16,000 characters');
    }
    const contact = this.#s.record.contact(to);
    if (contact === undefined) throw new CoreError('conversation-unknown', 'nobody of this id is known');
    if (contact.state === 'blocked') throw new CoreError('person-blocked', 'nothing goes to who is blocked');
    const now = clock.now();
    await db.write([...AMEND_TABLES, ...COMPOSE_TABLES, T.record], async (tx) => {
      const { conversations, amending } = this.#s;
      if ((await conversations.lines.placeOf(tx, this.#account, id)) !== undefined) return;
      const reply = replied === undefined ? undefined : await this.#quote(tx, to, replied);
      this.#beginTimer(tx, to);
      const message = {
        id,
        author: this.#account,
        mine: true,
        text,
        sentAt: now,
        receivedAt: now,
        delivery: { kind: 'sending' },
      } as const;
      const { timer, draft: kept } = conversations.ensure(tx, to);
      await amending.addMessage(tx, to, message, { reply, timer, own: true });
      if (draft === undefined || draft === kept) conversations.setDraft(tx, to, '');
      this.#accept(tx, to);
      await this.#addText(tx, to, id, { text, reply }, now);
    });
    this.#typingToldAt.delete(to);
    return id;
  }

  /** Sends a failed message again. */
  async retrySend(id: MessageId): Promise<void> {
    const { db } = this.#s;
    await db.write([...AMEND_TABLES, ...COMPOSE_TABLES], async (tx) => {
      const place = await this.#s.conversations.lines.placeOf(tx, this.#account, id);
      if (place === undefined) return;
      const line = await this.#s.conversations.lines.lineIn(tx, place.account, place.order);
      if (line?.kind !== 'message' || line.delivery.kind !== 'failed') return;
      await this.#s.conversations.setDelivery(tx, this.#account, id, { kind: 'sending' }, { force: true });
      const reply = line.reply === undefined ? undefined : await this.#quote(tx, place.account, line.reply);
      await this.#addText(tx, place.account, id, { text: line.text, reply }, line.sentAt);
    });
  }

  /** Everything up to `order` has been seen. */
  async markRead(account: AccountId, order: number): Promise<void> {
    const { db, clock, random } = this.#s;
    if (this.#s.conversations.isRead(account, order)) return;
    const isAccepted = this.#s.record.contact(account)?.state === 'accepted';
    await db.write([...LINE_TABLES, T.receipts, T.outbox], async (tx) => {
      const seen = await this.#s.conversations.markRead(tx, account, order);
      const [messages, calls] = [seen.messages.slice(-RECEIPT_MAX), seen.calls.slice(-RECEIPT_MAX)];
      if (messages.length + calls.length === 0) return;
      if (isAccepted && this.#s.record.value.settings.readReceipts) {
        for (const id of seen.messages) this.#s.receipts.add(tx, 'read', account, id);
      }
      if (hasOtherDevices(this.#s)) {
        this.#s.outbox.add(tx, {
          to: this.#account,
          content: {
            kind: 'sync',
            body: {
              what: 'read',
              account: idBytes(account),
              messages: messages.map((id) => idBytes(id)),
              ...(calls.length === 0 ? {} : { calls: calls.map((id) => idBytes(id)) }),
            },
          },
          id: idOf<MessageId>(random(16)),
          sentAt: clock.now(),
        });
      }
    });
  }

  /** Tells an accepted person that this one types, or has stopped. */
  setTyping(account: AccountId, on: boolean): void {
    const { clock, random, background } = this.#s;
    if (this.#s.record.contact(account)?.state !== 'accepted' || !this.#s.record.value.settings.typing)
      return;
    const now = clock.now();
    const toldAt = this.#typingToldAt.get(account);
    if (on && toldAt !== undefined && now - toldAt < TYPING_AGAIN_MS) return;
    if (!on && toldAt === undefined) return;
    if (on) this.#typingToldAt.set(account, now);
    else this.#typingToldAt.delete(account);
    const content = { kind: 'typing' as const, body: { on } };
    const id = idOf<MessageId>(random(16));
    background.run(
      this.#s.outbox.sendOnline(account, content, id).catch((error: unknown) => {
        if (!isRepeatable(error) && !isWireError(error)) throw error;
      }),
      'tell typing',
    );
  }

  /** Whether others are told what was read and that this one types, and whether calls hide the own address; on all own devices. */
  async setPrivacy({
    readReceipts,
    typing,
    relayCalls,
  }: Parameters<Commands['setPrivacy']>[0]): Promise<void> {
    const { db, record, clock } = this.#s;
    await db.write([T.record], async (tx) =>
      record.change(tx, (held) => ({
        ...held,
        settings: {
          ...held.settings,
          ...(readReceipts === undefined ? {} : { readReceipts }),
          ...(typing === undefined ? {} : { typing }),
          ...(relayCalls === undefined ? {} : { relayCalls }),
          changedAt: clock.now(),
        },
      })),
    );
  }

  async setDraft(account: AccountId, text: string): Promise<void> {
    const { db } = this.#s;
    await db.write([T.conversations], async (tx) => this.#s.conversations.setDraft(tx, account, text));
  }

  /** Accepts somebody who has written: he gets profile and delivery key. */
  async acceptRequest(account: AccountId): Promise<void> {
    const { db } = this.#s;
    if (this.#s.record.contact(account) === undefined) {
      throw new CoreError('conversation-unknown', 'nobody of this id is known');
    }
    await db.write([T.record, T.outbox, T.conversations], async (tx) => this.#accept(tx, account));
  }

  get #account(): AccountId {
    return this.#s.own.value.account;
  }

  async #addText(
    tx: WriteTx,
    to: AccountId,
    id: MessageId,
    said: { readonly text: string; readonly reply: Quote | undefined },
    sentAt: number,
  ): Promise<void> {
    const timer = this.#s.conversations.get(to)?.timer;
    const body = {
      text: said.text,
      ...(said.reply === undefined ? {} : { reply: said.reply }),
      ...(timer === undefined ? {} : { timer }),
    };
    const content = { kind: 'text' as const, body };
    await this.#s.outbox.addReady(tx, { to, content, id, sentAt, line: true });
    sendCopy(this.#s, tx, to, { content, id, sentAt, about: id });
  }

  /** The quote of a message of this conversation; none where it has gone. */
  async #quote(tx: WriteTx, account: AccountId, ref: MessageRef): Promise<Quote | undefined> {
    const found = await this.#s.amending.find(tx, account, ref);
    if (found === undefined || found.line.deletedAt !== undefined) return undefined;
    const author = idBytes(ref.mine ? this.#account : account);
    return { author, message: idBytes(ref.id), text: quoteText(found.line.text) };
  }

  /** A conversation that begins has the timer of the settings. */
  #beginTimer(tx: WriteTx, account: AccountId): void {
    const { timer, last } = this.#s.conversations.ensure(tx, account);
    const seconds = this.#s.record.value.settings.timer ?? 0;
    if (timer !== undefined || last !== undefined || seconds === 0) return;
    this.#s.amending.hearTimer(tx, account, { seconds, revision: 1 }, true);
  }

  /** Writing to somebody, or saying yes, accepts him. */
  #accept(tx: WriteTx, account: AccountId): void {
    const contact = this.#s.record.contact(account);
    if (contact === undefined || contact.state === 'accepted') return;
    const changedAt = decidedAt(this.#s.clock.now(), contact);
    this.#s.record.changeContact(tx, account, (held) => ({
      ...(held ?? contact),
      state: 'accepted',
      changedAt,
    }));
    giveProfile(this.#s, tx, account);
    tx.after(() => this.#s.readProfile(account));
  }
}
