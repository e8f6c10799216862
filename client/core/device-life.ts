/**
 * The device of this browser from its start to its end: found in the database, or made by signing up or in; at work (`home.ts`); and
 * left, because it is locked, broken, ended by the server or wiped. There is one at a time.
 */
import { parseAccountId, type AccountId } from '@tacet/protocol/ids';
import { AppLock } from './account/app-lock.ts';
import { destroyLocal, openLocalDatabase, type Found } from './account/local.ts';
import type { Joined, JoinNeeds } from './account/sign-up.ts';
import type { CoreParts } from './core-parts.ts';
import { CoreError, failureFrom, isCoreError } from './failure.ts';
import { Home } from './home.ts';
import { Notices } from './notices.ts';
import { slowly } from './slow-work.ts';
import { meOf } from './shown/people.ts';
import { AnonymousConnection } from './transport/anonymous.ts';
import type { ConversationId, SessionState } from './view.ts';

/** A wipe waits this long for the server to hear of it. */
const GOODBYE_MS = 3_000;

export class DeviceLife {
  readonly lock: AppLock;
  readonly #parts: CoreParts;
  #notices: Notices | undefined;
  #isBusy = false;
  /** Ends when the device that was left last has let go of its database. */
  #leaving: Promise<unknown> = Promise.resolve();
  #isDeleting = false;
  #isClosed = false;

