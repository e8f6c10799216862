/**
 * A signed-in device at work: everything that it is made of, wired once, started and stopped as one. What it shows goes to a watcher;
 * what it is asked to do stands here and in the files that it names.
 */
import { encodeB64u } from '@tacet/protocol/bytes';
import { encodeCbor } from '@tacet/protocol/cbor';
import type { ContentKind } from '@tacet/protocol/content/index';
import type { ProfileDocument } from '@tacet/protocol/content/record';
import { RECEIPT_MAX } from '@tacet/protocol/content/receipt';
import { isWireError } from '@tacet/protocol/errors';
import { idBytes, idOf, type AccountId, type InviteCode, type MessageId } from '@tacet/protocol/ids';
import { LIMITS } from '@tacet/protocol/limits';
import { putProfile } from '@tacet/protocol/rest/accounts';
import { makeInvite as makeInviteRoute } from '@tacet/protocol/rest/people';
import type { SessionReply } from '@tacet/protocol/rest/sessions';
import { PublicKey } from '@tacet/crypto';
import {
  deriveDeliveryKey,
  generateKey,
  hashAccountKey,
  inviteMac,
  keyFrom,
  sealProfile,
  type InviteSecret,
  type ProfileKey,
  type RecordKey,
} from '@tacet/crypto/vault';
import { formatInviteLink, parseInviteLink } from './account/invites.ts';
import { RecordKeeper } from './account/record.ts';
import { Session } from './account/session.ts';
import { checkInvite, requireInvitersKey } from './account/sign-up.ts';
import type { Background } from './background.ts';
import { copyBytes } from './bytes.ts';
import { Conversations, LINE_TABLES, type ConversationWatcher } from './conversations.ts';
import type { SealedDb, WriteTx } from './db/sealed.ts';
import { T, type InviteAnswer, type OwnDevice } from './db/stores.ts';
import { OwnDevices } from './devices.ts';
import { Directory, newContact } from './directory.ts';
import type { Engine } from './engine.ts';
import { CoreError, isCoreError } from './failure.ts';
import { giveProfile } from './messages/handlers/profile.ts';
import { Inbox } from './messages/inbox.ts';
import { COMPOSE_TABLES, Outbox } from './messages/outbox.ts';
import { Receipts } from './messages/receipts.ts';
import { OwnKeeper } from './own.ts';
import { People } from './people.ts';
import type { Ports } from './ports.ts';
import { Sessions } from './sessions/sessions.ts';
import { AnonymousConnection } from './transport/anonymous.ts';
import type { PushedFrame } from './transport/channel.ts';
import { Connection, type Welcome } from './transport/connection.ts';
import { isRepeatable, type Rest } from './transport/rest.ts';
import type { ConnectionState } from './view.ts';

const HOUR_MS = 60 * 60_000;
const DAY_MS = 24 * HOUR_MS;
/** Typing is told again after this while it goes on. */
const TYPING_AGAIN_MS = 3_000;
/** A server may claim that this device's state is old this often a day; more often it is not believed. */
const RESTORES_PER_DAY = 2;

/** Who watches a device at work. */
export interface HomeWatcher extends ConversationWatcher {
  connection(state: ConnectionState): void;
  /** Names, trust or settings have changed. */
  peopleChanged(): void;
  /** The server ended this device, or will not speak with it. */
  ended(why: 'removed' | 'too-old'): void;
}

/** What a device at work is made from. */
export interface HomeParts {
  readonly ports: Ports;
  readonly engine: Engine;
  readonly rest: Rest;
  readonly db: SealedDb;
  readonly own: OwnDevice;
  readonly watcher: HomeWatcher;
  readonly background: Background;
  /** Where sign-up or sign-in has just opened one. */
  readonly session?: SessionReply | undefined;
}

/** A signed-in device. */
export class Home {
  readonly #parts: HomeParts;
  readonly own: OwnKeeper;
  readonly session: Session;
  readonly record: RecordKeeper;
  readonly conversations: Conversations;
  readonly directory: Directory;
  readonly sessions: Sessions;
  readonly anonymous: AnonymousConnection;
  readonly connection: Connection;
  readonly people: People;
  readonly outbox: Outbox;
  readonly receipts: Receipts;
  readonly inbox: Inbox;
  readonly devices: OwnDevices;
  readonly #typingToldAt = new Map<AccountId, number>();
  readonly #profilesAsked = new Set<AccountId>();
  #cancelMaintenance: (() => void) | undefined;
  #stopped = false;

