/**
 * The façade of core: opens a client over its ports, owns the one signed-in device, serves views. Where several tabs share a device,
 * `tabs.ts` sees to it that one of them has a client; the database refuses a second one's writes.
 */
import { ready } from '@tacet/crypto';
import { normalisePassphrase, normaliseUsername } from '@tacet/crypto/vault';
import { generatePassphrase, estimateBits, MIN_PASSPHRASE_BITS } from '@tacet/crypto/passphrase';
import { NAME_MAX } from '@tacet/protocol/content/record';
import { idOf, parseAccountId, type AccountId, type MessageId } from '@tacet/protocol/ids';
import { readInvite as readInviteRoute, readServer as readServerRoute } from '@tacet/protocol/rest/people';
import { parseInviteLink } from './account/invites.ts';
import { IdleLock } from './account/idle-lock.ts';
import {
  destroyLocal,
  openLocalDatabase,
  opensLock,
  replaceLock,
  unlockLocalDatabase,
  type Found,
} from './account/local.ts';
import type { Joined, JoinNeeds } from './account/sign-up.ts';
import { Background } from './background.ts';
import { readDetails } from './details.ts';
import type { Engine } from './engine.ts';
import { CoreError, failureFrom, fetchPart, isCoreError } from './failure.ts';
import { Home } from './home.ts';
import type { Ports } from './ports.ts';
import { noteEmoji, readRecentEmoji } from './recent-emoji.ts';
import { LEVELS, Notices } from './notices.ts';
import { meOf, SharedState, ViewMirror } from './state.ts';
import { AnonymousConnection } from './transport/anonymous.ts';
import { Rest } from './transport/rest.ts';
import type { Commands, ConversationId, LockView, Progress, ViewState } from './view.ts';

/** One view of a client: its commands, and its own open conversation. */
export interface View {
  readonly commands: Commands;
  /** The commands for one call that may be repeated: what it makes gets its id from the key, so that it is made once. */
  keyed(key: MessageId): Commands;
  /** Whether the person looks at this view. */
  attend(attention: Attention): void;
  close(): void;
}

/** Whether a view can be seen, and whether what the person types goes there. */
export interface Attention {
  readonly visible: boolean;
  readonly focused: boolean;
}

/** A running client. */
export interface Client {
  /** Attaches a view; `show` is called at once with the whole state, then with the slices that changed. */
  attach(show: (slices: Partial<ViewState>) => void): View;
  /** Resolves once it is known whether somebody is signed in here. */
  readonly started: Promise<void>;
  /** Ends sockets and timers. What is stored stays. */
  close(): Promise<void>;
  /** Failures of work that nobody waited for: for tests and diagnostics. */
  readonly background: Background;
}

/**
 * Opens a client. It starts at once; what it finds is told by its state. `lost`: another client has claimed the database, and this one
 * writes nothing any more.
 */
export function openClient(ports: Ports, engine: Engine, lost: () => void = () => undefined): Client {
  const core = new Core(ports, engine, lost);
  core.begin();
  return core;
}

/** Least strength of the app lock, bits by the careful estimate that gives three listed words 21: every guess costs an Argon2id. */
const LOCK_MIN_BITS = 20;
/** A wipe waits this long for the server to hear of it. */
const GOODBYE_MS = 3_000;

class Core implements Client {
  readonly background = new Background();
  readonly #ports: Ports;
  readonly #engine: Engine;
  readonly #rest: Rest;
  readonly #state = new SharedState();
  /** Passphrases that were generated here: their strength is known. */
  readonly #generated = new Set<string>();
  readonly #lost: () => void;
  readonly #idle: IdleLock;
  /** What each view says about the person's attention. */
  readonly #attention = new Map<ViewMirror, Attention>();
  #notices: Notices | undefined;
  #ready: Promise<void>;
  #started: Promise<void> = Promise.resolve();
  #busy = false;
  #deleting = false;
  #closed = false;

  constructor(ports: Ports, engine: Engine, lost: () => void) {
    this.#lost = lost;
    this.#ports = ports;
    this.#engine = engine;
    this.#rest = new Rest(ports.http, ports.clock);
    this.#idle = new IdleLock(ports.clock, () => this.background.run(this.#lock(), 'lock'));
    this.#ready = ready({ random: ports.random, now: () => ports.clock.now() });
    this.#ready.catch(() => undefined);
  }

