/**
 * Accounts: sign-up, credentials, the encrypted record and profile, the delivery key's hash, deletion. What changes who may sign in
 * is accepted only with a fresh signature of the login key. Versions grow by compare-and-set, so that of two devices which change the
 * same thing one is told to read again.
 */
import { timingSafeEqual } from 'node:crypto';
import { Check } from 'typebox/schema';
import { decodeCbor } from '@tacet/protocol/cbor';
import { isWireError, WireError } from '@tacet/protocol/errors';
import { idBytes, idOf, type AccountId, type DeviceId } from '@tacet/protocol/ids';
import { Username } from '@tacet/protocol/shapes';
import {
  signedChangeCredentials,
  signedDeleteAccount,
  signedSignUp,
  type SignUp,
} from '@tacet/protocol/signed/requests';
import { SIGNED_LABELS } from '@tacet/protocol/signed/signed';
import type { Bus } from '../bus/port.ts';
import type { Clock } from '../clock.ts';
import type {
  AccountStore,
  Credentials,
  ProfileStore,
  SignedBytes,
  Versioned,
} from '../store/account-ports.ts';
import type { Restore } from '../store/server-state.ts';
import type { Caller } from './access-tokens.ts';
import { readDeviceList } from './device-lists.ts';
import { recordHash, type Receipts } from './receipts.ts';
import type { OpenedSession, Sessions } from './sessions.ts';
import { readSigned, type SignedRequests } from './signed-requests.ts';

interface Needs {
  readonly clock: Clock;
  readonly bus: Bus;
  readonly requests: SignedRequests;
  readonly accounts: AccountStore;
  readonly profiles: ProfileStore;
  readonly sessions: Sessions;
  readonly receipts: Receipts;
  /** The last restore from a backup. */
  readonly restore: Restore | undefined;
  /** Whether anybody may sign up without an invite. */
  readonly openSignUp: boolean;
}

/** A record that replaces the one in force. */
interface NextRecord extends Versioned {
  readonly over?: {
    readonly version: number;
    readonly hash: Uint8Array;
    readonly receipt: Uint8Array;
  };
}

/** What a list's `previous` is when there is none before. */
const NO_LIST = new Uint8Array(32);

export class Accounts {
  readonly #needs: Needs;

  constructor(needs: Needs) {
    this.#needs = needs;
  }

  /**
   * Makes an account with its first device. Throws `WireError` `challenge-expired`, `signature-invalid`, `list-mismatch`,
   * `invite-invalid`, `username-invalid`, `username-taken`, `account-exists`.
   */
  async signUp(signed: SignedBytes): Promise<OpenedSession> {
    const { requests, sessions, accounts, clock, bus, openSignUp } = this.#needs;
    const request = readSignUp(signed.bytes);
    requests.accept(request, signed, request.credentials.loginKey);
    const list = readDeviceList(request.list);
    const [first, ...others] = list.devices;
    if (
      !isSame(list.account, request.account) ||
      list.counter !== 1 ||
      !isSame(list.previous, NO_LIST) ||
      first === undefined ||
      others.length > 0 ||
      !isSame(first, request.device)
    ) {
      throw new WireError('list-mismatch', 'not a first list with this device alone');
    }
    const prepared = sessions.prepare(request.account, request.device, request.sessionKey);
    const outcome = await accounts.create(
      { ...request, list, session: prepared.stored, invite: request.invite, inviteNeeded: !openSignUp },
      clock.now(),
    );
    if (outcome.kind !== 'created') throw new WireError(outcome.kind, 'sign-up refused');
    bus.publish({ kind: 'list-changed', account: idOf<AccountId>(request.account) });
    return prepared.open(false);
  }