  private constructor(
    parts: HomeParts,
    made: {
      readonly own: OwnKeeper;
      readonly session: Session;
      readonly record: RecordKeeper;
      readonly conversations: Conversations;
      readonly directory: Directory;
    },
  ) {
    const { ports, engine, rest, db, background } = parts;
    const { clock, random } = ports;
    this.#parts = parts;
    this.own = made.own;
    this.session = made.session;
    this.record = made.record;
    this.conversations = made.conversations;
    this.directory = made.directory;
    const { own, session, record, conversations, directory } = made;
    this.sessions = new Sessions(engine, db, own, clock);
    this.anonymous = new AnonymousConnection(ports.openSocket, clock);
    this.connection = new Connection(ports, {
      token: () => session.token(),
      tokenRefused: () => session.refused(),
      raiseCounter: () => this.#raiseCounter(),
      opening: () => this.inbox.clear(),
      welcomed: (welcome) => this.#welcomed(welcome),
      pushed: (frame) => this.#pushed(frame),
      state: (state) => this.#connectionState(state),
      ended: (code) => parts.watcher.ended(code === 'session-ended' ? 'removed' : 'too-old'),
    });
    this.people = new People(db, rest, session, this.anonymous, record, directory);
    this.outbox = new Outbox({
      db,
      clock,
      random,
      background,
      own,
      directory,
      people: this.people,
      sessions: this.sessions,
      conversations,
      rest,
      session,
      anonymous: this.anonymous,
      connection: this.connection,
    });
    this.receipts = new Receipts(db, clock, random, background, this.outbox);
    this.devices = new OwnDevices({ engine, db, clock, rest, session, own, directory });
    this.inbox = new Inbox({
      db,
      clock,
      random,
      background,
      own,
      record,
      directory,
      conversations,
      sessions: this.sessions,
      outbox: this.outbox,
      receipts: this.receipts,
      people: this.people,
      readProfile: (account) => this.#readProfile(account),
      tell: (frame) => this.connection.tell(frame),
      faulted: () => this.connection.restart(),
    });
    directory.onKeyChange = (account) =>
      background.run(this.outbox.holdBack(account), 'hold back what was written before a key change');
  }

  /** Loads a device from its database. Nothing is connected yet. */
  static async load(parts: HomeParts): Promise<Home> {
    const { ports, engine, rest, db, background, watcher } = parts;
    const own = new OwnKeeper(engine, parts.own);
    const session = new Session(ports, rest, own.value.device, parts.session);
    const stored = await db.read([T.record], (tx) => tx.get(T.record, 'record'));
    if (stored === undefined) throw new CoreError('storage-damaged', 'no account record');
    const later: { home?: Home } = {};
    const record = new RecordKeeper(
      {
        db,
        rest,
        clock: ports.clock,
        background,
        account: own.value.account,
        recordKey: keyFrom<RecordKey>(own.value.recordKey),
        token: () => session.token(),
        changed: () => later.home?.recordChanged(),
        uploaded: (version) => later.home?.recordUploaded(version),
      },
      stored,
    );
    const conversations = await Conversations.load(db, ports.clock, watcher);
    const directory = await Directory.load(db, ports.clock, record, conversations, own);
    const home = new Home(parts, { own, session, record, conversations, directory });
    later.home = home;
    await home.outbox.load();
    await home.receipts.load();
    await home.#ensureConversations();
    return home;
  }

  get account(): AccountId {
    return this.own.value.account;
  }

  /** Connects, and answers an invite that the sign-up came by. */
  start(): void {
    this.connection.start();
    const { answering } = this.own.value;
    if (answering !== undefined) {
      this.#parts.background.run(this.#answerLater(answering), 'answer an invite');
    }
  }

  /** Stops everything; what is stored stays. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancelMaintenance?.();
    this.outbox.stop();
    this.receipts.stop();
    this.inbox.stop();
    this.record.stop();
    this.conversations.stop();
    this.connection.stop();
    this.anonymous.stop();
  }

  /** Lets go of the database. */
  close(): void {
    this.#parts.db.close();
  }

