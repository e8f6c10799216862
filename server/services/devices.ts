/**
 * The device list and what hangs on it. The server accepts only the list at counter + 1 that names the hash of the one in force, and
 * only with a fresh login signature; devices that it leaves out lose session, queue and prekeys with the same commit.
 */
import { WireError } from '@tacet/protocol/errors';
import { idBytes, idOf, type DeviceId } from '@tacet/protocol/ids';
import { LIMITS } from '@tacet/protocol/limits';
import { signedAddDevice, signedChangeList } from '@tacet/protocol/signed/requests';
import type { Bus } from '../bus/port.ts';
import type {
  AccountStore,
  AddedDevice,
  DeviceStore,
  KeyRotation,
  ListChange,
  Directory,
  SessionStore,
  SignedBytes,
} from '../store/account-ports.ts';
import type { Caller } from './access-tokens.ts';
import type { Accounts } from './accounts.ts';
import { continues, isWithoutRepeats, readDeviceList, type ComparedList } from './device-lists.ts';
import type { OpenedSession, Sessions } from './sessions.ts';
import { readSigned } from './signed-requests.ts';

interface Needs {
  readonly bus: Bus;
  readonly accountStore: AccountStore;
  readonly deviceStore: DeviceStore;
  readonly sessionStore: SessionStore;
  readonly accounts: Accounts;
  readonly sessions: Sessions;
}

export class Devices {
  readonly #needs: Needs;

  constructor(needs: Needs) {
    this.#needs = needs;
  }

  /** The own directory entry as others see it. */
  async directory(caller: Caller): Promise<Directory> {
    const directory = await this.#needs.accountStore.directory(idBytes(caller.account));
    if (directory === undefined) throw new WireError('session-ended', 'the account is gone');
    return directory;
  }

  /**
   * Puts the pending caller into the list. Throws `WireError` `challenge-expired`, `signature-invalid`, `list-mismatch`,
   * `too-many-devices`.
   */
  async add(caller: Caller, signed: SignedBytes): Promise<OpenedSession> {
    const { accounts, sessions, sessionStore } = this.#needs;
    const request = readSigned(signedAddDevice, signed.bytes);
    await accounts.requireLoginKey(caller, request, signed);
    const device = idBytes(caller.device);
    const session = await sessionStore.get(device);
    if (session === undefined) throw new WireError('session-ended', 'the session is gone');
    if (idOf<DeviceId>(request.device) !== caller.device) throw mismatch();
    const prepared = sessions.prepare(session.account, device, session.sessionKey);
    const added = { device, prekeys: request.prekeys, session: prepared.stored };
    await this.#change(caller, request.list, { added });
    sessions.ended([caller.device]);
    return prepared.open(false);
  }

  /**
   * Removes devices and rotates what they knew. Throws `WireError` `challenge-expired`, `signature-invalid`, `list-mismatch`,
   * `version-mismatch`.
   */
  async change(caller: Caller, signed: SignedBytes): Promise<{ readonly counter: number }> {
    const request = readSigned(signedChangeList, signed.bytes);
    await this.#needs.accounts.requireLoginKey(caller, request, signed);
    return this.#change(caller, request.list, { rotation: request.rotation });
  }

  /** Puts a new account key in force with a list of the caller alone, by a reset that is due. Throws as `change`, and `reset-not-due`. */
  reset(
    caller: Caller,
    list: SignedBytes,
    rotation: KeyRotation,
    accountKey: Uint8Array,
    now: number,
  ): Promise<{ readonly counter: number }> {
    const device = idBytes(caller.device);
    const { devices } = readDeviceList(list);
    if (devices.length !== 1 || idOf<DeviceId>(devices[0] ?? new Uint8Array(16)) !== caller.device) {
      throw mismatch();
    }
    return this.#change(caller, list, { rotation, reset: { device, accountKey, now } });
  }

  async #change(
    caller: Caller,
    signedList: SignedBytes,
    change: ListChange,
  ): Promise<{ readonly counter: number }> {
    const { deviceStore, sessions, bus } = this.#needs;
    const account = idBytes(caller.account);
    const inForce = await deviceStore.list(account);
    if (inForce === undefined) throw new WireError('session-ended', 'the account is gone');
    const before = readDeviceList({ bytes: inForce.bytes, signature: new Uint8Array() });
    const { added } = change;
    const next = readNext(before, signedList, added);
    if (idOf(next.account) !== caller.account || !isWithoutRepeats(next)) throw mismatch();
    if (!continues(before, next, added?.device)) throw mismatch();
    const outcome = await deviceStore.changeList(account, next, change);
    switch (outcome.kind) {
      case 'list-mismatch':
        throw mismatch();
      case 'version-mismatch':
        throw new WireError('version-mismatch', 'credentials, record or profile have changed');
      case 'reset-not-due':
        throw new WireError('reset-not-due', 'no reset of this device is due');
      case 'changed':
    }
    bus.publish({ kind: 'list-changed', account: caller.account });
    sessions.ended(outcome.removed.map((device) => idOf<DeviceId>(device)));
    await sessions.notify(caller.account, 'list', caller.device);
    return { counter: next.counter };
  }
}

/** The next list; a list that does not parse beside a full one is taken for one device too many. */
function readNext(before: ComparedList, list: SignedBytes, added: AddedDevice | undefined): ComparedList {
  try {
    return readDeviceList(list);
  } catch (error) {
    if (added === undefined || before.devices.length < LIMITS.devicesPerAccount) throw error;
    throw new WireError('too-many-devices', 'the list is full', { cause: error });
  }
}

function mismatch(): WireError {
  return new WireError('list-mismatch', 'not the list that follows the one in force');
}
