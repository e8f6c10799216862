/**
 * Signing in on a new device: the passphrase opens a session for a device that the list does not name yet, then the vault; the account
 * key in it signs the list with this device, and is forgotten. Everything that the server shows on the way is checked under keys from
 * the vault: an older record or list than the account has seen, or another account's, ends the sign-in.
 */
import { decodeB64u, encodeB64u, equalBytes } from '@tacet/protocol/bytes';
import { DEVICE_NAMES_MAX } from '@tacet/protocol/content/record';
import { idBytes, idOf, type AccountId } from '@tacet/protocol/ids';
import { LIMITS } from '@tacet/protocol/limits';
import { getRecord } from '@tacet/protocol/rest/accounts';
import { addDevice, getDirectory } from '@tacet/protocol/rest/devices';
import { login, type SessionReply } from '@tacet/protocol/rest/sessions';
import { signedDeviceList } from '@tacet/protocol/signed/device-list';
import { signedAddDevice, signedLogin } from '@tacet/protocol/signed/requests';
import { SIGNED_LABELS } from '@tacet/protocol/signed/signed';
import {
  hashRecord,
  hashRecordKey,
  sha256,
  signLabelled,
  signWithKeyPair,
  stretchPassphrase,
  type StretchedPassphrase,
} from '@tacet/crypto/vault';
import { copyBytes } from '../bytes.ts';
import { LAYOUT } from '../db/migrations.ts';
import { T } from '../db/stores.ts';
import type { OwnDevice } from '../db/stored-device.ts';
import { succession, verifiedDepartures, verifyList, type VerifiedList } from '../device-lists.ts';
import { CoreError } from '../failure.ts';
import { entryFromJson } from '../people.ts';
import type { Rest } from '../transport/rest.ts';
import { makeFirstPreKeys, makeNewDevice, type NewDevice } from './new-device.ts';
import { fetchVault, forgetStretched, forgetVault, type OpenedVault, type OwnVault } from './own-vault.ts';
import { openSealedRecord } from './sealed-record.ts';
import { encodeRecord } from './record-form.ts';
import { joinedAfter } from './restores.ts';
import { askChallenge, takeChallenge } from './session.ts';
import { activate, onNewDatabase, type Joined, type JoinNeeds } from './sign-up.ts';

/** Opens a session for a new device by the login key. Throws `WireError` `login-refused` and others. */
async function openSession(
  { ports, rest }: JoinNeeds,
  username: string,
  { loginKey }: StretchedPassphrase,
  newDevice: NewDevice,
): Promise<SessionReply> {
  const sessionKey = copyBytes(await ports.keyring.createSessionKey());
  const bytes = signedLogin.encode({
    origin: ports.origin,
    challenge: await takeChallenge(rest),
    username,
    device: idBytes(newDevice.device),
    sessionKey,
  });
  const signature = signWithKeyPair(loginKey, SIGNED_LABELS.login, bytes);
  const reply = await rest.call(login, {
    body: { bytes: encodeB64u(bytes), signature: encodeB64u(signature) },
    credentials: true,
  });
  if (reply.device !== newDevice.device)
    throw new CoreError('server-dishonest', 'a session of another device');
  return reply;
}

/** The list in force under the account key. Throws `CoreError` `server-dishonest` for another or an older one. */
async function readOwnList(
  rest: Rest,
  session: SessionReply,
  account: AccountId,
  accountKey: Uint8Array,
  known: { readonly counter: number; readonly hash: Uint8Array },
): Promise<{ readonly list: VerifiedList; readonly departed: readonly string[] }> {
  const entry = entryFromJson(await rest.call(getDirectory, { token: session.accessToken }));
  if (entry.account !== account || !equalBytes(entry.accountKey, accountKey)) {
    throw new CoreError('server-dishonest', 'the entry of another account');
  }
  const list = verifyList(account, accountKey, entry.list);
  const relation = succession(list, known);
  if (relation === 'older' || relation === 'fork') {
    throw new CoreError('server-dishonest', 'an older or forked device list');
  }
  return { list, departed: verifiedDepartures(account, list, entry.departures ?? []) };
}

/** Adds this device to an account. Throws `CoreError` or `WireError`; what the passphrase opened is forgotten either way. */
export async function joinAccount(
  needs: JoinNeeds,
  { username, passphrase }: { readonly username: string; readonly passphrase: string },
): Promise<Joined> {
  const { ports, engine, rest, progress } = needs;
  progress({ kind: 'stretching' });
  const stretched = stretchPassphrase(passphrase, username);
  let vault: OpenedVault | undefined;
  try {
    progress({ kind: 'opening-vault' });
    const newDevice = makeNewDevice(engine, ports.random);
    const pending = await openSession(needs, username, stretched, newDevice);
    vault = await fetchVault(rest, pending.accessToken, pending.account as AccountId, stretched);
    return await joinWith(needs, username, { ...vault, stretched }, newDevice, pending);
  } finally {
    forgetStretched(stretched);
    if (vault !== undefined) forgetVault(vault);
  }
}

