/**
 * Accounts at wire level: keys by Node's own crypto, real sign-up over HTTP, several devices. What the server cannot check (signatures of
 * the account key and identity keys, ciphertexts) is random bytes of the right length.
 */
import { createHash, generateKeyPairSync, randomBytes, randomInt, sign, type KeyObject } from 'node:crypto';
import type { Static, TSchema } from 'typebox';
import { encodeB64u, type Bytes } from '@tacet/protocol/bytes';
import { decodeB64u } from '@tacet/protocol/bytes';
import { idBytes, idOf, type AccountId, type DeviceId } from '@tacet/protocol/ids';
import { signUp } from '@tacet/protocol/rest/accounts';
import { addDevice, changeList } from '@tacet/protocol/rest/devices';
import {
  login,
  newChallenge,
  REFRESH_COOKIE,
  renewSession,
  type SessionReply,
} from '@tacet/protocol/rest/sessions';
import type { FirstPreKeyUpload } from '@tacet/protocol/shapes';
import { signedDeviceList, type ListedDevice } from '@tacet/protocol/signed/device-list';
import {
  signedAddDevice,
  signedChangeList,
  signedLogin,
  signedRenewal,
  signedSignUp,
  type Rotation,
  type SignUp,
} from '@tacet/protocol/signed/requests';
import type { SignedShape } from '@tacet/protocol/signed/signed';
import { callRoute, type RestAnswer } from './rest-client.ts';

/** Where an account lives. */
export interface At {
  /** `http://127.0.0.1:<port>`. */
  readonly url: string;
}

type ByteUpload = Static<ReturnType<typeof FirstPreKeyUpload<ReturnType<typeof Bytes>>>>;

/** One device: its list entry, session key and session. */
export interface WireDevice {
  readonly id: DeviceId;
  readonly entry: ListedDevice;
  readonly sessionKey: SigningKey;
  token: string;
  /** The refresh token as the cookie has it. */
  refreshToken: string | undefined;
}

/** An Ed25519 key pair. */
export interface SigningKey {
  readonly privateKey: KeyObject;
  /** Raw, 32 bytes. */
  readonly publicKey: Uint8Array;
}

/** An account and its devices. */
export interface WireAccount {
  readonly id: AccountId;
  readonly username: string;
  readonly accountKey: Uint8Array;
  loginKey: SigningKey;
  /** What contacts send under; the server has its SHA-256. */
  deliveryKey: Uint8Array;
  readonly profile: Uint8Array;
  readonly devices: WireDevice[];
  /** Version of credentials, record and profile in force. */
  version: number;
  /** The signed list in force. */
  list: { readonly bytes: Uint8Array; readonly signature: Uint8Array; readonly counter: number };
}

/** Deviations from an ordinary sign-up. */
export interface AccountOptions {
  readonly username?: string;
  /** The code of an invite. */
  readonly invite?: string | undefined;
  readonly oneTimeKeys?: number;
  /** Changes the request before it is signed. */
  readonly change?: (request: SignUp) => SignUp;
}

/** Signs up; throws when the server refuses. */
export async function makeAccount(at: At, options: AccountOptions = {}): Promise<WireAccount> {
  const { account, answer } = await trySignUp(at, options);
  if (answer.code !== undefined) throw new Error(`sign-up was refused: ${answer.code}`);
  return account;
}

/** Signs up and gives the server's answer, whatever it is. */
export async function trySignUp(
  at: At,
  options: AccountOptions = {},
): Promise<{
  readonly account: WireAccount;
  readonly answer: RestAnswer<typeof signUp>;
  readonly request: SignUp;
}> {
  const loginKey = makeSigningKey();
  const device = makeDevice();
  const accountId = randomBytes(16);
  const accountKey = makeEcKey();
  const deliveryKey = randomBytes(32);
  const profile = randomBytes(200);
  const list = signList(accountId, 1, new Uint8Array(32), [device.entry]);
  const ordinary: SignUp = {
    origin: at.url,
    challenge: await freshChallenge(at),
    ...(options.invite === undefined ? {} : { invite: bytesOf(options.invite) }),
    username: options.username ?? makeUsername(),
    account: accountId,
    accountKey,
    credentials: {
      version: 1,
      loginKey: loginKey.publicKey,
      vault: randomBytes(120),
      wraps: [{ way: 'passphrase', sealed: randomBytes(72) }],
    },
    record: { version: 1, sealed: randomBytes(300) },
    profile: { version: 1, sealed: profile },
    deliveryKeyHash: sha256(deliveryKey),
    list: { bytes: list.bytes, signature: list.signature },
    device: idBytes(device.id),
    sessionKey: device.sessionKey.publicKey,
    prekeys: makePrekeys(options.oneTimeKeys ?? 3),
  };
  const request = options.change?.(ordinary) ?? ordinary;
  const answer = await callRoute(at.url, signUp, { body: signRequest(signedSignUp, request, loginKey) });
  takeSession(device, answer);
  return {
    account: {
      id: idOf(accountId),
      username: request.username,
      accountKey,
      loginKey,
      deliveryKey,
      profile,
      version: 1,
      devices: [device],
      list,
    },
    answer,
    request,
  };
}