  /** Sends a text. The message is on disk when this resolves. */
  async sendText(to: AccountId, text: string): Promise<MessageId> {
    const { db, ports } = this.#parts;
    if (text.length === 0 || text.length > LIMITS.textMaxChars) {
      throw new CoreError('text-too-long', 'a text has 1 to 16,000 characters');
    }
    if (this.record.contact(to) === undefined) {
      throw new CoreError('conversation-unknown', 'nobody of this id is known');
    }
    const id = idOf<MessageId>(ports.random(16));
    const now = ports.clock.now();
    await db.write([...COMPOSE_TABLES, T.record], async (tx) => {
      await this.conversations.addMessage(tx, to, {
        id,
        author: this.account,
        mine: true,
        text,
        sentAt: now,
        receivedAt: now,
        delivery: { kind: 'sending' },
      });
      this.conversations.setDraft(tx, to, '');
      this.#accept(tx, to);
      this.#addText(tx, to, id, text, now);
    });
    this.#typingToldAt.delete(to);
    return id;
  }

  /** Sends a failed message again. */
  async retrySend(id: MessageId): Promise<void> {
    const { db } = this.#parts;
    await db.write(COMPOSE_TABLES, async (tx) => {
      const place = await this.conversations.placeOf(tx, this.account, id);
      if (place === undefined) return;
      const line = await this.conversations.lineIn(tx, place.account, place.order);
      if (line?.kind !== 'message' || line.delivery.kind !== 'failed') return;
      await this.conversations.setDelivery(tx, this.account, id, { kind: 'sending' }, { force: true });
      this.#addText(tx, place.account, id, line.text, line.sentAt);
    });
  }

  /** Everything up to `order` has been seen. */
  async markRead(account: AccountId, order: number): Promise<void> {
    const { db, ports } = this.#parts;
    const isAccepted = this.record.contact(account)?.state === 'accepted';
    await db.write([...LINE_TABLES, T.receipts, T.outbox], async (tx) => {
      const seen = await this.conversations.markRead(tx, account, order);
      if (seen.length === 0) return;
      if (isAccepted && this.record.value.settings.readReceipts) {
        for (const { id } of seen) this.receipts.add(tx, 'read', account, id);
      }
      if (this.#hasOtherDevices()) {
        this.outbox.add(tx, {
          to: this.account,
          content: {
            kind: 'sync',
            body: {
              what: 'read',
              account: idBytes(account),
              messages: seen.slice(-RECEIPT_MAX).map(({ id }) => idBytes(id)),
            },
          },
          id: idOf<MessageId>(ports.random(16)),
          sentAt: ports.clock.now(),
        });
      }
    });
  }

  /** Tells an accepted person that this one types, or has stopped. */
  setTyping(account: AccountId, on: boolean): void {
    const { ports, background } = this.#parts;
    if (this.record.contact(account)?.state !== 'accepted' || !this.record.value.settings.typing) return;
    const now = ports.clock.now();
    const toldAt = this.#typingToldAt.get(account);
    if (on && toldAt !== undefined && now - toldAt < TYPING_AGAIN_MS) return;
    if (!on && toldAt === undefined) return;
    if (on) this.#typingToldAt.set(account, now);
    else this.#typingToldAt.delete(account);
    const content = { kind: 'typing' as const, body: { on } };
    const id = idOf<MessageId>(ports.random(16));
    background.run(
      this.outbox.sendOnline(account, content, id).catch((error: unknown) => {
        if (!isRepeatable(error) && !isWireError(error)) throw error;
      }),
      'tell typing',
    );
  }

  async setDraft(account: AccountId, text: string): Promise<void> {
    const { db } = this.#parts;
    await db.write([T.conversations], async (tx) => this.conversations.setDraft(tx, account, text));
  }

