/**
 * A signed-in device at work: everything that it is made of, wired once, started and stopped as one. What it shows goes to a watcher;
 * what it is asked to do stands here and in the files that it names.
 */
import { isWireError } from '@tacet/protocol/errors';
import type { Sync } from '@tacet/protocol/content/sync';
import { idOf, type AccountId, type MessageId } from '@tacet/protocol/ids';
import type { SessionReply } from '@tacet/protocol/rest/sessions';
import { keyFrom, type RecordKey } from '@tacet/crypto/vault';
import type { Giving } from './account/giving.ts';
import type { Meeting } from './account/meeting.ts';
import { OwnAccount } from './account/own-account.ts';
import { PassphraseCare } from './account/passphrase-care.ts';
import { Profiles } from './account/profiles.ts';
import { RecordKeeper } from './account/record.ts';
import { encodeRecord, readRecord } from './account/record-form.ts';
import { hasCurrentRecordKey } from './account/record-key.ts';
import { noteCaught, noteDevices, seeAlert } from './account/alerts.ts';
import { Session } from './account/session.ts';
import { StartCounter } from './account/start-counter.ts';
import type { Background } from './background.ts';
import type { Contacts } from './contacts.ts';
import { Conversations, type ConversationWatcher } from './conversations/conversations.ts';
import { LAYOUT } from './db/migrations.ts';
import type { SealedDb } from './db/sealed.ts';
import { T, type Counts, type OwnDevice } from './db/stores.ts';
import { OwnDevices } from './devices.ts';
import { Directory, DIRECTORY_TABLES } from './people/directory.ts';
import type { Engine } from './engine.ts';
import { CoreError, fetchPart, isCoreError } from './failure.ts';
import { Inbox } from './messages/inbox.ts';
import type { HeldEntries } from './messages/held-entries.ts';
import { Outbox } from './messages/outbox.ts';
import { Amending } from './messages/amending.ts';
import { EarlyContents } from './messages/early.ts';
import { Receipts } from './messages/receipts.ts';
import { Expiry } from './expiry.ts';
import type { MessageActs } from './message-acts.ts';
import { oneAtATime } from './one-at-a-time.ts';
import { OwnKeeper } from './own.ts';
import { People } from './people.ts';
import type { Ports } from './ports.ts';
import type { Safety } from './safety/safety.ts';
import { hasOtherDevices, type Services } from './services.ts';
import { Sessions } from './sessions/sessions.ts';
import { Talk } from './talk.ts';
import { AnonymousConnection } from './transport/anonymous.ts';
import type { PushedFrame } from './transport/channel.ts';
import { Connection, type Welcome } from './transport/connection.ts';
import { isRepeatable, untilLater, type Rest } from './transport/rest.ts';
import type { AlertId, Caught, ConnectionState } from './view.ts';

