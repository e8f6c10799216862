/**
 * A signed-in device at work: everything that it is made of, wired once, started and stopped as one. What it shows goes to a watcher;
 * what it is asked to do stands here and in the files that it names.
 */
import { isWireError } from '@tacet/protocol/errors';
import type { AccountId } from '@tacet/protocol/ids';
import type { SessionReply } from '@tacet/protocol/rest/sessions';
import { keyFrom, type RecordKey } from '@tacet/crypto/vault';
import { keepRecordReceipt } from './account/kept-receipts.ts';
import { OwnAccount } from './account/own-account.ts';
import { PassphraseCare } from './account/passphrase-care.ts';
import { Profiles } from './account/profiles.ts';
import { RecordKeeper } from './account/record.ts';
import { isSettled, mayBelieve, mayBringRecord, type ToldRestore } from './account/restores.ts';
import { encodeRecord, readRecord } from './account/record-form.ts';
import { hasCurrentRecordKey } from './account/record-key.ts';
import { Alerts } from './account/alerts.ts';
import { Session } from './account/session.ts';
import { StartCounter } from './account/start-counter.ts';
import { Conversations } from './conversations/conversations.ts';
import { LAYOUT } from './db/migrations.ts';
import type { SealedDb } from './db/sealed.ts';
import { T } from './db/stores.ts';
import type { Counts } from './db/stored-device.ts';
import { OwnDevices } from './devices.ts';
import { Directory } from './people/directory.ts';
import { CoreError, fetchPart, isCoreError } from './failure.ts';
import type { HomeParts } from './home-parts.ts';
import { LateParts } from './late-parts.ts';
import { Inbox } from './messages/inbox.ts';
import type { HeldEntries } from './messages/held-entries.ts';
import { Outbox } from './messages/outbox.ts';
import { Amending } from './messages/amending.ts';
import { EarlyContents } from './messages/early.ts';
import { ToldQuotes } from './messages/told-quotes.ts';
import { Receipts } from './messages/receipts.ts';
import { Expiry } from './expiry.ts';
import { OwnKeeper } from './own.ts';
import { People } from './people.ts';
import type { Ports } from './ports.ts';
import { confirmEncounter, endEncounter } from './safety/encounters.ts';
import { closeShownCodes } from './safety/shown-codes.ts';
import type { Services } from './services.ts';
import { Sessions } from './sessions/sessions.ts';
import { Talk } from './talk.ts';
import { AnonymousConnection } from './transport/anonymous.ts';
import { Connection } from './transport/connection.ts';
import { TwoClocks } from './two-clocks.ts';
import { Upkeep } from './upkeep.ts';

/** A signed-in device. */
export class Home {
  readonly #parts: HomeParts;
  readonly own: OwnKeeper;
  readonly record: RecordKeeper;
  readonly conversations: Conversations;
  readonly connection: Connection;
  readonly talk: Talk;
  readonly profiles: Profiles;
  readonly ownAccount: OwnAccount;
  readonly care: PassphraseCare;
  readonly alerts: Alerts;
  readonly late: LateParts;
  readonly #services: Services;
  readonly #inbox: Inbox;
  readonly #early: EarlyContents;
  readonly #told: ToldQuotes;
  readonly #expiry: Expiry;
  readonly #devices: OwnDevices;
  readonly #counter: StartCounter;
  readonly #upkeep: Upkeep;
  #stopped = false;

