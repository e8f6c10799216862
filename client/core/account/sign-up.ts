/**
 * Making an account: one request with everything (code, credentials, wraps, vault, record, list 1, prekeys, statement), signed by the
 * login key. An invite's inviter is looked at before: if the server serves another account key than the link names, nothing is made.
 */
import { encodeB64u } from '@tacet/protocol/bytes';
import { encodeCbor } from '@tacet/protocol/cbor';
import type { AccountRecord, ProfileDocument } from '@tacet/protocol/content/record';
import { idBytes, idOf, type AccountId, type InviteCode } from '@tacet/protocol/ids';
import { signUp as signUpRoute } from '@tacet/protocol/rest/accounts';
import type { SessionReply } from '@tacet/protocol/rest/sessions';
import { signedDeviceList } from '@tacet/protocol/signed/device-list';
import { signedSignUp } from '@tacet/protocol/signed/requests';
import { SIGNED_LABELS } from '@tacet/protocol/signed/signed';
import { PrivateKey } from '@tacet/crypto';
import {
  deriveDeliveryKey,
  generateKey,
  hashDeliveryKey,
  hashRecordKey,
  sealProfile,
  sealVault,
  sha256,
  signLabelled,
  signWithKeyPair,
  stretchPassphrase,
  wrapVaultKey,
  type ProfileKey,
  type RecordKey,
  type StretchedPassphrase,
  type VaultKey,
} from '@tacet/crypto/vault';
import { copyBytes } from '../bytes.ts';
import { LAYOUT } from '../db/migrations.ts';
import type { SealedDb } from '../db/sealed.ts';
import { T } from '../db/stores.ts';
import type { InviteAnswer, OwnDevice } from '../db/stored-device.ts';
import type { Engine } from '../engine.ts';
import type { Ports } from '../ports.ts';
import type { AnonymousConnection } from '../transport/anonymous.ts';
import type { Rest } from '../transport/rest.ts';
import type { Progress } from '../view.ts';
import { checkInvite } from './inviter.ts';
import { parseInviteLink } from './invites.ts';
import { makeLocalDatabase } from './local.ts';
import { makeFirstPreKeys, makeNewDevice } from './new-device.ts';
import { forgetStretched } from './own-vault.ts';
import { sealFirstRecord } from './sealed-record.ts';
import { joinedAfter } from './restores.ts';
import { askChallenge } from './session.ts';

/** What making or joining an account needs. */
export interface JoinNeeds {
  readonly ports: Ports;
  readonly engine: Engine;
  readonly rest: Rest;
  readonly anonymous: AnonymousConnection;
  readonly progress: (progress: Progress | undefined) => void;
  readonly onFault: (error: unknown) => void;
}

/** An account that was made or joined: what the signed-in device starts from. */
export interface Joined {
  readonly db: SealedDb;
  readonly own: OwnDevice;
  readonly session: SessionReply;
}

/** What a person wants to sign up as. */
export interface SignUpRequest {
  readonly username: string;
  readonly name: string;
  readonly passphrase: string;
  readonly invite: string | undefined;
}

/** Makes an account with this device. Throws `CoreError` or `WireError`; the account key and the passphrase's keys are forgotten either way. */
export async function makeAccount(needs: JoinNeeds, request: SignUpRequest): Promise<Joined> {
  const { ports, rest, anonymous, progress } = needs;
  let code: InviteCode | undefined;
  let answering: InviteAnswer | undefined;
  if (request.invite !== undefined) {
    const link = parseInviteLink(request.invite, ports.origin);
    code = link.code;
    answering = await checkInvite(rest, anonymous, link);
  }
  progress({ kind: 'stretching' });
  const stretched = stretchPassphrase(request.passphrase, request.username);
  const accountKey = PrivateKey.generate();
  try {
    return await makeWith(needs, { ...request, code, answering }, stretched, accountKey);
  } finally {
    forgetStretched(stretched);
    accountKey.erase();
  }
}

