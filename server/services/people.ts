/** How a stranger finds somebody: the directory entry of a name, one bundle per device. No pair of accounts is stored or logged. */
import { WireError } from '@tacet/protocol/errors';
import { idBytes, idOf, type AccountId, type DeviceId } from '@tacet/protocol/ids';
import type { AccountStore, Bundle, DeviceStore, Directory } from '../store/account-ports.ts';
import type { Prekeys } from './prekeys.ts';

interface Needs {
  readonly accounts: AccountStore;
  readonly devices: DeviceStore;
  readonly prekeys: Prekeys;
}

export class People {
  readonly #needs: Needs;

  constructor(needs: Needs) {
    this.#needs = needs;
  }

  /** Throws `WireError` `account-unknown`. */
  async lookup(username: string): Promise<Directory> {
    return known(await this.#needs.accounts.directoryOf(username));
  }

  /** Throws `WireError` `account-unknown`. */
  async directory(account: AccountId): Promise<Directory> {
    return known(await this.#needs.accounts.directory(idBytes(account)));
  }

  /** The entry and one bundle for each device, for an introduction. Throws `WireError` `account-unknown`. */
  async bundles(account: AccountId): Promise<{ readonly directory: Directory; readonly bundles: Bundle[] }> {
    const directory = await this.directory(account);
    const devices = await this.#needs.devices.active(idBytes(account));
    const bundles = await this.#needs.prekeys.handOut(devices.map((device) => idOf<DeviceId>(device)));
    return { directory, bundles };
  }
}

function known(directory: Directory | undefined): Directory {
  if (directory === undefined) throw new WireError('account-unknown', 'no such account');
  return directory;
}