  private constructor(
    parts: HomeParts,
    made: {
      readonly own: OwnKeeper;
      readonly twoClocks: TwoClocks;
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
      hurries: () => this.late.isInCall,
      opening: () => this.#inbox.hold(),
      welcomed: (welcome) => this.#upkeep.welcomed(welcome),
      pushed: (frame) => this.#upkeep.pushed(frame),
      serverTime: (at) => this.#upkeep.serverTime(at),
      state: (state) => this.#upkeep.connectionState(state),
      ended: (code) => parts.watcher.ended(code === 'session-ended' ? 'removed' : 'too-old'),
    });
    const { connection } = this;
    this.care = new PassphraseCare(db, clock, () => parts.watcher.peopleChanged());
    const { care } = this;
    const base = { origin, clock, random, background, db, rest, care, ...made };
    const sessions = new Sessions(engine, db, own, clock);
    const anonymous = new AnonymousConnection(ports.openSocket, clock);
    const people = new People(db, rest, session, anonymous, record, directory, clock);
    const outbox = new Outbox({ ...base, sessions, anonymous, people, connection });
    this.#early = new EarlyContents(db, clock);
    this.#told = new ToldQuotes(db);
    const amending = new Amending({ ...base, outbox, early: this.#early, told: this.#told });
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
      keysTold: (account) => {
        people.told(account);
        outbox.kickAgain(account);
      },
      readProfile: (account) => this.profiles.read(account),
      peopleChanged: () => parts.watcher.peopleChanged(),
      saidInCall: (said) => this.late.saidInCall(said),
      receiptsDue: () => this.#upkeep.receiptsDue(),
    };
    this.alerts = new Alerts(this.#services, () => this.#upkeep.lookAgain());
    this.talk = new Talk(this.#services);
    this.profiles = new Profiles(this.#services);
    this.ownAccount = new OwnAccount(this.#services, ports.keyring);
    this.#counter = new StartCounter(this.#services);
    this.#devices = new OwnDevices({ ...base, engine, exchanged: () => this.alerts.caught('foreign-keys') });
    this.#inbox = new Inbox({
      ...this.#services,
      tell: (frame) => connection.tell(frame),
      faulted: () => connection.restart(),
    });
    this.late = new LateParts(this.#services, {
      engine,
      ports,
      show: (call) => parts.watcher.call(call),
    });
    this.#upkeep = new Upkeep(this.#services, {
      watcher: parts.watcher,
      inbox: this.#inbox,
      counter: this.#counter,
      devices: this.#devices,
      profiles: this.profiles,
      ownAccount: this.ownAccount,
    });
    made.session.onRestore = (restore, challenge) => this.#comeBack(restore, challenge);
    people.onCaught = (what, list) => this.alerts.caughtAt(what, list);
    directory.onOwnList = () => this.alerts.follow();
    directory.changedKeys.onChange = (account) =>
      background.run(outbox.recheck(account), 'look again at what waits after a key change');
  }

  /** Loads a device from its database. Nothing is connected yet. */
  static async load(parts: HomeParts): Promise<Home> {
    const { ports, engine, rest, db, background, watcher } = parts;
    const own = new OwnKeeper(engine, parts.own);
    const twoClocks = new TwoClocks(ports.clock);
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
    const later: { home?: Home; upkeep?: Upkeep } = {};
    const record = new RecordKeeper(
      {
        db,
        rest,
        clock: ports.clock,
        twoClocks,
        background,
        account: own.value.account,
        recordKey: () => keyFrom<RecordKey>(own.value.recordKey),
        isKeyCurrent: () => later.home === undefined || hasCurrentRecordKey(later.home.#services),
        awaitsKey: async () => (await later.upkeep?.awaitsRecordKey()) === true,
        token: () => session.token(),
        changed: () => later.upkeep?.recordChanged(),
        uploaded: (version) => later.upkeep?.recordUploaded(version),
        taken: () => later.upkeep?.receiptsDue(),
        contradicted: () => later.home?.alerts.caught('older-state'),
        outdated: () => watcher.peopleChanged(),
        mayBring: () => mayBringRecord(own.value, ports.clock.now()),
        brought: () => later.upkeep?.recordBrought(),
        keepReceipt: keepRecordReceipt,
        receiptOf: async (version) => {
          const kept = await db.read([T.receiptsKept], (tx) => tx.get(T.receiptsKept, 'receipts'));
          return kept?.record.version === version ? kept.record.receipt : undefined;
        },
      },
      stored,
      value,
    );
    const directory = await Directory.load(db, ports.clock, record, conversations, own, people);
    const home = new Home(parts, { own, twoClocks, session, record, conversations, directory });
    later.home = home;
    later.upkeep = home.#upkeep;
    const { outbox, receipts } = home.#services;
    await Promise.all([
      outbox.load().then(() => receipts.load()),
      home.#early.load(),
      home.care.load(),
      home.#told.load(),
    ]);
    await home.#bringToLayout();
    await closeShownCodes(home.#services);
    await home.#expiry.start();
    await home.#upkeep.ensureConversations();
    await home.#upkeep.followRecord();
    await home.alerts.noteDevices();
    return home;
  }

  /** Brings rows of an older layout to where they are looked for now. */
  async #bringToLayout(): Promise<void> {
    const { db } = this.#parts;
    const layout = await db.read([T.layout], (tx) => tx.get(T.layout, 'layout'));
    if (layout === LAYOUT) return;
    const { bringToLayout } = await fetchPart(() => import('./layout.ts'));
    await bringToLayout({ ...this.#services, early: this.#early, told: this.#told }, layout ?? 0);
  }

  /** The server says that it was restored from a backup. */
  async #comeBack(restore: ToldRestore, challenge: Uint8Array): Promise<SessionReply | undefined> {
    const { own } = this;
    const { engine, ports } = this.#parts;
    if (isSettled(own.value, restore.epoch) || !mayBelieve(own.value, ports.clock.now())) return undefined;
    const { comeBack } = await fetchPart(() => import('./account/restored.ts'));
    return comeBack({ services: this.#services, engine, ports }, restore, challenge);
  }

  get db(): SealedDb {
    return this.#parts.db;
  }

  get directory(): Directory {
    return this.#services.directory;
  }

  get twoClocks(): TwoClocks {
    return this.#services.twoClocks;
  }

  get clock(): Ports['clock'] {
    return this.#parts.ports.clock;
  }

  /** The other person of a scanned code is there. */
  confirmEncounter(id: string, number: string): Promise<boolean> {
    return confirmEncounter(this.#services, id, number);
  }

  /** He is not, or it has been seen what came of it. */
  endEncounter(id: string): Promise<void> {
    return endEncounter(this.#services, id);
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
    this.late.fetchSoon(this.ownAccount);
    this.#parts.background.run(this.late.goOnRinging(), 'go on with a ring');
    const { answering } = this.own.value;
    if (answering !== undefined && answering.refused !== true) {
      const answered = this.late
        .meeting()
        .then((meeting) => (this.#stopped ? undefined : meeting.answerLater(answering)));
      this.#parts.background.run(answered, 'answer an invite');
    }
  }

  /** Stops everything; what is stored stays. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#upkeep.stop();
    await this.late.leaveCall(() => this.connection.online);
    const { outbox, receipts, anonymous } = this.#services;
    outbox.stop();
    receipts.stop();
    this.#expiry.stop();
    this.care.stop();
    this.#inbox.stop();
    this.record.stop();
    this.late.stop();
    this.alerts.stop();
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

  /** Deliveries that gave nothing. */
  async readFaults(): Promise<Counts> {
    const counts = await this.db.read([T.counts], (tx) => tx.get(T.counts, 'counts'));
    return counts ?? { unopened: 0, unproven: 0 };
  }
}