/** The list with this device, its first keys, its database, and the request that puts them in force. */
async function joinWith(
  needs: JoinNeeds,
  username: string,
  vault: OwnVault,
  newDevice: NewDevice,
  pending: SessionReply,
): Promise<Joined> {
  const { ports, engine, rest, progress } = needs;
  const now = ports.clock.now();
  const account = pending.account as AccountId;
  const { accountKey, recordKey } = vault.contents;
  const publicKey = accountKey.getPublicKey().serialize();

  const reply = await rest.call(getRecord, { token: pending.accessToken });
  const sealed = decodeB64u(reply.sealed);
  if (sealed === undefined) throw new CoreError('server-dishonest', 'a record that is no base64url');
  const record = await openSealedRecord(recordKey, account, reply.version, sealed);
  const { list, departed } = await readOwnList(rest, pending, account, publicKey, record.list);
  if (!equalBytes(hashRecordKey(recordKey), list.recordKeyHash)) {
    throw new CoreError('server-dishonest', 'a vault that does not go with the list');
  }
  if (list.devices.length - departed.length >= LIMITS.devicesPerAccount) {
    throw new CoreError('too-many-devices', 'the list is full');
  }

  progress({ kind: 'making-keys' });
  const next = signedDeviceList.encode({
    account: idBytes(account),
    counter: list.counter + 1,
    previous: list.hash,
    recordKeyHash: list.recordKeyHash,
    devices: [
      ...list.devices
        .filter(({ device }) => !departed.includes(device))
        .map(({ device, ...rest_ }) => ({ device: idBytes(device), ...rest_ })),
      {
        device: idBytes(newDevice.device),
        identityKey: newDevice.identity.publicKey.serialize(),
        registrationId: newDevice.registrationId,
        addedAt: now,
      },
    ],
  });
  const signedList = { bytes: next, signature: signLabelled(accountKey, SIGNED_LABELS.deviceList, next) };
  const listHash = sha256(next);
  const prekeys = makeFirstPreKeys(engine, newDevice, listHash, now);
  const own: OwnDevice = {
    phase: 'joining',
    account,
    device: newDevice.device,
    username,
    accountKey: publicKey,
    identity: newDevice.identity.serialize(),
    registrationId: newDevice.registrationId,
    // The vault's own copy is overwritten.
    recordKey: recordKey.slice(),
    epoch: ports.random(16),
    joinedAt: list.counter + 1,
    list: signedList,
    credentialsVersion: vault.version,
  };
  return onNewDatabase(needs, async (db) => {
    const name = { device: idBytes(newDevice.device), name: ports.deviceName, namedAt: now };
    const plain = encodeRecord({
      ...record,
      list: { counter: list.counter + 1, hash: listHash },
      devices: [...(record.devices ?? []), name].slice(-DEVICE_NAMES_MAX),
    });
    await db.write([T.layout, T.own, T.record, T.preKeyState, T.preKeys], async (tx) => {
      tx.put(T.layout, 'layout', LAYOUT);
      tx.put(T.own, 'own', own);
      tx.put(T.record, 'record', { version: reply.version, hash: hashRecord(sealed), plain, dirty: true });
      tx.put(T.preKeyState, 'prekeys', prekeys.state);
      for (const { kind, id, record: bytes } of prekeys.made) tx.put(T.preKeys, [kind, id], bytes);
    });

    progress({ kind: 'registering' });
    const { challenge, restore } = await askChallenge(rest);
    const bytes = signedAddDevice.encode({
      origin: ports.origin,
      challenge,
      account: idBytes(account),
      device: idBytes(newDevice.device),
      list: signedList,
      prekeys: prekeys.upload,
    });
    const signature = signWithKeyPair(vault.stretched.loginKey, SIGNED_LABELS.addDevice, bytes);
    const session = await rest.call(addDevice, {
      body: { bytes: encodeB64u(bytes), signature: encodeB64u(signature) },
      token: pending.accessToken,
      credentials: true,
    });
    return {
      db,
      own: await activate(db, joinedAfter(own, restore, now)),
      session: { ...session, account: idOf(idBytes(account)) },
    };
  });
}