  /** Accepts somebody who has written: he gets profile and delivery key. */
  async acceptRequest(account: AccountId): Promise<void> {
    const { db } = this.#parts;
    if (this.record.contact(account) === undefined) {
      throw new CoreError('conversation-unknown', 'nobody of this id is known');
    }
    await db.write([T.record, T.outbox, T.conversations], async (tx) => this.#accept(tx, account));
  }

  /** Changes the shown name, in the record and in the profile that contacts read. */
  async setName(name: string): Promise<void> {
    const { db, ports, rest } = this.#parts;
    await db.write([T.record], async (tx) =>
      this.record.change(tx, (record) => ({
        ...record,
        name,
        nameAt: ports.clock.now(),
        profileVersion: record.profileVersion + 1,
      })),
    );
    await this.record.flush();
    const { profileKey, profileVersion: version } = this.record.value;
    const document: ProfileDocument = { v: 1, name, username: this.own.value.username };
    const binding = { account: idBytes(this.account), version };
    const sealed = sealProfile(keyFrom<ProfileKey>(profileKey), encodeCbor(document), binding);
    await this.session.with((token) =>
      rest.call(putProfile, { body: { version, sealed: encodeB64u(sealed) }, token }),
    );
    await db.write([T.outbox], async (tx) => {
      for (const contact of this.record.contacts) {
        if (contact.state === 'accepted') {
          giveProfile(this.#services(), tx, idOf<AccountId>(contact.account));
        }
      }
    });
  }

  /** Makes a single-use invite; its secret is in the uploaded record before the link is given out. */
  async makeInvite(): Promise<{ readonly link: string; readonly expiresAt: number }> {
    const { db, ports, rest } = this.#parts;
    const body = { uses: 1, ageMs: LIMITS.inviteDefaultAgeMs };
    const reply = await this.session.with((token) => rest.call(makeInviteRoute, { body, token }));
    const code = reply.code as InviteCode;
    const secret = generateKey<InviteSecret>();
    const { expiresAt } = reply;
    await db.write([T.record], async (tx) =>
      this.record.change(tx, (record) => ({
        ...record,
        invites: [
          ...record.invites.filter((invite) => invite.expiresAt + DAY_MS > ports.clock.now()),
          // By this device's clock, which is the one that will judge the answer.
          { code: idBytes(code), secret, expiresAt: ports.clock.now() + LIMITS.inviteDefaultAgeMs },
        ],
      })),
    );
    await this.record.flush();
    const accountKey = PublicKey.deserialize(copyBytes(this.own.value.accountKey));
    const link = formatInviteLink(ports.origin, code, {
      secret,
      accountKeyHash: hashAccountKey(accountKey),
      deliveryKey: deriveDeliveryKey(keyFrom<ProfileKey>(this.record.value.profileKey)),
    });
    return { link, expiresAt };
  }

  /** Opens the conversation that an invite leads to. */
  async followInvite(text: string): Promise<AccountId> {
    const { ports, rest } = this.#parts;
    const link = parseInviteLink(text, ports.origin);
    const answer = await checkInvite(rest, this.anonymous, link);
    if (answer === undefined) throw new CoreError('invite-malformed', 'an invite that leads to nobody');
    if (answer.account === this.account) throw new CoreError('invite-own', 'the own invite');
    if (this.record.contact(answer.account)?.state !== 'accepted') await this.#answer(answer);
    return answer.account;
  }

  /** Says goodbye to the server, if it answers. */
  async depart(): Promise<void> {
    try {
      await this.devices.depart();
    } catch (error) {
      if (!isWireError(error) && !isCoreError(error)) throw error;
    }
  }

  recordChanged(): void {
    this.#parts.watcher.peopleChanged();
    this.#parts.background.run(this.#ensureConversations(), 'show new contacts');
  }

  recordUploaded(version: number): void {
    if (!this.#hasOtherDevices()) return;
    const { db, ports, background } = this.#parts;
    const told = db.write([T.outbox], async (tx) =>
      this.outbox.add(tx, {
        to: this.account,
        content: { kind: 'sync', body: { what: 'record', version } },
        id: idOf<MessageId>(ports.random(16)),
        sentAt: ports.clock.now(),
      }),
    );
    background.run(told, 'tell of the record');
  }

  #services(): Parameters<typeof giveProfile>[0] {
    const { clock, random } = this.#parts.ports;
    return { record: this.record, outbox: this.outbox, clock, random };
  }

  #hasOtherDevices(): boolean {
    return this.directory.ownList.devices.length > 1;
  }

  #addText(tx: WriteTx, to: AccountId, id: MessageId, text: string, sentAt: number): void {
    const content = { kind: 'text' as const satisfies ContentKind, body: { text } };
    this.outbox.add(tx, { to, content, id, sentAt, line: true });
    if (!this.#hasOtherDevices()) return;
    this.outbox.add(tx, {
      to: this.account,
      content: {
        kind: 'sync',
        body: {
          what: 'sent',
          account: idBytes(to),
          id: idBytes(id),
          sentAt,
          kind: 'text',
          body: encodeCbor(content.body),
        },
      },
      id: idOf<MessageId>(this.#parts.ports.random(16)),
      sentAt,
    });
  }

  /** Writing to somebody, or saying yes, accepts him. */
  #accept(tx: WriteTx, account: AccountId): void {
    const contact = this.record.contact(account);
    if (contact === undefined || contact.state === 'accepted') return;
    const changedAt = this.#parts.ports.clock.now();
    this.record.changeContact(tx, account, (held) => ({
      ...(held ?? contact),
      state: 'accepted',
      changedAt,
    }));
    giveProfile(this.#services(), tx, account);
    tx.after(() => this.#readProfile(account));
  }

  /** Answers an invite: the inviter's proved entry becomes a contact, and gets profile, keys and the MAC. */
  async #answer(answer: InviteAnswer): Promise<void> {
    const { db, ports } = this.#parts;
    const { account } = answer;
    const now = ports.clock.now();
    const entry = await this.people.askAs(account, answer.deliveryKey);
    if (entry.account !== account) throw new CoreError('server-dishonest', 'the entry of somebody else');
    requireInvitersKey(answer, entry.accountKey);
    const judgement = this.directory.judge(entry, 'server');
    const tables = [...LINE_TABLES, T.people, T.record, T.own, T.outbox];
    await db.write(tables, async (tx) => {
      const person = this.directory.commit(tx, judgement);
      if (person === undefined) return;
      this.record.changeContact(tx, account, (held) => {
        const contact = held ?? newContact(person, 'accepted', 'by-invite', now);
        const trust = contact.trust === 'verified' ? contact.trust : 'by-invite';
        const keysAt = contact.deliveryKey === undefined ? 1 : contact.keysAt;
        const deliveryKey = contact.deliveryKey ?? answer.deliveryKey;
        const { username } = answer;
        return { ...contact, state: 'accepted', trust, changedAt: now, deliveryKey, keysAt, username };
      });
      this.conversations.ensure(tx, account);
      this.conversations.addEvent(tx, account, { what: 'invite-accepted' });
      const mac = inviteMac(keyFrom<InviteSecret>(answer.secret), {
        account: idBytes(this.account),
        accountKey: PublicKey.deserialize(copyBytes(this.own.value.accountKey)),
      });
      giveProfile(this.#services(), tx, account, { code: idBytes(answer.code), mac });
      if (this.own.value.answering !== undefined) {
        this.own.change(tx, ({ answering: _done, ...own }) => own);
      }
    });
  }

  /** The answer to the invite that the sign-up came by: repeated until it is stored in the outbox. */
  async #answerLater(answer: InviteAnswer): Promise<void> {
    const { clock } = this.#parts.ports;
    for (let delayMs = 500; !this.#stopped; delayMs = Math.min(2 * delayMs, 60_000)) {
      try {
        await this.#answer(answer);
        return;
      } catch (error) {
        if (!isRepeatable(error)) throw error;
      }
      await new Promise<void>((resolve) => {
        clock.after(delayMs, resolve);
      });
    }
  }

  /** A contact has a conversation from the moment that he is accepted, on every device. */
  async #ensureConversations(): Promise<void> {
    const { db } = this.#parts;
    const missing = this.record.contacts
      .filter(({ state }) => state === 'accepted')
      .map(({ account }) => idOf<AccountId>(account))
      .filter((account) => this.conversations.get(account) === undefined);
    if (missing.length === 0 || this.#stopped) return;
    await db.write([T.conversations], async (tx) => {
      for (const account of missing) this.conversations.ensure(tx, account);
    });
  }

  #readProfile(account: AccountId): void {
    if (this.#profilesAsked.has(account) || this.#stopped) return;
    this.#profilesAsked.add(account);
    const { db, background } = this.#parts;
    const read = async (): Promise<void> => {
      const profileKey = this.record.contact(account)?.profileKey;
      const above = this.directory.get(account)?.stored.profileVersion ?? 0;
      if (profileKey === undefined) return;
      const profile = await this.people.fetchProfile(account, profileKey, above);
      if (profile === undefined) return;
      const { name, username } = profile.document;
      await db.write([T.people, T.record], async (tx) => {
        this.directory.edit(tx, account, (held) => ({ ...held, profileVersion: profile.version, name }));
        const contact = this.record.contact(account);
        if (contact === undefined || (contact.name === name && contact.username !== undefined)) return;
        this.record.changeContact(tx, account, (held) => ({
          ...(held ?? contact),
          name,
          username: contact.username ?? username,
        }));
      });
    };
    background.run(
      read()
        .catch((error: unknown) => {
          if (!isRepeatable(error)) throw error;
        })
        .finally(() => this.#profilesAsked.delete(account)),
      'read a profile',
    );
  }

  async #raiseCounter(): Promise<number> {
    return this.#parts.db.write([T.start], async (tx) => {
      const start = await tx.get(T.start, 'start');
      const counter = (start?.counter ?? 0) + 1;
      tx.put(T.start, 'start', { ...start, counter });
      return counter;
    });
  }

