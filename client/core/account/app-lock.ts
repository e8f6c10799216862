/** The lock of this device: a passphrase of its own before the local key, asked for by the person, after idle time, and at each start. */
import { CoreError } from '../failure.ts';
import type { Home } from '../home.ts';
import type { Ports } from '../ports.ts';
import { slowly } from '../slow-work.ts';
import type { SharedState } from '../shown/state.ts';
import type { LockView } from '../view.ts';
import { IdleLock } from './idle-lock.ts';
import { opensLock, replaceLock, unlockLocalDatabase, type Found } from './local.ts';
import type { PassphraseStrength } from './passphrase-strength.ts';

/** What the lock needs. */
export interface AppLockNeeds {
  readonly ports: Ports;
  readonly state: SharedState;
  readonly strength: PassphraseStrength;
  /** The device at work. Throws where there is none. */
  home(): Home;
  /** Takes everything out of memory. */
  leave(): Promise<void>;
  /** Goes on with what is found behind the lock, one at a time, and shown as slow work. */
  enter(open: () => Promise<Found>): Promise<void>;
  readonly onFault: (error: unknown) => void;
  /** The idle time is over. */
  idle(): void;
}

export class AppLock {
  readonly #needs: AppLockNeeds;
  readonly #idle: IdleLock;

  constructor(needs: AppLockNeeds) {
    this.#needs = needs;
    this.#idle = new IdleLock(needs.ports.clock, () => needs.idle());
  }

  /** There is this lock from now on, or none. */
  show(lock: LockView | undefined): void {
    this.#needs.state.lock.value = lock;
    this.#idle.set(lock?.afterMs);
  }

  /** Somebody is at a view. */
  noteActivity(): void {
    this.#idle.active();
  }

  /** Ends the timer. */
  stop(): void {
    this.#idle.set(undefined);
  }

  /** Takes everything out of memory; the key is behind the passphrase. */
  async lock(): Promise<void> {
    const { state } = this.#needs;
    if (state.lock.value === undefined || state.home === undefined) return;
    this.stop();
    await this.#needs.leave();
  }

  async unlock(passphrase: string): Promise<void> {
    const { ports, onFault } = this.#needs;
    await this.#needs.enter(() => unlockLocalDatabase(ports, passphrase, onFault));
  }

  async set(passphrase: string, afterMs: number | undefined): Promise<void> {
    const { ports, state, strength } = this.#needs;
    const home = this.#needs.home();
    await strength.requireForLock(passphrase, home.own.value.username);
    await slowly(state, () => replaceLock(ports, home.db, { passphrase, afterMs }));
    this.show({ afterMs });
  }

  async clear(passphrase: string): Promise<void> {
    const { ports, state } = this.#needs;
    const home = this.#needs.home();
    if (!(await slowly(state, () => opensLock(ports, passphrase)))) {
      throw new CoreError('passphrase-wrong', 'the lock does not open');
    }
    await replaceLock(ports, home.db, undefined);
    this.show(undefined);
  }
}
