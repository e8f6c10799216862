/**
 * After a restore from a backup: devices bring what the server has lost, on the receipts that it gave for it. The session key that a receipt
 * names signs the request, so that nobody else can come back as that device. A server that was never restored takes nothing this way.
 */
import { timingSafeEqual } from 'node:crypto';
import { WireError } from '@tacet/protocol/errors';
import { idOf, type AccountId, type DeviceId } from '@tacet/protocol/ids';
import { LIMITS } from '@tacet/protocol/limits';
import { signedComeBack, type ComeBack } from '@tacet/protocol/signed/requests';
import type { Bus } from '../bus/port.ts';
import type { Clock } from '../clock.ts';
import type { ReadList, SignedBytes } from '../store/account-ports.ts';
import type { ReceiptStore, Returning } from '../store/receipts.ts';
import type { Restore } from '../store/server-state.ts';
import { readDeviceList } from './device-lists.ts';
import { accountHash, credentialsHash, deviceHash, type Receipts } from './receipts.ts';
import type { OpenedSession, Sessions } from './sessions.ts';
import { readSigned, type SignedRequests } from './signed-requests.ts';

interface Needs {
  readonly clock: Clock;
  readonly bus: Bus;
  readonly requests: SignedRequests;
  readonly sessions: Sessions;
  readonly receipts: Receipts;
  readonly receiptStore: ReceiptStore;
  readonly restore: Restore | undefined;
}

export class Returns {
  readonly #needs: Needs;

  constructor(needs: Needs) {
    this.#needs = needs;
  }

  /** Throws `WireError` `session-ended`, `challenge-expired`, `signature-invalid`, `username-taken`, `malformed-request`. */
  async comeBack(signed: SignedBytes): Promise<OpenedSession> {
    const { restore, receipts, receiptStore, requests, sessions, bus, clock } = this.#needs;
    const request = readSigned(signedComeBack, signed.bytes);
    const { account, device, sessionKey } = request;
    const isKnown = receipts.isOurs(
      request.deviceReceipt,
      'device',
      account,
      0,
      deviceHash(device, sessionKey),
    );
    if (restore === undefined || !isSame(restore.epoch, request.epoch) || !isKnown) throw refused();
    requests.accept(request, signed, sessionKey);
    const list = readDeviceList(request.list);
    if (!isSame(list.account, account)) throw refused();
    const prepared = sessions.prepare(account, device, sessionKey);
    const returning: Returning = {
      ...request,
      list,
      session: prepared.stored,
      proven: this.#provenOf(request, list),
    };
    const now = clock.now();
    const outcome = await receiptStore.takeBack(returning, {
      most: LIMITS.invitesPerAccount,
      now,
      until: now + LIMITS.inviteMaxAgeMs,
    });
    if (outcome.kind !== 'returned') {
      if (outcome.kind === 'unknown') throw refused();
      throw new WireError('username-taken', 'given to somebody else since');
    }
    bus.publish({ kind: 'list-changed', account: idOf<AccountId>(account) });
    sessions.ended(outcome.removed.map((each) => idOf<DeviceId>(each)));
    await sessions.notify(idOf<AccountId>(account), 'list', idOf<DeviceId>(device));
    return prepared.open(false);
  }

  #provenOf(request: ComeBack, list: ReadList): Returning['proven'] {
    const { receipts } = this.#needs;
    const { account, accountKey, username, credentials, record, before } = request;
    return {
      account: receipts.isOurs(
        request.accountReceipt,
        'account',
        account,
        0,
        accountHash(accountKey, username),
      ),
      list: receipts.isOurs(request.listReceipt, 'list', account, list.counter, list.hash),
      credentials: receipts.isOurs(
        request.credentialsReceipt,
        'credentials',
        account,
        credentials.version,
        credentialsHash(credentials),
      ),
      record:
        record.version > 0 &&
        receipts.isOurs(before.receipt, 'record', account, record.version - 1, before.hash),
    };
  }
}

function refused(): WireError {
  return new WireError('session-ended', 'nothing of this device is known');
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}