  async #welcomed(welcome: Welcome): Promise<void> {
    this.inbox.flushAcks();
    await this.#compareCounter(welcome.counter);
    const { background } = this.#parts;
    if (welcome.listCounter !== this.directory.ownView.counter) {
      background.run(this.#refreshOwnList(), 'read the own list');
    }
    if (welcome.recordVersion !== this.record.version) {
      background.run(this.record.refresh(), 'read the account record');
    }
    this.record.resume();
    this.#maintainSoon();
    for (const contact of this.record.contacts) {
      if (contact.state === 'accepted' && contact.name === undefined) {
        this.#readProfile(idOf<AccountId>(contact.account));
      }
    }
  }

  /** The server was told this counter or a higher one before: this device runs on an older copy of its state. */
  async #compareCounter(told: number): Promise<void> {
    const { db, ports } = this.#parts;
    const now = ports.clock.now();
    const start = await db.read([T.start], (tx) => tx.get(T.start, 'start'));
    if (start === undefined || told < start.counter) return;
    const recent = (start.restoredAt ?? []).filter((at) => at + DAY_MS > now);
    const isBelieved = recent.length < RESTORES_PER_DAY;
    const tables = [T.start, T.own, T.sessions, ...LINE_TABLES];
    await db.write(tables, async (tx) => {
      // An absurd counter must not leave this device without a next one.
      const counter = told < Number.MAX_SAFE_INTEGER / 2 ? told : start.counter;
      tx.put(T.start, 'start', { counter, restoredAt: isBelieved ? [...recent, now] : recent });
      if (!isBelieved) return;
      await this.sessions.archiveAll(tx);
      this.own.change(tx, (own) => ({ ...own, epoch: ports.random(16) }));
      for (const { account } of this.conversations.all()) {
        this.conversations.addEvent(tx, account, { what: 'restored' });
      }
    });
  }

  #pushed(frame: PushedFrame): void {
    const { background } = this.#parts;
    switch (frame.kind) {
      case 'deliver':
        this.inbox.push(frame);
        return;
      case 'drained':
        return;
      case 'notice':
        switch (frame.what) {
          case 'record':
            background.run(this.record.refresh(), 'read the account record');
            return;
          case 'list':
            background.run(this.#refreshOwnList(), 'read the own list');
            return;
          case 'prekeys-low':
            background.run(this.devices.maintain(), 'look after prekeys');
            return;
          case 'credentials':
            return;
        }
    }
  }

  /** Reads the own list; a signed list without this device ends it. */
  async #refreshOwnList(): Promise<void> {
    const { list } = await this.people.fetchOwn();
    if (!list.devices.some(({ device }) => device === this.own.value.device)) {
      this.#parts.watcher.ended('removed');
    }
  }

  #connectionState(state: ConnectionState): void {
    this.#parts.watcher.connection(state);
    if (state.kind === 'online') this.outbox.kickAll();
    if (state.kind === 'offline') this.anonymous.drop();
  }

  #maintainSoon(): void {
    const { ports, background } = this.#parts;
    this.#cancelMaintenance?.();
    const again = (): void => {
      this.#cancelMaintenance = ports.clock.after(6 * HOUR_MS, () => this.#maintainSoon());
    };
    background.run(
      Promise.all([this.devices.maintain(), this.outbox.sweep()])
        .catch((error: unknown) => {
          if (!isRepeatable(error)) throw error;
        })
        .finally(again),
      'look after prekeys',
    );
  }
}