/** The first list, keys and documents, the local database, and the request that makes the account. */
async function makeWith(
  needs: JoinNeeds,
  request: SignUpRequest & {
    readonly code: InviteCode | undefined;
    readonly answering: InviteAnswer | undefined;
  },
  { loginKey, wrapKey }: StretchedPassphrase,
  accountKey: PrivateKey,
): Promise<Joined> {
  const { ports, engine, rest, progress } = needs;
  const { code, answering } = request;
  const now = ports.clock.now();
  progress({ kind: 'making-keys' });
  const account = idOf<AccountId>(ports.random(16));
  const newDevice = makeNewDevice(engine, ports.random);
  const sessionKey = copyBytes(await ports.keyring.createSessionKey());
  const recordKey = generateKey<RecordKey>();
  const list = signedDeviceList.encode({
    account: idBytes(account),
    counter: 1,
    previous: new Uint8Array(32),
    recordKeyHash: hashRecordKey(recordKey),
    devices: [
      {
        device: idBytes(newDevice.device),
        identityKey: newDevice.identity.publicKey.serialize(),
        registrationId: newDevice.registrationId,
        addedAt: now,
      },
    ],
  });
  const signedList = {
    bytes: list,
    signature: signLabelled(accountKey, SIGNED_LABELS.deviceList, list),
  };
  const listHash = sha256(list);
  const prekeys = makeFirstPreKeys(engine, newDevice, listHash, now);

  const vaultKey = generateKey<VaultKey>();
  const profileKey = generateKey<ProfileKey>();
  const record: AccountRecord = {
    v: 1,
    previous: new Uint8Array(32),
    list: { counter: 1, hash: listHash },
    profileKey,
    profileVersion: 1,
    name: request.name,
    nameAt: now,
    settings: { readReceipts: true, typing: true, changedAt: now },
    contacts: [],
    invites: [],
    devices: [{ device: idBytes(newDevice.device), name: ports.deviceName, namedAt: now }],
  };
  const { sealed, stored } = sealFirstRecord(recordKey, account, record);
  const profile: ProfileDocument = { v: 1, name: request.name, username: request.username };
  const binding = { account: idBytes(account), version: 1 };

  const own: OwnDevice = {
    phase: 'joining',
    account,
    device: newDevice.device,
    username: request.username,
    accountKey: accountKey.getPublicKey().serialize(),
    identity: newDevice.identity.serialize(),
    registrationId: newDevice.registrationId,
    recordKey,
    epoch: ports.random(16),
    joinedAt: 1,
    list: signedList,
    credentialsVersion: 1,
    ...(answering === undefined ? {} : { answering }),
  };
  return onNewDatabase(needs, async (db) => {
    await db.write([T.layout, T.own, T.record, T.preKeyState, T.preKeys], async (tx) => {
      tx.put(T.layout, 'layout', LAYOUT);
      tx.put(T.own, 'own', own);
      tx.put(T.record, 'record', stored);
      tx.put(T.preKeyState, 'prekeys', prekeys.state);
      for (const { kind, id, record: bytes } of prekeys.made) tx.put(T.preKeys, [kind, id], bytes);
    });

    progress({ kind: 'registering' });
    const vault = sealVault(vaultKey, { accountKey, recordKey }, binding);
    const sealedVaultKey = wrapVaultKey(wrapKey, vaultKey, binding);
    vaultKey.fill(0);
    const { challenge, restore } = await askChallenge(rest);
    const bytes = signedSignUp.encode({
      origin: ports.origin,
      challenge,
      ...(code === undefined ? {} : { invite: idBytes(code) }),
      username: request.username,
      account: idBytes(account),
      accountKey: own.accountKey,
      credentials: {
        version: 1,
        loginKey: loginKey.publicKey,
        vault,
        wraps: [{ way: 'passphrase', sealed: sealedVaultKey }],
      },
      record: { version: 1, sealed },
      profile: { version: 1, sealed: sealProfile(profileKey, encodeCbor(profile), binding) },
      deliveryKeyHash: hashDeliveryKey(deriveDeliveryKey(profileKey)),
      list: signedList,
      device: idBytes(newDevice.device),
      sessionKey,
      prekeys: prekeys.upload,
    });
    const signature = signWithKeyPair(loginKey, SIGNED_LABELS.signUp, bytes);
    const session = await rest.call(signUpRoute, {
      body: { bytes: encodeB64u(bytes), signature: encodeB64u(signature) },
      credentials: true,
    });
    return { db, own: await activate(db, joinedAfter(own, restore, now)), session };
  });
}

/** Runs `work` on a fresh local database, which is closed again, its key overwritten, where it does not come to its end. */
export async function onNewDatabase<Value>(
  { ports, onFault }: JoinNeeds,
  work: (db: SealedDb) => Promise<Value>,
): Promise<Value> {
  const db = await makeLocalDatabase(ports, onFault);
  try {
    return await work(db);
  } catch (error) {
    db.close();
    throw error;
  }
}

/** Marks a device as accepted. */
export async function activate(db: SealedDb, own: OwnDevice): Promise<OwnDevice> {
  const active: OwnDevice = { ...own, phase: 'active' };
  await db.write([T.own], async (tx) => tx.put(T.own, 'own', active));
  return active;
}