  begin(): void {
    this.#started = this.#start();
    this.background.run(this.#started, 'start');
  }

  get started(): Promise<void> {
    return this.#started;
  }

  attach(show: (slices: Partial<ViewState>) => void): View {
    const mirror = new ViewMirror(this.#state, show);
    const freshKey = (): MessageId => idOf<MessageId>(this.#ports.random(16));
    return {
      commands: this.#commands(mirror, freshKey),
      keyed: (key) => this.#commands(mirror, () => key),
      attend: (attention) => this.#attention.set(mirror, attention),
      close: () => {
        this.#attention.delete(mirror);
        mirror.close();
      },
    };
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#idle.set(undefined);
    const { home } = this.#state;
    this.#notices?.stop();
    this.#state.show(undefined);
    await home?.stop();
    home?.close();
  }

  async #start(): Promise<void> {
    const { session } = this.#state;
    try {
      // The database is opened while the cryptography is being loaded.
      const ready = this.#ready.then(() => {
        if (this.#closed) throw new CoreError('cancelled', 'closed while it was opened');
      });
      await this.#goOn(await openLocalDatabase(this.#ports, (error) => this.#broken(error), ready));
    } catch (error) {
      if (this.#closed) return;
      session.value = { kind: 'broken', failure: failureFrom(error) };
    }
  }

  async #goOn(found: Found): Promise<void> {
    const { session } = this.#state;
    switch (found.kind) {
      case 'empty':
        session.value = { kind: 'signed-out' };
        return;
      case 'locked':
        session.value = { kind: 'locked' };
        return;
      case 'device':
        this.#setLockState(found.lock);
        await this.#goHome(found, undefined);
    }
  }

  #setLockState(lock: LockView | undefined): void {
    this.#state.lock.value = lock;
    this.#idle.set(lock?.afterMs);
  }

  async #goHome(joined: Omit<Joined, 'session'>, session: Joined['session'] | undefined): Promise<void> {
    const state = this.#state;
    let home: Home;
    try {
      home = await this.#load(joined, session);
    } catch (error) {
      joined.db.close();
      throw error;
    }
    const isWatched = (): boolean => [...this.#attention.values()].some(({ focused }) => focused);
    if (this.#closed) {
      await home.stop();
      home.close();
      return;
    }
    const notices = new Notices(home, state, this.#ports.clock, this.#ports.notices, isWatched);
    this.#notices = notices;
    state.show(home);
    try {
      // The list is on its way to the views while what they want to see first is read.
      await Promise.all([notices.load(), state.openWishes()]);
    } catch (error) {
      notices.stop();
      this.#notices = undefined;
      state.show(undefined);
      await home.stop();
      home.close();
      throw error;
    }
    // Wiped, or broken, meanwhile: whoever did that has stopped this home.
    if (this.#closed || state.home !== home) return;
    state.session.value = { kind: 'signed-in', me: meOf(home) };
    home.start();
    this.background.run(
      this.#ports.persistStorage().then((persistent) => {
        state.persistent.value = persistent;
      }),
      'ask for lasting storage',
    );
  }

  #load(joined: Omit<Joined, 'session'>, session: Joined['session'] | undefined): Promise<Home> {
    const state = this.#state;
    return Home.load({
      ports: this.#ports,
      engine: this.#engine,
      rest: this.#rest,
      db: joined.db,
      own: joined.own,
      background: this.background,
      session,
      watcher: {
        touched: (account) => {
          state.touched(account);
          this.#notices?.touched(account);
        },
        lineChanged: (account, change) => state.lineChanged(account, change),
        peopleChanged: () => state.peopleChanged(),
        connection: (connection) => {
          state.connection.value = connection;
        },
        ended: (why) => this.background.run(this.#ended(why), 'end'),
      },
    });
  }

