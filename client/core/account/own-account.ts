/**
 * What a person does to the own account as a whole, one act at a time. Naming devices stands here; what needs the passphrase or a due
 * reset is fetched when it is first wanted (`account-acts.ts`).
 */
import { equalBytes } from '@tacet/protocol/bytes';
import { isWireError } from '@tacet/protocol/errors';
import { idBytes, idOf, type DeviceId } from '@tacet/protocol/ids';
import { getResets } from '@tacet/protocol/rest/resets';
import { T } from '../db/stores.ts';
import { CoreError, fetchPart } from '../failure.ts';
import { KeyedLocks } from '../locks.ts';
import type { DeviceKeyring } from '../ports.ts';
import type { Services } from '../services.ts';
import { shownName } from '../shown-name.ts';
import type * as accountActs from './account-acts.ts';

type Acts = typeof accountActs;

/** A reset as the server tells of it. */
export interface AnnouncedReset {
  readonly device: DeviceId;
  readonly dueAt: number;
}

/** The account of this device, as its person governs it. */
export class OwnAccount {
  readonly #s: Services;
  readonly #locks = new KeyedLocks();
  readonly #keyring: DeviceKeyring;
  #resets: readonly AnnouncedReset[] = [];

  constructor(services: Services, keyring: DeviceKeyring) {
    this.#s = services;
    this.#keyring = keyring;
  }

  /** The resets that were announced, as last heard. */
  get resets(): readonly AnnouncedReset[] {
    return this.#resets;
  }

  /** Asks for the resets that were announced. */
  async refreshResets(): Promise<void> {
    const { rest, session } = this.#s;
    const { resets } = await session.with((token) => rest.call(getResets, { token }));
    this.#resets = resets.map(({ device, dueAt }) => ({ device: idOf(idBytes(device as DeviceId)), dueAt }));
    this.#s.peopleChanged();
  }

  /** Announces a reset by this device: the passphrase is lost. */
  beginReset(): Promise<void> {
    return this.#act(async ({ announceReset }) => {
      const announced = await announceReset(this.#s, this.#keyring);
      const others = this.#resets.filter(({ device }) => device !== announced.device);
      this.#resets = [...others, announced];
      this.#s.peopleChanged();
    });
  }

  /** Ends every reset with the passphrase. */
  cancelReset(passphrase: string): Promise<void> {
    return this.#act(async ({ endReset }) => {
      await endReset(this.#s, passphrase);
      await this.refreshResets();
    });
  }

  /** Finishes a reset of this device that is due, under a new passphrase. */
  finishReset(passphrase: string): Promise<void> {
    return this.#act(async ({ completeReset }) => {
      await completeReset(this.#s, this.#keyring, passphrase);
      await this.refreshResets();
    });
  }

  /** Names a device of the own list. An empty name takes the name away. */
  async renameDevice(device: DeviceId, name: string): Promise<void> {
    const { db, clock, directory, record } = this.#s;
    if (directory.deviceOf(directory.ownAccount, device) === undefined) return;
    const shown = shownName(name, '');
    const id = idBytes(device);
    await db.write([T.record], async (tx) =>
      record.change(tx, (held) => {
        const others = (held.devices ?? []).filter((named) => !equalBytes(named.device, id));
        const named = shown === '' ? [] : [{ device: id, name: shown, namedAt: clock.now() }];
        return { ...held, devices: [...others, ...named] };
      }),
    );
  }

  /**
   * Removes a device of the own list. Throws `CoreError` `passphrase-wrong`, `offline` and others; after a lost answer the same call
   * finds out whether it has happened.
   */
  removeDevice(device: DeviceId, passphrase: string): Promise<void> {
    const { directory } = this.#s;
    if (device === directory.ownDevice) throw new CoreError('unexpected', 'this device signs out instead');
    return this.#act(async ({ removeDevice }) => {
      await this.#s.people.fetchOwn();
      await this.settle();
      await removeDevice(this.#s, device, passphrase);
    });
  }

  /**
   * Puts another passphrase in force. Throws `CoreError` `passphrase-wrong` and others; after a lost answer the same call finds out
   * whether it has happened, by opening the vault with the new one.
   */
  changePassphrase(current: string, next: string): Promise<void> {
    return this.#act(({ changePassphrase }) => changePassphrase(this.#s, current, next));
  }

  /**
   * Whether this is the passphrase in force, without opening anything with it. Resolves if it is; throws `CoreError` `passphrase-wrong`
   * and others.
   */
  checkPassphrase(passphrase: string): Promise<void> {
    return this.#act(({ checkPassphrase }) => checkPassphrase(this.#s, passphrase));
  }

  /** Deletes the account on the server. Throws `CoreError` `passphrase-wrong` and others. */
  deleteAccount(passphrase: string): Promise<void> {
    return this.#act(({ requestDeletion }) => requestDeletion(this.#s, passphrase));
  }

  /** Puts into effect what happened while nobody saw the answer. */
  async settle(): Promise<void> {
    if (this.#s.own.value.removals === undefined) return;
    const { settleReset, settleRemovals } = await this.acts();
    if (!(await settleReset(this.#s))) await settleRemovals(this.#s);
  }

  /** The acts themselves. Throws `CoreError` `offline` where they do not come. */
  acts(): Promise<Acts> {
    return fetchPart(() => import('./account-acts.ts'));
  }

  /** One act at a time; a refusal for now says until when. */
  #act(work: (acts: Acts) => Promise<void>): Promise<void> {
    return this.#locks.run(['account'], async () => {
      try {
        await work(await this.acts());
      } catch (error) {
        throw withMoment(error, this.#s.clock.now());
      }
    });
  }
}

/** Gives a refusal that says when to try again as the moment of it, which is what a person is told. */
function withMoment(error: unknown, now: number): unknown {
  if (!isWireError(error) || error.retryAfterMs === undefined) return error;
  return new CoreError(error.code, 'refused for now', { cause: error, retryAt: now + error.retryAfterMs });
}