/** Signs a new device in; it stays pending until `tryAddDevice`. */
export async function tryLogin(
  at: At,
  account: Pick<WireAccount, 'username' | 'loginKey'>,
  device: WireDevice,
): Promise<RestAnswer<typeof login>> {
  const request = {
    origin: at.url,
    challenge: await freshChallenge(at),
    username: account.username,
    device: idBytes(device.id),
    sessionKey: device.sessionKey.publicKey,
  };
  const answer = await callRoute(at.url, login, {
    body: signRequest(signedLogin, request, account.loginKey),
  });
  takeSession(device, answer);
  return answer;
}

/** Posts the list that adds a pending device. */
export async function tryAddDevice(
  at: At,
  account: WireAccount,
  device: WireDevice,
  entries: readonly ListedDevice[] = [...account.devices, device].map(({ entry }) => entry),
): Promise<RestAnswer<typeof addDevice>> {
  const list = signList(idBytes(account.id), account.list.counter + 1, sha256(account.list.bytes), entries);
  const request = {
    origin: at.url,
    challenge: await freshChallenge(at),
    account: idBytes(account.id),
    device: idBytes(device.id),
    list: { bytes: list.bytes, signature: list.signature },
    prekeys: makePrekeys(3),
  };
  const body = signRequest(signedAddDevice, request, account.loginKey);
  const answer = await callRoute(at.url, addDevice, { body, token: device.token });
  if (answer.code === undefined) {
    takeSession(device, answer);
    account.devices.push(device);
    account.list = list;
  }
  return answer;
}

/** Adds a device: sign-in, then the list that names it. */
export async function linkDevice(at: At, account: WireAccount): Promise<WireDevice> {
  const device = makeDevice();
  const { code } = await tryLogin(at, account, device);
  if (code !== undefined) throw new Error(`sign-in was refused: ${code}`);
  const added = await tryAddDevice(at, account, device);
  if (added.code !== undefined) throw new Error(`the device was refused: ${added.code}`);
  return device;
}

/** Puts a list with these devices in force. `by`: the device that asks. */
export async function tryChangeList(
  at: At,
  account: WireAccount,
  keep: readonly WireDevice[],
  by: WireDevice,
): Promise<RestAnswer<typeof changeList>> {
  const entries = keep.map(({ entry }) => entry);
  const list = signList(idBytes(account.id), account.list.counter + 1, sha256(account.list.bytes), entries);
  const deliveryKey = randomBytes(32);
  const request = {
    origin: at.url,
    challenge: await freshChallenge(at),
    account: idBytes(account.id),
    list: { bytes: list.bytes, signature: list.signature },
    rotation: makeRotation(account, deliveryKey),
  };
  const body = signRequest(signedChangeList, request, account.loginKey);
  const answer = await callRoute(at.url, changeList, { body, token: by.token });
  if (answer.code === undefined) {
    account.list = list;
    account.version += 1;
    account.deliveryKey = deliveryKey;
    account.devices.splice(0, account.devices.length, ...keep);
  }
  return answer;
}

/** What rotates with a removal: everything one version on, and the login key as it is. */
export function makeRotation(account: WireAccount, deliveryKey = randomBytes(32)): Rotation {
  const version = account.version + 1;
  return {
    credentials: {
      version,
      loginKey: account.loginKey.publicKey,
      vault: randomBytes(120),
      wraps: [{ way: 'passphrase', sealed: randomBytes(72) }],
    },
    record: { version, sealed: randomBytes(300) },
    profile: { version, sealed: randomBytes(200) },
    deliveryKeyHash: sha256(deliveryKey),
  };
}

