/**
 * Resets: who has lost the passphrase and has a device left announces one; every device is told, any use of the login key ends all of
 * them, and after 72 hours the device that announced it may put a new account key and new credentials in force. Each device waits for
 * its own announcement: nobody is kept from it by a device that is gone. The server checks the device's session key and the time; what
 * the new account key signs it carries unchecked.
 */
import { WireError } from '@tacet/protocol/errors';
import { idBytes, idOf, type DeviceId } from '@tacet/protocol/ids';
import { LIMITS } from '@tacet/protocol/limits';
import { signedBeginReset, signedCancelReset, signedFinishReset } from '@tacet/protocol/signed/requests';
import type { Clock } from '../clock.ts';
import type { PendingReset, ResetStore, SessionStore, SignedBytes } from '../store/account-ports.ts';
import type { Caller } from './access-tokens.ts';
import type { Accounts } from './accounts.ts';
import type { Devices } from './devices.ts';
import type { Sessions } from './sessions.ts';
import { readSigned, type SignedRequests } from './signed-requests.ts';

interface Needs {
  readonly clock: Clock;
  readonly requests: SignedRequests;
  readonly accounts: Accounts;
  readonly devices: Devices;
  readonly sessions: Sessions;
  readonly resetStore: ResetStore;
  readonly sessionStore: SessionStore;
}

export class Resets {
  readonly #needs: Needs;

  constructor(needs: Needs) {
    this.#needs = needs;
  }

  /** The resets that were announced. */
  list(caller: Caller): Promise<readonly PendingReset[]> {
    return this.#needs.resetStore.list(idBytes(caller.account), this.#needs.clock.now());
  }

  /** Announces one, and tells every device. Throws `WireError` `challenge-expired`, `signature-invalid`, `session-ended`. */
  async begin(caller: Caller, signed: SignedBytes): Promise<PendingReset> {
    const { clock, resetStore, sessions } = this.#needs;
    const request = readSigned(signedBeginReset, signed.bytes);
    await this.#requireSessionKey(caller, request, signed);
    const now = clock.now();
    const announced = { device: request.device, dueAt: now + LIMITS.resetWaitMs };
    const reset = await resetStore.begin(request.account, announced, now);
    if (reset === undefined) throw new WireError('session-ended', 'the device is gone');
    await sessions.notify(caller.account, 'reset', caller.device);
    return reset;
  }

  /** Ends all of them by the login key. Throws `WireError` `challenge-expired`, `signature-invalid`. */
  async cancel(caller: Caller, signed: SignedBytes): Promise<void> {
    const request = readSigned(signedCancelReset, signed.bytes);
    await this.#needs.accounts.requireLoginKey(caller, request, signed);
  }

  /**
   * Finishes one that is due. Throws `WireError` `challenge-expired`, `signature-invalid`, `reset-not-due`, `list-mismatch`,
   * `version-mismatch`.
   */
  async finish(caller: Caller, signed: SignedBytes): Promise<{ readonly counter: number }> {
    const request = readSigned(signedFinishReset, signed.bytes);
    await this.#requireSessionKey(caller, request, signed);
    const { accountKey, list, rotation } = request;
    return this.#needs.devices.reset(caller, list, rotation, accountKey, this.#needs.clock.now());
  }

  async #requireSessionKey(
    caller: Caller,
    request: {
      readonly account: Uint8Array;
      readonly device: Uint8Array;
      readonly origin: string;
      readonly challenge: Uint8Array;
    },
    signed: SignedBytes,
  ): Promise<void> {
    const { requests, sessionStore } = this.#needs;
    const session = await sessionStore.get(idBytes(caller.device));
    if (session === undefined) throw new WireError('session-ended', 'the session is gone');
    if (idOf(request.account) !== caller.account || idOf<DeviceId>(request.device) !== caller.device) {
      throw new WireError('signature-invalid', 'signed for another device');
    }
    requests.accept(request, signed, session.sessionKey);
  }
}