const HOUR_MS = 60 * 60_000;
/** When the parts that a start does without are fetched. */
const PARTS_AFTER_MS = 8_000;

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
  readonly record: RecordKeeper;
  readonly conversations: Conversations;
  readonly connection: Connection;
  readonly talk: Talk;
  #meeting: Meeting | undefined;
  #giving: Giving | undefined;
  #acts: MessageActs | undefined;
  #contacts: Contacts | undefined;
  readonly profiles: Profiles;
  readonly ownAccount: OwnAccount;
  readonly care: PassphraseCare;
  #safety: Safety | undefined;
  readonly #services: Services;
  readonly #inbox: Inbox;
  readonly #early: EarlyContents;
  readonly #expiry: Expiry;
  readonly #devices: OwnDevices;
  readonly #counter: StartCounter;
  #cancelParts: (() => void) | undefined;
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
    const { clock, random, origin } = ports;
    const { own, session, record, conversations, directory } = made;
    this.#parts = parts;
    this.own = own;
    this.record = record;
    this.conversations = conversations;
    this.connection = new Connection(ports, {
      token: () => session.token(),
      tokenRefused: () => session.refused(),
      raiseCounter: () => this.#counter.raise(),
      opening: () => this.#inbox.hold(),
      welcomed: (welcome) => this.#welcomed(welcome),
      pushed: (frame) => this.#pushed(frame),
      state: (state) => this.#connectionState(state),
      ended: (code) => parts.watcher.ended(code === 'session-ended' ? 'removed' : 'too-old'),
    });
    const { connection } = this;
    this.care = new PassphraseCare(db, clock, () => parts.watcher.peopleChanged());
    const { care } = this;
    const base = { origin, clock, random, background, db, rest, care, ...made };
    const sessions = new Sessions(engine, db, own, clock);
    const anonymous = new AnonymousConnection(ports.openSocket, clock);
    const people = new People(db, rest, session, anonymous, record, directory);
    const outbox = new Outbox({ ...base, sessions, anonymous, people, connection });
    this.#early = new EarlyContents(db, clock);
    const amending = new Amending({ ...base, outbox, early: this.#early });
    this.#expiry = new Expiry({ ...base, amending });
    const receipts = new Receipts(db, clock, random, background, outbox);
    this.#services = {
      ...base,
      sessions,
      anonymous,
      people,
      outbox,
      receipts,
      amending,
      readProfile: (account) => this.profiles.read(account),
      peopleChanged: () => parts.watcher.peopleChanged(),
    };
    this.talk = new Talk(this.#services);
    this.profiles = new Profiles(this.#services);
    this.ownAccount = new OwnAccount(this.#services, ports.keyring);
    this.#counter = new StartCounter(this.#services);
    this.#devices = new OwnDevices({ ...base, engine, exchanged: () => this.caught('foreign-keys') });
    this.#inbox = new Inbox({
      ...this.#services,
      tell: (frame) => connection.tell(frame),
      faulted: () => connection.restart(),
    });
    people.onCaught = (what) => {
      // What a reset of this device brought into force looks foreign until it is settled.
      if (this.own.value.removals?.some(({ accountKey }) => accountKey !== undefined) !== true) {
        this.caught(what);
      }
    };
    directory.onOwnList = () => this.#ownListChanged();
    directory.changedKeys.onChange = (account) =>
      background.run(outbox.recheck(account), 'look again at what waits after a key change');
  }

  /** Loads a device from its database. Nothing is connected yet. */
  static async load(parts: HomeParts): Promise<Home> {
    const { ports, engine, rest, db, background, watcher } = parts;
    const own = new OwnKeeper(engine, parts.own);
    const session = new Session(ports, rest, own.value.device, parts.session);
    // Readings do not wait for each other: one after the other, each would cost a start the way to the disk and back.
    const people = Directory.read(db);
    people.catch(() => undefined);
    const [found, conversations] = await Promise.all([
      db.read([T.record], (tx) => tx.get(T.record, 'record')),
      Conversations.load(db, ports.clock, watcher),
    ]);
    if (found === undefined) throw new CoreError('storage-damaged', 'no account record');
    const { value, isOld } = await readRecord(found.plain);
    const stored = isOld ? { ...found, plain: encodeRecord(value), dirty: true } : found;
    if (isOld) await db.write([T.record], async (tx) => tx.put(T.record, 'record', stored));
    const later: { home?: Home } = {};
    const record = new RecordKeeper(
      {
        db,
        rest,
        clock: ports.clock,
        background,
        account: own.value.account,
        recordKey: () => keyFrom<RecordKey>(own.value.recordKey),
        isKeyCurrent: () => later.home === undefined || hasCurrentRecordKey(later.home.#services),
        awaitsKey: async () => later.home !== undefined && (await later.home.#awaitsRecordKey()),
        token: () => session.token(),
        changed: () => later.home?.recordChanged(),
        uploaded: (version) => later.home?.recordUploaded(version),
        contradicted: () => later.home?.caught('older-state'),
        outdated: () => watcher.peopleChanged(),
      },
      stored,
      value,
    );
    const directory = await Directory.load(db, ports.clock, record, conversations, own, people);
    const home = new Home(parts, { own, session, record, conversations, directory });
    later.home = home;
    const { outbox, receipts } = home.#services;
    await Promise.all([
      outbox.load(),
      receipts.load(),
      home.#early.load(),
      home.care.load(),
      home.#bringToLayout(),
    ]);
    await home.#expiry.start();
    await home.#ensureConversations();
    await home.#followRecord();
    await noteDevices(home.#services);
    return home;
  }

  /** Brings rows of an older layout to where they are looked for now. */
  async #bringToLayout(): Promise<void> {
    const { db } = this.#parts;
    if ((await db.read([T.layout], (tx) => tx.get(T.layout, 'layout'))) === LAYOUT) return;
    const { rekeySessions } = await fetchPart(() => import('./sessions/rekey.ts'));
    await rekeySessions(db, this.own.value.list);
  }

  get db(): SealedDb {
    return this.#parts.db;
  }

  get directory(): Directory {
    return this.#services.directory;
  }
  /** Following invites; fetched when it is first wanted. Throws `CoreError` `offline`. */
  async meeting(): Promise<Meeting> {
    const { Meeting } = await fetchPart(() => import('./account/meeting.ts'));
    return (this.#meeting ??= new Meeting(this.#services));
  }

  /** Giving invites; fetched when it is first wanted. Throws `CoreError` `offline`. */
  async giving(): Promise<Giving> {
    const { Giving } = await fetchPart(() => import('./account/giving.ts'));
    return (this.#giving ??= new Giving(this.#services));
  }

  /** People besides invites; fetched when it is first wanted. Throws `CoreError` `offline`. */
  async contacts(): Promise<Contacts> {
    const { Contacts } = await fetchPart(() => import('./contacts.ts'));
    return (this.#contacts ??= new Contacts(this.#services));
  }

  /** What a person does to messages that are there; fetched when it is first wanted. Throws `CoreError` `offline`. */
  async acts(): Promise<MessageActs> {
    const { MessageActs } = await fetchPart(() => import('./message-acts.ts'));
    return (this.#acts ??= new MessageActs(this.#services));
  }

  /** Comparing and deciding about keys; fetched when it is first wanted. Throws `CoreError` `offline`. */
  async safety(): Promise<Safety> {
    const { Safety } = await fetchPart(() => import('./safety/safety.ts'));
    return (this.#safety ??= new Safety(this.#services));
  }

  /** What was written before a key change and waits for the person. */
  held(account: AccountId): ReturnType<HeldEntries['of']> {
    return this.#services.outbox.held.of(account);
  }

  get account(): AccountId {
    return this.own.value.account;
  }

  /** Connects, and answers an invite that the sign-up came by. */
  start(): void {
    this.connection.start();
    // What a start does not need is at hand soon after it, also without a connection.
    this.#cancelParts = this.#parts.ports.clock.after(PARTS_AFTER_MS, () => {
      const parts = Promise.all([
        this.meeting(),
        this.giving(),
        this.contacts(),
        this.ownAccount.acts(),
        this.acts(),
        this.safety(),
        import('./account/merge.ts'),
        import('./account/rotation.ts'),
        import('./search/searching.ts'),
      ]);
      parts.catch(() => undefined);
    });
    const { answering } = this.own.value;
    if (answering !== undefined && answering.refused !== true) {
      const answered = this.meeting().then((meeting) =>
        this.#stopped ? undefined : meeting.answerLater(answering),
      );
      this.#parts.background.run(answered, 'answer an invite');
    }
  }

  /** The person has seen that the invite could not be answered. */
  async forgetInvite(): Promise<void> {
    if (this.own.value.answering?.refused !== true) return;
    await this.#parts.db.write([T.own], async (tx) => {
      this.own.change(tx, ({ answering: _seen, ...own }) => own);
      tx.after(() => this.#parts.watcher.peopleChanged());
    });
  }

  /** The server was caught at something. */
  caught(what: Caught): void {
    if (this.#stopped) return;
    this.#parts.background.run(noteCaught(this.#services, what), 'tell what the server was caught at');
  }

  /** The person has seen it. */
  seeAlert(id: AlertId): Promise<void> {
    return seeAlert(this.#services, id);
  }

  #ownListChanged(): void {
    if (this.#stopped) return;
    this.#parts.background.run(noteDevices(this.#services), 'tell of an added device');
  }

  /** Stops everything; what is stored stays. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancelMaintenance?.();
    const { outbox, receipts, anonymous } = this.#services;
    outbox.stop();
    receipts.stop();
    this.#expiry.stop();
    this.care.stop();
    this.#inbox.stop();
    this.record.stop();
    this.#meeting?.stop();
    this.#cancelParts?.();
    this.profiles.stop();
    this.conversations.stop();
    this.conversations.index.stop();
    this.connection.stop();
    anonymous.stop();
  }

  /** Lets go of the database. */
  close(): void {
    this.#parts.db.close();
  }

  /** Says goodbye to the server, if it answers. */
  async depart(): Promise<void> {
    try {
      await this.#devices.depart();
    } catch (error) {
      if (!isWireError(error) && !isCoreError(error)) throw error;
    }
  }

  recordChanged(): void {
    this.#parts.watcher.peopleChanged();
    this.#parts.background.run(this.#ensureConversations(), 'show new contacts');
    this.#parts.background.run(this.#followRecord(), 'follow what was decided about keys');
    if (this.own.value.removals !== undefined) {
      this.#parts.background.run(this.ownAccount.settle(), 'settle a removal');
    }
  }

  recordUploaded(version: number): void {
    if (!hasOtherDevices(this.#services)) return;
    this.#parts.background.run(this.#tellOwn({ what: 'record', version }), 'tell of the record');
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

  /** Another own device may have decided about somebody's key. */
  async #followRecord(): Promise<void> {
    const { directory } = this.#services;
    if (this.#stopped || !directory.changedKeys.lagsBehind) return;
    await this.#parts.db.write(DIRECTORY_TABLES, async (tx) => directory.changedKeys.followRecord(tx));
  }

  async #welcomed(welcome: Welcome): Promise<void> {
    this.#inbox.flushAcks();
    await this.#counter.compare(welcome.counter);
    this.#inbox.release();
    const { background } = this.#parts;
    if (welcome.listCounter !== this.#services.directory.ownView.counter) {
      background.run(this.#refreshOwnList(), 'read the own list');
    }
    if (welcome.recordVersion !== this.record.version) {
      background.run(this.#readRecord(), 'read the account record');
    }
    this.record.resume();
    this.care.look();
    this.#catchUp();
    this.#maintainSoon();
    for (const contact of this.record.contacts) {
      if (contact.state === 'accepted' && contact.name === undefined) {
        this.profiles.read(idOf<AccountId>(contact.account));
      }
    }
  }

  /** Deliveries that gave nothing. */
  async readFaults(): Promise<Counts> {
    const counts = await this.db.read([T.counts], (tx) => tx.get(T.counts, 'counts'));
    return counts ?? { unopened: 0, unproven: 0 };
  }

  /** Goes on with what a lost connection or a crash left undone about keys. */
  #catchUp(): void {
    const { background } = this.#parts;
    if (this.own.value.removals !== undefined) {
      const settled = this.ownAccount.settle().then(() => this.#refreshOwnList());
      background.run(settled.catch(untilLater), 'settle a removal');
    }
    background.run(this.ownAccount.refreshResets().catch(untilLater), 'ask for resets');
    background.run(this.#publish().catch(untilLater), 'publish the profile');
    if (!hasCurrentRecordKey(this.#services)) {
      background.run(this.#tellOwn({ what: 'record-key-wanted' }), 'ask for the record key');
    }
  }

  async #publish(): Promise<void> {
    if (this.own.value.publishing !== true) return;
    const { publishProfile } = await fetchPart(() => import('./account/rotation.ts'));
    await publishProfile(this.#services);
  }

  /** Whether another device has replaced the record key since. */
  async #awaitsRecordKey(): Promise<boolean> {
    await this.#refreshOwnList();
    return !hasCurrentRecordKey(this.#services);
  }

  async #tellOwn(body: Sync): Promise<void> {
    const { db, ports } = this.#parts;
    await db.write([T.outbox], async (tx) =>
      this.#services.outbox.add(tx, {
        to: this.account,
        content: { kind: 'sync', body },
        id: idOf<MessageId>(ports.random(16)),
        sentAt: ports.clock.now(),
      }),
    );
  }

  #pushed(frame: PushedFrame): void {
    const { background } = this.#parts;
    switch (frame.kind) {
      case 'deliver':
        this.#inbox.push(frame);
        return;
      case 'drained':
        this.#inbox.drained();
        return;
      case 'notice':
        switch (frame.what) {
          case 'record':
            background.run(this.#readRecord(), 'read the account record');
            return;
          case 'list':
            background.run(this.#refreshOwnList(), 'read the own list');
            return;
          case 'prekeys-low':
            background.run(this.#devices.maintain(), 'look after prekeys');
            return;
          case 'reset':
            background.run(this.#readResets(), 'ask for resets');
            return;
          case 'credentials':
            return;
        }
    }
  }

  // What a server can make this device read without end is read once at a time.
  readonly #readRecord = oneAtATime(() => this.record.refresh());
  readonly #readResets = oneAtATime(() => this.ownAccount.refreshResets());
  readonly #refreshOwnList = oneAtATime(() => this.#readOwnList());

  /** Reads the own list; a signed list without this device ends it. */
  async #readOwnList(): Promise<void> {
    const { list } = await this.#services.people.fetchOwn();
    if (!list.devices.some(({ device }) => device === this.own.value.device)) {
      this.#parts.watcher.ended('removed');
      return;
    }
    await this.ownAccount.settle();
    this.#parts.watcher.peopleChanged();
  }

  #connectionState(state: ConnectionState): void {
    this.#parts.watcher.connection(state);
    if (state.kind === 'online') this.#services.outbox.kickAll();
    if (state.kind === 'offline') this.#services.anonymous.drop();
  }

  #maintainSoon(): void {
    const { ports, background } = this.#parts;
    this.#cancelMaintenance?.();
    const again = (): void => {
      this.#cancelMaintenance = ports.clock.after(6 * HOUR_MS, () => this.#maintainSoon());
    };
    background.run(
      Promise.all([this.#devices.maintain(), this.#services.outbox.sweep()])
        .catch((error: unknown) => {
          if (!isRepeatable(error)) throw error;
        })
        .finally(again),
      'look after prekeys',
    );
  }
}