  async credentials(caller: Caller): Promise<Credentials> {
    return known(await this.#needs.accounts.credentials(idBytes(caller.account)));
  }

  /**
   * Puts new credentials in force; what the former ones opened and no list names has ended. Throws `WireError` `challenge-expired`,
   * `signature-invalid`, `version-mismatch`.
   */
  async changeCredentials(caller: Caller, signed: SignedBytes): Promise<void> {
    const { accounts, sessions } = this.#needs;
    const request = readSigned(signedChangeCredentials, signed.bytes);
    await this.requireLoginKey(caller, request, signed);
    const ended = await accounts.changeCredentials(idBytes(caller.account), request.credentials);
    if (ended === undefined) throw mismatch();
    sessions.ended(ended.map((device) => idOf<DeviceId>(device)));
    await sessions.notify(caller.account, 'credentials', caller.device);
  }

  async record(caller: Caller): Promise<Versioned> {
    return known(await this.#needs.accounts.record(idBytes(caller.account)));
  }

  /**
   * Gives the receipt. Throws `WireError` `version-mismatch` unless the version is the one in force + 1, or, on a restored server, follows one that a receipt
   * is shown for, and the one in force is what it is put `over`.
   */
  async putRecord(caller: Caller, { version, sealed, over }: NextRecord): Promise<Uint8Array> {
    const { accounts, receipts, restore } = this.#needs;
    const account = idBytes(caller.account);
    let before = version - 1;
    if (over !== undefined) {
      const isOurs = receipts.isOurs(over.receipt, 'record', account, version - 1, over.hash);
      if (restore === undefined || over.version >= version || !isOurs) throw mismatch();
      before = over.version;
    }
    if (!(await accounts.putRecord(account, { version, sealed }, before))) throw mismatch();
    await this.#needs.sessions.notify(caller.account, 'record', caller.device);
    return receipts.make('record', account, version, recordHash(sealed));
  }

  /** Throws `WireError` `version-mismatch` unless the version is above the one in force. */
  async putProfile(caller: Caller, profile: Versioned): Promise<void> {
    if (!(await this.#needs.profiles.put(idBytes(caller.account), profile))) throw mismatch();
  }

  /** Senders who know only the old key are refused once this resolves. */
  async setDeliveryKeyHash(caller: Caller, hash: Uint8Array): Promise<void> {
    known((await this.#needs.accounts.setDeliveryKeyHash(idBytes(caller.account), hash)) || undefined);
    this.#needs.bus.publish({ kind: 'list-changed', account: caller.account });
  }

  /** Deletes everything about the account. Throws `WireError` `challenge-expired`, `signature-invalid`. */
  async delete(caller: Caller, signed: SignedBytes): Promise<void> {
    const { accounts, sessions, bus } = this.#needs;
    const request = readSigned(signedDeleteAccount, signed.bytes);
    await this.requireLoginKey(caller, request, signed);
    if ((await accounts.usernameOf(request.account)) !== request.username) {
      throw new WireError('signature-invalid', 'not the name of this account');
    }
    const devices = await accounts.delete(request.account);
    bus.publish({ kind: 'list-changed', account: caller.account });
    sessions.ended([caller.device, ...devices.map((device) => idOf<DeviceId>(device))]);
  }

  /**
   * Requires that the login key in force signed a request about the caller's account. Throws `WireError` `challenge-expired`,
   * `signature-invalid`.
   */
  async requireLoginKey(
    caller: Caller,
    request: { readonly account: Uint8Array; readonly origin: string; readonly challenge: Uint8Array },
    signed: SignedBytes,
  ): Promise<void> {
    const { loginKey } = await this.credentials(caller);
    if (idOf<AccountId>(request.account) !== caller.account) {
      throw new WireError('signature-invalid', 'signed for another account');
    }
    this.#needs.requests.accept(request, signed, loginKey);
    await this.#needs.sessions.endReset(caller.account);
  }
}

/** A sign-up; one that does not parse and has a name outside the rules is refused for the name, which people choose. */
function readSignUp(bytes: Uint8Array): SignUp {
  try {
    return readSigned(signedSignUp, bytes);
  } catch (error) {
    const head = SIGNED_LABELS.signUp.length + 1;
    if (isWireError(error) && hasBadName(bytes.subarray(head))) {
      throw new WireError('username-invalid', 'not a name by the rules', { cause: error });
    }
    throw error;
  }
}

function hasBadName(item: Uint8Array): boolean {
  try {
    const value = decodeCbor(item);
    if (typeof value !== 'object' || value === null || !('username' in value)) return false;
    return typeof value.username === 'string' && !Check(Username, value.username);
  } catch {
    return false;
  }
}

function known<Value>(value: Value | undefined): Value {
  if (value === undefined) throw new WireError('session-ended', 'the account is gone');
  return value;
}

function mismatch(): WireError {
  return new WireError('version-mismatch', 'another version is in force');
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}
