/** Coming back to a server that was restored from an older backup, with nothing of the client core. */
import { randomBytes } from 'node:crypto';
import type { Test } from 'tap';
import { idBytes } from '@tacet/protocol/ids';
import { changeCredentials, getCredentials, getRecord } from '@tacet/protocol/rest/accounts';
import { comeBack, getReceipts, type Receipts } from '@tacet/protocol/rest/receipts';
import { newChallenge } from '@tacet/protocol/rest/sessions';
import { signedChangeCredentials, signedComeBack, type ComeBack } from '@tacet/protocol/signed/requests';
import { recordHash } from '../../server/services/receipts.ts';
import {
  bytesOf,
  makeAccount,
  makePrekeys,
  makeSigningKey,
  signRequest,
  type SigningKey,
  type WireAccount,
  type WireDevice,
} from './make-account.ts';
import { mustCall, callRoute } from './rest-client.ts';
import { openRestorableServer } from './restorable-server.ts';

/** What the commands take for the time of the backup and of the restore. */
const TIMES = { backUp: 1_000_000, restore: 2_000_000 };

/** What a device keeps. */
export interface Kept {
  readonly receipts: Receipts;
  readonly record: { readonly version: number; readonly sealed: Uint8Array };
  readonly list: WireAccount['list'];
}

/** What a device of an account has at this moment. */
export async function keep(url: string, account: WireAccount, device: WireDevice): Promise<Kept> {
  const receipts = await mustCall(url, getReceipts, { token: device.token });
  const { version, sealed } = await mustCall(url, getRecord, { token: device.token });
  return { receipts, record: { version, sealed: bytesOf(sealed) }, list: account.list };
}

/** Comes back with what it kept. `change` alters the request before it is signed, `key` signs in place of the session key. */
export async function tryComeBack(
  url: string,
  account: WireAccount,
  device: WireDevice,
  { receipts, record, list }: Kept,
  options: { readonly key?: SigningKey; readonly change?: (request: ComeBack) => ComeBack } = {},
) {
  const told = await mustCall(url, newChallenge);
  const { credentials } = receipts;
  const request: ComeBack = {
    origin: url,
    challenge: bytesOf(told.challenge),
    epoch: told.restore === undefined ? randomBytes(16) : bytesOf(told.restore.epoch),
    account: idBytes(account.id),
    username: account.username,
    accountKey: account.accountKey,
    accountReceipt: bytesOf(receipts.account),
    device: idBytes(device.id),
    sessionKey: device.sessionKey.publicKey,
    deviceReceipt: bytesOf(receipts.device.receipt),
    list: { bytes: list.bytes, signature: list.signature },
    listReceipt: bytesOf(receipts.list.receipt),
    credentials: {
      version: credentials.version,
      loginKey: bytesOf(credentials.loginKey),
      vault: bytesOf(credentials.vault),
      wraps: credentials.wraps.map(({ way, sealed }) => ({ way, sealed: bytesOf(sealed) })),
    },
    credentialsReceipt: bytesOf(credentials.receipt),
    record: { version: record.version + 1, sealed: randomBytes(300) },
    before: { hash: recordHash(record.sealed), receipt: bytesOf(receipts.record.receipt) },
    profile: { version: 9, sealed: randomBytes(200) },
    deliveryKeyHash: randomBytes(32),
    prekeys: makePrekeys(0, 7),
    invites: [],
    overInvites: [],
  };
  const changed = options.change?.(request) ?? request;
  const body = signRequest(signedComeBack, changed, options.key ?? device.sessionKey);
  const answer = await callRoute(url, comeBack, { body });
  if (answer.code === undefined) device.token = answer.body.accessToken;
  return answer;
}

/** Changes the login key, as a change of the passphrase does. */
export async function changeLogin(url: string, account: WireAccount, device: WireDevice): Promise<void> {
  const { version } = await mustCall(url, getCredentials, { token: device.token });
  const loginKey = makeSigningKey();
  const request = {
    origin: url,
    challenge: bytesOf((await mustCall(url, newChallenge)).challenge),
    account: idBytes(account.id),
    credentials: {
      version: version + 1,
      loginKey: loginKey.publicKey,
      vault: randomBytes(120),
      wraps: [{ way: 'passphrase', sealed: randomBytes(72) }],
    },
  };
  const body = signRequest(signedChangeCredentials, request, account.loginKey);
  await mustCall(url, changeCredentials, { body, token: device.token });
  account.loginKey = loginKey;
}

/** The device that made the account. */
export function firstOf({ devices: [device] }: WireAccount): WireDevice {
  if (device === undefined) throw new Error('no device');
  return device;
}

/** The counter of the list in force. */
export function counterOf(url: string, device: WireDevice): Promise<number> {
  return mustCall(url, getReceipts, { token: device.token }).then(({ list }) => list.counter);
}

/** A server that can go back, and Ada's account on it. */
export async function openScene(t: Test) {
  const server = await openRestorableServer(t, TIMES);
  const ada = await makeAccount(server);
  return { server, url: server.url, ada, device: firstOf(ada) };
}