  constructor(parts: CoreParts) {
    this.#parts = parts;
    this.lock = new AppLock({
      ports: parts.ports,
      state: parts.state,
      strength: parts.strength,
      home: () => this.home(),
      leave: () => this.#leave({ kind: 'locked' }),
      enter: (open) =>
        this.#enter(['locked'], () =>
          slowly(parts.state, async () => {
            await this.#leaving;
            await this.#goOn(await open());
          }),
        ),
      onFault: (error) => this.#broken(error),
      idle: () => parts.background.run(this.lock.lock(), 'lock'),
    });
  }

  /** The notifications of the device at work. */
  get notices(): Notices | undefined {
    return this.#notices;
  }

  /** The device at work. Throws `CoreError` `not-signed-in` where there is none. */
  home(): Home {
    const { home } = this.#parts.state;
    if (home === undefined) throw new CoreError('not-signed-in', 'nobody is signed in');
    return home;
  }

  /** One of its conversations. Throws `CoreError` `conversation-unknown`. */
  conversation(id: ConversationId): { readonly home: Home; readonly id: AccountId } {
    const home = this.home();
    const account = typeof id === 'string' ? parseAccountId(id) : undefined;
    if (account === undefined || home.conversations.get(account) === undefined) {
      throw new CoreError('conversation-unknown', 'no conversation of this id');
    }
    return { home, id: account };
  }

  /** Begins with what the database has. */
  async start(): Promise<void> {
    const { ports, ready, state } = this.#parts;
    try {
      // The database is opened while the cryptography is being loaded.
      const isReady = ready.then(() => {
        if (this.#isClosed) throw new CoreError('cancelled', 'closed while it was opened');
      });
      await this.#goOn(await openLocalDatabase(ports, (error) => this.#broken(error), isReady));
    } catch (error) {
      if (this.#isClosed) return;
      state.session.value = { kind: 'broken', failure: failureFrom(error) };
    }
  }

  /** Signing up or in, where nobody is signed in. */
  async join(make: (needs: JoinNeeds) => Promise<Joined>): Promise<void> {
    const { ports, engine, rest, state, strength } = this.#parts;
    const { session, progress } = state;
    const { value } = session;
    if (value.kind === 'ended' && value.why === 'removed') {
      // The server's word alone has ended it: what is stored here goes when the person says so, and not with a new account.
      throw new CoreError('cancelled', 'a device is still here');
    }
    await this.#enter(['signed-out', 'ended'], async () => {
      const anonymous = new AnonymousConnection(ports.openSocket, ports.clock);
      try {
        const joined = await make({
          ports,
          engine,
          rest,
          anonymous,
          progress: (step) => {
            progress.value = step;
          },
          onFault: (error) => this.#broken(error),
        });
        progress.value = { kind: 'connecting' };
        // The lock of a device that was here before went with it.
        this.lock.show(undefined);
        strength.forget();
        await this.#goHome(joined, joined.session).catch((error: unknown) => {
          // The account is made: another sign-up here would destroy this device of it.
          session.value = { kind: 'broken', failure: failureFrom(error) };
          throw error;
        });
      } finally {
        progress.value = undefined;
        anonymous.stop();
      }
    });
  }

  async deleteAccount(passphrase: string): Promise<void> {
    this.#isDeleting = true;
    try {
      const home = this.home();
      await slowly(this.#parts.state, () => home.ownAccount.deleteAccount(passphrase));
      await this.#forget('deleted');
    } finally {
      this.#isDeleting = false;
    }
  }

  /** Says goodbye and wipes this device; where the storage is broken, the wiping alone. */
  async signOut(): Promise<void> {
    if (this.#parts.state.session.value.kind !== 'broken') await this.home().depart();
    await this.#forget('signed-out');
  }

  /** Wipes this device, whatever the server says to a goodbye. */
  async wipe(): Promise<void> {
    const { ports, state } = this.#parts;
    const { home, connection } = state;
    if (home !== undefined && connection.value.kind === 'online') {
      let cancel: (() => void) | undefined;
      const late = new Promise<void>((resolve) => {
        cancel = ports.clock.after(GOODBYE_MS, resolve);
      });
      await Promise.race([home.depart(), late]);
      cancel?.();
    }
    await this.#forget('signed-out');
  }

  /** Ends sockets and timers. What is stored stays. */
  async close(): Promise<void> {
    const { state } = this.#parts;
    this.#isClosed = true;
    this.lock.stop();
    const { home } = state;
    this.#notices?.stop();
    state.show(undefined);
    await home?.stop();
    home?.close();
  }

  /** Runs what brings somebody in: one at a time, and only from these states. */
  async #enter(from: readonly SessionState['kind'][], work: () => Promise<void>): Promise<void> {
    if (this.#isBusy || !from.includes(this.#parts.state.session.value.kind)) {
      throw new CoreError('cancelled', 'nobody can come in now');
    }
    this.#isBusy = true;
    try {
      await work();
    } finally {
      this.#isBusy = false;
    }
  }

  async #goOn(found: Found): Promise<void> {
    const { session } = this.#parts.state;
    switch (found.kind) {
      case 'empty':
        session.value = { kind: 'signed-out' };
        return;
      case 'locked':
        session.value = { kind: 'locked' };
        return;
      case 'device':
        this.lock.show(found.lock);
        await this.#goHome(found, undefined);
    }
  }

  async #goHome(joined: Omit<Joined, 'session'>, session: Joined['session'] | undefined): Promise<void> {
    const { ports, state, background, isWatched } = this.#parts;
    let home: Home;
    try {
      home = await this.#load(joined, session);
    } catch (error) {
      joined.db.close();
      throw error;
    }
    if (this.#isClosed) {
      await home.stop();
      home.close();
      return;
    }
    const notices = new Notices(home, state, ports.clock, ports.notices, isWatched);
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
    if (this.#isClosed || state.home !== home) return;
    state.session.value = { kind: 'signed-in', me: meOf(home) };
    home.start();
    background.run(
      ports.persistStorage().then((persistent) => {
        state.persistent.value = persistent;
      }),
      'ask for lasting storage',
    );
  }

  #load(joined: Omit<Joined, 'session'>, session: Joined['session'] | undefined): Promise<Home> {
    const { ports, engine, rest, state, background } = this.#parts;
    return Home.load({
      ports,
      engine,
      rest,
      db: joined.db,
      own: joined.own,
      background,
      session,
      watcher: {
        touched: (account) => {
          state.touched(account);
          this.#notices?.touched(account);
        },
        lineChanged: (account, change) => state.lineChanged(account, change),
        call: (call) => {
          state.call.value = call;
          // Whoever talks is there, though he touches nothing.
          if (call !== undefined) this.lock.noteActivity();
        },
        peopleChanged: () => state.peopleChanged(),
        connection: (connection) => {
          state.connection.value = connection;
        },
        ended: (why) => background.run(this.#ended(why), 'end'),
      },
    });
  }

  /** The storage failed under core: what is in memory may be ahead of it, so nothing goes on. */
  #broken(error: unknown): void {
    const { state, background, lost } = this.#parts;
    const { home, session } = state;
    if (home === undefined) return;
    if (isCoreError(error, 'cancelled')) lost();
    session.value = { kind: 'broken', failure: failureFrom(error) };
    background.run(home.stop(), 'stop after a fault of the storage');
  }

  async #ended(why: 'removed' | 'too-old'): Promise<void> {
    // What follows a deletion is told by the deletion.
    if (this.#isDeleting) return;
    await this.#leave(why === 'too-old' ? { kind: 'too-old' } : { kind: 'ended', why });
  }

  /** Takes everything out of memory. */
  async #leave(next: SessionState): Promise<void> {
    const { state, strength } = this.#parts;
    const { home, session } = state;
    strength.forget();
    this.#notices?.withdrawAll();
    this.#notices?.stop();
    this.#notices = undefined;
    state.show(undefined);
    session.value = next;
    const left = this.#letGo(home, next);
    this.#leaving = left.catch(() => undefined);
    await left;
  }

  async #letGo(home: Home | undefined, next: SessionState): Promise<void> {
    await home?.stop();
    // What the person did before the lock is refused by no lock.
    if (next.kind === 'locked') await home?.db.written();
    home?.close();
  }

  /** Forgets this device here. What the server is told goes out beside it and stops nothing. */
  async #forget(why: 'signed-out' | 'deleted'): Promise<void> {
    this.lock.show(undefined);
    await this.#leave({ kind: 'ended', why });
    try {
      await destroyLocal(this.#parts.ports);
    } catch (error) {
      // It is not gone, whatever the screen said.
      this.#parts.state.session.value = { kind: 'broken', failure: failureFrom(error) };
      throw error;
    }
  }
}
