/**
 * What a person does to the own account as a whole: naming devices, removing one, changing the passphrase. One act at a time; those that
 * need the account key ask for the passphrase and forget it when they are done.
 */
import { NAME_MAX } from '@tacet/protocol/content/record';
import { idBytes, type DeviceId } from '@tacet/protocol/ids';
import { equalBytes } from '@tacet/protocol/bytes';
import { T } from '../db/stores.ts';
import { CoreError } from '../failure.ts';
import { KeyedLocks } from '../locks.ts';
import type { Services } from '../services.ts';
import { withMoment, withOwnVault } from './own-vault.ts';
import { requestRemoval, settleRemovals } from './removal.ts';

/** The account of this device, as its person governs it. */
export class OwnAccount {
  readonly #s: Services;
  readonly #locks = new KeyedLocks();

  constructor(services: Services) {
    this.#s = services;
  }

  /** Names a device of the own list. An empty name takes the name away. */
  async renameDevice(device: DeviceId, name: string): Promise<void> {
    const { db, clock, directory, record } = this.#s;
    if (directory.deviceOf(directory.ownAccount, device) === undefined) return;
    const shown = name.normalize('NFC').trim().slice(0, NAME_MAX);
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
    return this.#act(async () => {
      await this.#s.people.fetchOwn();
      await this.settle();
      if (directory.deviceOf(directory.ownAccount, device) === undefined) return;
      await withOwnVault(this.#s, passphrase, (vault) => requestRemoval(this.#s, vault, device));
    });
  }

  /** Puts into effect what happened while nobody saw the answer. */
  settle(): Promise<void> {
    return settleRemovals(this.#s);
  }

  /** One act at a time; a refusal for now says until when. */
  #act(work: () => Promise<void>): Promise<void> {
    return this.#locks.run(['account'], async () => {
      try {
        await work();
      } catch (error) {
        throw withMoment(error, this.#s.clock.now());
      }
    });
  }
}