/** Renews a session; the cookie is sent if the device has one. */
export async function tryRenew(
  at: At,
  device: WireDevice,
  options: { readonly refreshToken?: string | undefined; readonly key?: SigningKey } = {},
): Promise<RestAnswer<typeof renewSession>> {
  const refreshToken = 'refreshToken' in options ? options.refreshToken : device.refreshToken;
  const request = { origin: at.url, challenge: await freshChallenge(at), device: idBytes(device.id) };
  const answer = await callRoute(at.url, renewSession, {
    body: signRequest(signedRenewal, request, options.key ?? device.sessionKey),
    ...(refreshToken === undefined ? {} : { headers: { cookie: `${REFRESH_COOKIE}=${refreshToken}` } }),
  });
  takeSession(device, answer);
  return answer;
}

/** A fresh challenge, 32 bytes. */
export async function freshChallenge(at: At): Promise<Uint8Array> {
  const { body } = await callRoute(at.url, newChallenge);
  return bytesOf(body.challenge);
}

/** Signs a request and puts it in the form that routes take. */
export function signRequest<Schema extends TSchema>(
  shape: SignedShape<Schema>,
  request: Static<Schema>,
  key: SigningKey,
): { readonly bytes: string; readonly signature: string } {
  const bytes = shape.encode(request);
  return { bytes: encodeB64u(bytes), signature: encodeB64u(sign(undefined, bytes, key.privateKey)) };
}

/** A device that no server knows yet. */
export function makeDevice(): WireDevice {
  const id = randomBytes(16);
  return {
    id: idOf(id),
    entry: {
      device: id,
      identityKey: makeEcKey(),
      registrationId: randomInt(1, 0x4000),
      addedAt: 1_790_000_000_000,
    },
    sessionKey: makeSigningKey(),
    token: '',
    refreshToken: undefined,
  };
}

/** A signed device list; the signature is random. */
export function signList(
  account: Uint8Array,
  counter: number,
  previous: Uint8Array,
  devices: readonly ListedDevice[],
): WireAccount['list'] {
  const recordKeyHash = randomBytes(32);
  const bytes = signedDeviceList.encode({ account, counter, previous, recordKeyHash, devices: [...devices] });
  return { bytes, signature: randomBytes(64), counter };
}

/** Prekeys of the right lengths. `first`: the lowest id. */
export function makePrekeys(oneTimeKeys: number, first = 1): ByteUpload {
  const ids = Array.from({ length: oneTimeKeys }, (_, i) => first + i);
  return {
    signed: { id: first, publicKey: makeEcKey(), signature: randomBytes(64) },
    lastResort: { id: first, publicKey: randomBytes(1569), signature: randomBytes(64) },
    statement: { bytes: randomBytes(180), signature: randomBytes(64) },
    oneTime: ids.map((id) => ({ id, publicKey: makeEcKey() })),
    oneTimeKyber: ids.map((id) => ({ id, publicKey: randomBytes(1569), signature: randomBytes(64) })),
  };
}

/** A fresh Ed25519 key pair. */
export function makeSigningKey(): SigningKey {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  return { privateKey, publicKey: publicKey.export({ format: 'der', type: 'spki' }).subarray(-32) };
}

/** A fresh X25519 public key in libsignal's form: type byte 5, 32 bytes. */
export function makeEcKey(): Uint8Array {
  const { publicKey } = generateKeyPairSync('x25519');
  return Buffer.concat([Buffer.of(5), publicKey.export({ format: 'der', type: 'spki' }).subarray(-32)]);
}

/** A username that nobody has. */
export function makeUsername(): string {
  return `u${randomBytes(6).toString('hex')}`;
}

/** SHA-256. */
export function sha256(bytes: Uint8Array): Uint8Array {
  return createHash('sha256').update(bytes).digest();
}

/** The bytes of base64url text. */
export function bytesOf(textB64u: string): Uint8Array {
  const bytes = decodeB64u(textB64u);
  if (bytes === undefined) throw new TypeError('not base64url');
  return bytes;
}

function takeSession(
  device: WireDevice,
  answer: { readonly body: SessionReply | undefined; readonly headers: Headers },
): void {
  const cookie = answer.headers
    .getSetCookie()
    .map((text) => new RegExp(`^${REFRESH_COOKIE}=([^;]*)`).exec(text)?.[1])
    .find((value) => value !== undefined && value !== '');
  if (cookie !== undefined) device.refreshToken = cookie;
  if (answer.body !== undefined) device.token = answer.body.accessToken;
}