  /** The storage failed under core: what is in memory may be ahead of it, so nothing goes on. */
  #broken(error: unknown): void {
    const { home, session } = this.#state;
    if (home === undefined) return;
    if (isCoreError(error, 'cancelled')) this.#lost();
    session.value = { kind: 'broken', failure: failureFrom(error) };
    this.background.run(home.stop(), 'stop after a fault of the storage');
  }

  async #ended(why: 'removed' | 'too-old'): Promise<void> {
    // What follows a deletion is told by the deletion.
    if (this.#deleting) return;
    await this.#leaveHome(why === 'too-old' ? { kind: 'too-old' } : { kind: 'ended', why });
  }

  async #leaveHome(next: ViewState['session']): Promise<void> {
    const { home, session } = this.#state;
    this.#generated.clear();
    this.#notices?.withdrawAll();
    this.#notices?.stop();
    this.#notices = undefined;
    this.#state.show(undefined);
    session.value = next;
    await home?.stop();
    home?.close();
  }

  #home(): Home {
    const { home } = this.#state;
    if (home === undefined) throw new CoreError('not-signed-in', 'nobody is signed in');
    return home;
  }

  #conversation(id: ConversationId): { readonly home: Home; readonly id: AccountId } {
    const home = this.#home();
    const account = typeof id === 'string' ? parseAccountId(id) : undefined;
    if (account === undefined || home.conversations.get(account) === undefined) {
      throw new CoreError('conversation-unknown', 'no conversation of this id');
    }
    return { home, id: account };
  }

  /** Signing up or in: one at a time, only where nobody is signed in. */
  async #join(make: (needs: JoinNeeds) => Promise<Joined>): Promise<void> {
    const { session, progress } = this.#state;
    if (this.#busy || (session.value.kind !== 'signed-out' && session.value.kind !== 'ended')) {
      throw new CoreError('cancelled', 'signed in already, or about to be');
    }
    this.#busy = true;
    const { ports } = { ports: this.#ports };
    const anonymous = new AnonymousConnection(ports.openSocket, ports.clock);
    try {
      const joined = await make({
        ports,
        engine: this.#engine,
        rest: this.#rest,
        anonymous,
        progress: (step) => {
          progress.value = step;
        },
        onFault: (error) => this.#broken(error),
      });
      progress.value = { kind: 'connecting' };
      // The lock of a device that was here before went with it.
      this.#setLockState(undefined);
      this.#generated.clear();
      await this.#goHome(joined, joined.session).catch((error: unknown) => {
        // The account is made: another sign-up here would destroy this device of it.
        session.value = { kind: 'broken', failure: failureFrom(error) };
        throw error;
      });
    } finally {
      this.#busy = false;
      progress.value = undefined;
      anonymous.stop();
    }
  }

  async #requireStrong(passphrase: string, username: string): Promise<void> {
    if (this.#generated.has(normalisePassphrase(passphrase))) return;
    if ((await estimateBits(passphrase, [username])) < MIN_PASSPHRASE_BITS) {
      throw new CoreError('passphrase-weak', 'below the least strength');
    }
  }

  /** Takes everything out of memory; the key is behind the passphrase. */
  async #lock(): Promise<void> {
    if (this.#state.lock.value === undefined || this.#state.home === undefined) return;
    this.#idle.set(undefined);
    await this.#leaveHome({ kind: 'locked' });
  }

  /** Work with a passphrase keeps this worker from answering: the other tabs are told, or they would take its owner for dead. */
  async #slowly<Value>(work: () => Promise<Value>): Promise<Value> {
    const { progress } = this.#state;
    const shown: Progress = { kind: 'stretching' };
    progress.value = shown;
    try {
      return await work();
    } finally {
      if (progress.value === shown) progress.value = undefined;
    }
  }

  async #unlock(passphrase: string): Promise<void> {
    const { session } = this.#state;
    if (this.#busy || session.value.kind !== 'locked') throw new CoreError('cancelled', 'not locked');
    this.#busy = true;
    try {
      await this.#slowly(async () =>
        this.#goOn(await unlockLocalDatabase(this.#ports, passphrase, (error) => this.#broken(error))),
      );
    } finally {
      this.#busy = false;
    }
  }

  async #setLock(passphrase: string, afterMs: number | undefined): Promise<void> {
    const home = this.#home();
    if ((await estimateBits(passphrase, [home.own.value.username])) < LOCK_MIN_BITS) {
      throw new CoreError('passphrase-weak', 'below the least strength of a lock');
    }
    await this.#slowly(() => replaceLock(this.#ports, home.db, { passphrase, afterMs }));
    this.#setLockState({ afterMs });
  }

  async #clearLock(passphrase: string): Promise<void> {
    const home = this.#home();
    if (!(await this.#slowly(() => opensLock(this.#ports, passphrase)))) {
      throw new CoreError('passphrase-wrong', 'the lock does not open');
    }
    await replaceLock(this.#ports, home.db, undefined);
    this.#setLockState(undefined);
  }

  async #deleteAccount(passphrase: string): Promise<void> {
    this.#deleting = true;
    try {
      const home = this.#home();
      await this.#slowly(() => home.ownAccount.deleteAccount(passphrase));
      await this.#wipe('deleted');
    } finally {
      this.#deleting = false;
    }
  }

  /** Forgets this device here. What the server is told goes out beside it and stops nothing. */
  async #wipe(why: 'signed-out' | 'deleted'): Promise<void> {
    this.#setLockState(undefined);
    await this.#leaveHome({ kind: 'ended', why });
    try {
      await destroyLocal(this.#ports);
    } catch (error) {
      // It is not gone, whatever the screen said.
      this.#state.session.value = { kind: 'broken', failure: failureFrom(error) };
      throw error;
    }
  }

  async #wipeNow(): Promise<void> {
    const { home, connection } = this.#state;
    if (home !== undefined && connection.value.kind === 'online') {
      let cancel: (() => void) | undefined;
      const late = new Promise<void>((resolve) => {
        cancel = this.#ports.clock.after(GOODBYE_MS, resolve);
      });
      await Promise.race([home.depart(), late]);
      cancel?.();
    }
    await this.#wipe('signed-out');
  }

  /** Says goodbye and wipes this device; where the storage is broken, the wiping alone. */
  async #signOut(): Promise<void> {
    if (this.#state.session.value.kind !== 'broken') await this.#home().depart();
    await this.#wipe('signed-out');
  }

  /** Reads the search index; what it lacks is added in the background. */
  async #prepareSearch(home: Home): Promise<void> {
    const { indexing } = this.#state;
    const { conversations } = home;
    await conversations.index.load();
    if (conversations.index.isComplete || indexing.value !== undefined) return;
    const built = conversations.index.build(conversations.all(), (done, total) => {
      indexing.value = { done, total };
    });
    indexing.value = { done: 0, total: 0 };
    this.background.run(
      built
        .then(() => undefined)
        .finally(() => {
          indexing.value = undefined;
        }),
      'add messages to the search index',
    );
  }

  #commands(mirror: ViewMirror, key: () => MessageId): Commands {
    return {
      readServer: async () => {
        const { name, inviteOnly, fresh } = await this.#rest.call(readServerRoute);
        return { name, inviteOnly, fresh };
      },
      readInvite: async (link) => {
        const { code } = parseInviteLink(link, this.#ports.origin);
        const reply = await this.#rest.call(readInviteRoute, { params: { code } });
        return { link, inviterUsername: reply.inviter?.username, expiresAt: reply.expiresAt };
      },
      suggestPassphrase: async () => {
        await this.#ready;
        const passphrase = await generatePassphrase();
        this.#generated.add(normalisePassphrase(passphrase));
        return passphrase;
      },
      estimatePassphrase: async (passphrase) => {
        await this.#ready;
        const bits = await estimateBits(passphrase);
        const enough = bits >= MIN_PASSPHRASE_BITS || this.#generated.has(normalisePassphrase(passphrase));
        return { bits, enough };
      },
      signUp: async (request) => {
        await this.#ready;
        const username = normaliseUsername(request.username);
        const name = shownName(request.name, username);
        await this.#requireStrong(request.passphrase, username);
        const { makeAccount } = await fetchPart(() => import('./account/sign-up.ts'));
        await this.#join((needs) => makeAccount(needs, { ...request, username, name }));
      },
      signIn: async ({ username, passphrase }) => {
        await this.#ready;
        const { joinAccount } = await fetchPart(() => import('./account/sign-in.ts'));
        await this.#join((needs) =>
          joinAccount(needs, { username: normaliseUsername(username), passphrase }),
        );
      },
      signOut: () => this.#signOut(),
      makeInvite: async (use = 'link') => (await this.#home().giving()).make(use),
      offerInvite: async () => (await this.#home().giving()).offer(),
      noteGivenInvite: async (link) => (await this.#home().giving()).noteGiven(link),
      readOwnInvites: async () => (await this.#home().giving()).list(),
      withdrawInvite: async (link) => (await this.#home().giving()).withdraw(link),
      followInvite: async (link) => (await this.#home().meeting()).followInvite(link),
      seeRefusedInvite: async () => this.#home().forgetInvite(),
      seeRollback: async () => this.#home().seeRollback(),
      startConversation: async (username) => (await this.#home().contacts()).startConversation(username),
      openConversation: async (conversation, at) => {
        if (this.#state.session.value.kind === 'starting') {
          mirror.wish(conversation, at);
          await this.#started;
        }
        if (conversation === undefined) {
          mirror.closeConversation();
          return;
        }
        await mirror.openConversation(this.#conversation(conversation).id, at);
      },
      loadEarlier: async (conversation) => mirror.loadEarlier(this.#conversation(conversation).id),
      loadLater: async (conversation) => mirror.loadLater(this.#conversation(conversation).id),
      readDetails: async (conversation, order) => {
        const { home, id } = this.#conversation(conversation);
        return readDetails(home, id, order);
      },
      prepareSearch: () => this.#prepareSearch(this.#home()),
      stopIndexing: async () => this.#home().conversations.index.stop(),
      searchMessages: async (query, within) => {
        const only = within === undefined ? undefined : this.#conversation(within).id;
        const { searchMessages } = await fetchPart(() => import('./search/searching.ts'));
        return searchMessages(this.#home(), query, only);
      },
      acceptRequest: async (conversation) => {
        const { home, id } = this.#conversation(conversation);
        await home.talk.acceptRequest(id);
      },
      block: async (conversation) => {
        const { home, id } = this.#conversation(conversation);
        await (await home.contacts()).block(id);
      },
      unblock: async (conversation) => {
        const { home, id } = this.#conversation(conversation);
        await (await home.contacts()).unblock(id);
      },
      sendText: async (conversation, text, reply) => {
        const { home, id } = this.#conversation(conversation);
        home.directory.requireUnblocked(id);
        const message = await home.talk.sendText(id, text, key(), reply);
        await mirror.showLatest(id);
        return message;
      },
      editMessage: async (conversation, message, text) => {
        const { home, id } = this.#conversation(conversation);
        await (await home.acts()).edit(id, message, text);
      },
      react: async (conversation, message, emoji) => {
        const { home, id } = this.#conversation(conversation);
        await (await home.acts()).react(id, message, emoji);
      },
      deleteForEveryone: async (conversation, message) => {
        const { home, id } = this.#conversation(conversation);
        await (await home.acts()).deleteForEveryone(id, message);
      },
      deleteForMe: async (conversation, messages) => {
        const { home, id } = this.#conversation(conversation);
        await (await home.acts()).deleteForMe(id, messages);
      },
      clearHistory: async (conversation) => {
        const { home, id } = this.#conversation(conversation);
        await (await home.acts()).clearHistory(id);
      },
      setTimer: async (conversation, seconds) => {
        const { home, id } = this.#conversation(conversation);
        await (await home.acts()).setTimer(id, seconds);
      },
      setPrivacy: async (privacy) => this.#home().talk.setPrivacy(privacy),
      setDefaultTimer: async (seconds) => (await this.#home().acts()).setDefaultTimer(seconds),
      readSafetyNumber: async (conversation) => {
        const { home, id } = this.#conversation(conversation);
        return (await home.safety()).read(id);
      },
      compareCode: async (conversation, scanned) => {
        const { home, id } = this.#conversation(conversation);
        return (await home.safety()).compare(id, scanned);
      },
      verify: async (conversation, digits) => {
        const { home, id } = this.#conversation(conversation);
        await (await home.safety()).verify(id, digits);
      },
      unverify: async (conversation) => {
        const { home, id } = this.#conversation(conversation);
        await (await home.safety()).unverify(id);
      },
      goOnUnverified: async (conversation, digits) => {
        const { home, id } = this.#conversation(conversation);
        await (await home.safety()).goOnUnverified(id, digits);
      },
      keepEarlierKey: async (conversation) => {
        const { home, id } = this.#conversation(conversation);
        await (await home.safety()).keepEarlierKey(id);
      },
      sendHeld: async (conversation, shownKey, message) => {
        const { home, id } = this.#conversation(conversation);
        await (await home.safety()).sendHeld(id, shownKey, message);
      },
      discardHeld: async (conversation, message) => {
        const { home, id } = this.#conversation(conversation);
        await (await home.acts()).discardHeld(id, message);
      },
      retrySend: async (message) => this.#home().talk.retrySend(message),
      markRead: async (conversation, order) => {
        const { home, id } = this.#conversation(conversation);
        await home.talk.markRead(id, order);
      },
      setTyping: async (conversation, on) => {
        const { home, id } = this.#conversation(conversation);
        home.talk.setTyping(id, on);
      },
      setDraft: async (conversation, text) => {
        const { home, id } = this.#conversation(conversation);
        await home.talk.setDraft(id, text);
      },
      setName: async (name) => {
        const home = this.#home();
        await home.profiles.setName(shownName(name, home.own.value.username));
      },
      setPicture: async (picture) => this.#home().profiles.setPicture(picture),
      readPicture: async (account) => this.#home().profiles.picture(account),
      readRecentEmoji: async () => readRecentEmoji(this.#home().db),
      noteEmoji: async (emoji) => noteEmoji(this.#home().db, emoji),
      renameDevice: async (device, name) => this.#home().ownAccount.renameDevice(device, name),
      removeDevice: async (device, passphrase) => {
        const { ownAccount } = this.#home();
        await this.#slowly(() => ownAccount.removeDevice(device, passphrase));
      },
      beginReset: async () => this.#home().ownAccount.beginReset(),
      cancelReset: async (passphrase) => {
        const { ownAccount } = this.#home();
        await this.#slowly(() => ownAccount.cancelReset(passphrase));
      },
      finishReset: async (passphrase) => {
        const home = this.#home();
        await this.#requireStrong(passphrase, home.own.value.username);
        await this.#slowly(() => home.ownAccount.finishReset(passphrase));
        this.#generated.clear();
      },
      changePassphrase: async ({ current, next }) => {
        const home = this.#home();
        await this.#requireStrong(next, home.own.value.username);
        await this.#slowly(() => home.ownAccount.changePassphrase(current, next));
        this.#generated.clear();
      },
      checkPassphrase: async (passphrase) => {
        const { ownAccount } = this.#home();
        await this.#slowly(() => ownAccount.checkPassphrase(passphrase));
      },
      postponePassphrase: async () => this.#home().care.postpone(),
      seePassphraseChange: async () => this.#home().care.seen(),
      deleteAccount: (passphrase) => this.#deleteAccount(passphrase),
      wipe: () => this.#wipeNow(),
      setLock: ({ passphrase, afterMs }) => this.#setLock(passphrase, afterMs),
      clearLock: (passphrase) => this.#clearLock(passphrase),
      lock: () => this.#lock(),
      unlock: (passphrase) => this.#unlock(passphrase),
      noteActivity: async () => this.#idle.active(),
      readFaults: async () => this.#home().readFaults(),
      setNotices: async (level) => {
        this.#home();
        if (LEVELS.includes(level)) await this.#notices?.setLevel(level);
      },
      findNoticed: async (token) => this.#notices?.find(token),
      connectNow: async () => this.#home().connection.connectNow(),
    };
  }
}

/** A name as it may be shown; the username where nothing is left of it. */
function shownName(name: string, username: string): string {
  const trimmed = name.normalize('NFC').trim().slice(0, NAME_MAX);
  return trimmed === '' ? username : trimmed;
}
