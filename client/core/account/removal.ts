/**
 * Removing a device: list, vault, record, profile and delivery key change in one request, so that nothing which the removed device knew
 * opens anything newer. What the request would make valid is stored before it leaves; whether it happened is read from the own list in
 * force, so an answer that was lost, or a crash after the commit, changes nothing. Then the devices that stay get the record key inside
 * the encryption, and every accepted contact the new list and delivery key.
 */
import { encodeB64u, equalBytes } from '@tacet/protocol/bytes';
import type { AccountRecord } from '@tacet/protocol/content/record';
import { isWireError } from '@tacet/protocol/errors';
import { idBytes, type DeviceId } from '@tacet/protocol/ids';
import { getCredentials } from '@tacet/protocol/rest/accounts';
import { changeList } from '@tacet/protocol/rest/devices';
import { signedDeviceList } from '@tacet/protocol/signed/device-list';
import { signedChangeList, type Rotation } from '@tacet/protocol/signed/requests';
import { SIGNED_LABELS } from '@tacet/protocol/signed/signed';
import type { PrivateKey } from '@tacet/crypto';
import {
  deriveDeliveryKey,
  generateKey,
  hashDeliveryKey,
  hashRecord,
  hashRecordKey,
  keyFrom,
  sealRecord,
  signLabelled,
  signWithKeyPair,
  type ProfileKey,
  type RecordKey,
  type StretchedPassphrase,
} from '@tacet/crypto/vault';
import { LINE_TABLES } from '../conversations/lines.ts';
import { T } from '../db/stores.ts';
import type { Removal } from '../db/stored-device.ts';
import { hashList, verifyList, type ListedDevice } from '../device-lists.ts';
import { DIRECTORY_TABLES } from '../people/directory.ts';
import type { Services } from '../services.ts';
import { sealCredentials, withOwnVault, type OpenedVault, type OwnVault } from './own-vault.ts';
import { closeInvites } from './kept-invites.ts';
import { encodeRecord } from './record-form.ts';
import { giveRecordKey } from './record-key.ts';
import { sealOwnProfile, tellContacts } from './rotation.ts';
import { takeChallenge } from './session.ts';

/** Tries against other devices that write the record at the same time. */
const TRIES_MOST = 5;
/** Versions that are left out with each further try: more than a device writes in the time that one takes. */
const STEP = 1_000;
/** Removals that were asked for and may still happen; a request is good for as long as its challenge, two minutes. */
const ASKED_MOST = 8;
const SETTLE_TABLES = [...DIRECTORY_TABLES, ...LINE_TABLES, T.record, T.own, T.outbox] as const;

/** A removal that has happened; without the record that came into force with it where that is not known. */
type Happened = Omit<Removal, 'record'> & Partial<Pick<Removal, 'record'>>;

/** The record as a removal leaves it at `now`. Open invites end: who is gone could read their secrets. */
function recordAfter(
  removal: Pick<Removal, 'list' | 'profileKey' | 'profileVersion'>,
  record: AccountRecord,
  now: number,
): AccountRecord {
  const { counter, devices } = signedDeviceList.parse(removal.list.bytes);
  const isListed = (device: Uint8Array): boolean =>
    devices.some((listed) => equalBytes(listed.device, device));
  const names = (record.devices ?? []).filter(({ device }) => isListed(device));
  const { profileKey, profileVersion } = removal;
  const list = { counter, hash: hashList(removal.list) };
  const profileKeyNumber = (record.profileKeyNumber ?? 0) + 1;
  const { invites } = closeInvites(record, now);
  return { ...record, list, profileKey, profileKeyNumber, profileVersion, devices: names, invites };
}

/**
 * Replaces the record by `work`, whatever another device writes meanwhile: `beyond` is by how much more than one its version rises, more
 * with each try, so that what is written in the time of one does not overtake it again. `version`: the credentials that `work` follows;
 * where others have come into force no record helps. Throws what `work` throws.
 */
export async function overtaking(
  { rest, session }: Pick<Services, 'rest' | 'session'>,
  version: number,
  work: (beyond: number) => Promise<void>,
): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      await work((tries - 1) * STEP);
      return;
    } catch (error) {
      if (!isWireError(error, 'version-mismatch') || tries >= TRIES_MOST) throw error;
      const inForce = await session.with((token) => rest.call(getCredentials, { token }));
      if (inForce.version !== version) throw error;
    }
  }
}

/** Removes a device with the opened vault. Throws `WireError` or `CoreError`; the device may be gone nevertheless, see `settleRemovals`. */
async function requestRemoval(
  services: Services,
  vault: OwnVault,
  gone: DeviceId,
  beyond: number,
): Promise<void> {
  const { directory, record, own, rest, session, origin } = services;
  await record.holding(async (newest) => {
    const { account, accountKey } = own.value;
    // A try that was refused in word has happened all the same, as was seen by reading the record.
    if (directory.deviceOf(account, gone) === undefined) return;
    const departed = directory.get(account)?.stored.departed ?? [];
    const stays = directory.ownList.devices.filter(
      ({ device }) => device !== gone && !departed.includes(device),
    );
    const { removal, rotation } = await makeRemoval(
      services,
      { ...newest, version: newest.version + beyond },
      stays,
      vault,
      vault.stretched,
    );
    verifyList(account, accountKey, removal.list);
    const request = signedChangeList.encode({
      origin,
      challenge: await takeChallenge(rest),
      account: idBytes(account),
      list: removal.list,
      rotation,
    });
    const signed = signWithKeyPair(vault.stretched.loginKey, SIGNED_LABELS.changeList, request);
    const body = { bytes: encodeB64u(request), signature: encodeB64u(signed) };
    await session.with((token) => rest.call(changeList, { body, token }));
    await settle(services, removal);
  });
}

/**
 * The list of the devices that stay, signed, with the keys that go with it. What was asked for already, in an earlier try, is asked for
 * again: with several lists of one counter a server could show everybody another one.
 */
function listOf(
  { own, directory }: Services,
  stays: readonly ListedDevice[],
  accountKey: PrivateKey,
): Pick<Removal, 'list' | 'recordKey' | 'profileKey'> {
  const { account, accountKey: inForce, removals = [] } = own.value;
  const before = directory.ownList;
  const bytesWith = (recordKey: RecordKey): Uint8Array =>
    signedDeviceList.encode({
      account: idBytes(account),
      counter: before.counter + 1,
      previous: before.hash,
      recordKeyHash: hashRecordKey(recordKey),
      devices: stays.map(({ device, ...listed }) => ({ device: idBytes(device), ...listed })),
    });
  const publicKey = accountKey.getPublicKey().serialize();
  const asked = removals.find(
    (removal) =>
      equalBytes(removal.accountKey ?? inForce, publicKey) &&
      equalBytes(removal.list.bytes, bytesWith(keyFrom<RecordKey>(removal.recordKey))),
  );
  if (asked !== undefined) {
    const { list, recordKey, profileKey } = asked;
    return { list, recordKey, profileKey };
  }
  const recordKey = generateKey<RecordKey>();
  const bytes = bytesWith(recordKey);
  const list = { bytes, signature: signLabelled(accountKey, SIGNED_LABELS.deviceList, bytes) };
  return { list, recordKey, profileKey: generateKey<ProfileKey>() };
}

/**
 * Makes everything that changes with a list of the devices that stay, signed by `vault`'s account key, for a passphrase; what it would
 * make valid is stored when this resolves.
 */
export async function makeRemoval(
  services: Services,
  newest: { readonly version: number; readonly hash: Uint8Array },
  stays: readonly ListedDevice[],
  vault: OpenedVault,
  passphrase: StretchedPassphrase,
): Promise<{ readonly removal: Removal; readonly rotation: Rotation }> {
  const { record, own, db, clock } = services;
  const { account } = own.value;
  const publicKey = vault.contents.accountKey.getPublicKey().serialize();
  const isReset = !equalBytes(publicKey, own.value.accountKey);
  const signed = listOf(services, stays, vault.contents.accountKey);
  const recordKey = keyFrom<RecordKey>(signed.recordKey);
  const made = { ...signed, profileVersion: record.value.profileVersion + 1 };
  const after = { ...recordAfter(made, record.value, clock.now()), previous: newest.hash };
  const version = newest.version + 1;
  const sealed = sealRecord(recordKey, encodeRecord(after, record.value), {
    account: idBytes(account),
    version,
  });
  const removal: Removal = {
    ...made,
    ...(isReset ? { accountKey: publicKey } : {}),
    credentialsVersion: vault.version + 1,
    record: { version, hash: hashRecord(sealed) },
  };
  await db.write([T.own], async (tx) =>
    own.change(tx, (held) => ({
      ...held,
      removals: [...(held.removals ?? []), removal].slice(-ASKED_MOST),
    })),
  );
  return {
    removal,
    rotation: {
      credentials: sealCredentials(account, vault, passphrase, recordKey),
      record: { version, sealed },
      profile: sealOwnProfile(own.value, after),
      deliveryKeyHash: hashDeliveryKey(deriveDeliveryKey(keyFrom<ProfileKey>(made.profileKey))),
    },
  };
}

/** Looks which of the removals that were asked for has happened, by the own list in force, and puts it into effect here. */
export async function settleRemovals(services: Services): Promise<void> {
  const { own, directory, db } = services;
  const { counter, hash } = directory.ownView;
  const asked = (own.value.removals ?? []).filter(({ list }) => counterOf(list) <= counter);
  const happened = happenedOf(asked, hash);
  if (happened !== undefined) await settle(services, happened);
  else if (asked.length > 0) {
    await db.write([T.own], async (tx) => own.change(tx, (held) => withoutOld(held, counter)));
  }
}

/**
 * The removal whose list has this hash. Of several tries of one list nobody can tell from it which the server took: that of the record
 * then comes from the server, as any other that another device wrote.
 */
export function happenedOf(asked: readonly Removal[], hash: Uint8Array): Happened | undefined {
  const tries = asked.filter(({ list }) => equalBytes(hashList(list), hash));
  const newest = tries.at(-1);
  if (newest === undefined || tries.length === 1) return newest;
  const { record: _unknown, ...removal } = newest;
  return {
    ...removal,
    credentialsVersion: Math.min(...tries.map(({ credentialsVersion }) => credentialsVersion)),
  };
}

function counterOf({ bytes }: Removal['list']): number {
  return signedDeviceList.parse(bytes).counter;
}

/** Forgets removals that can happen no more. */
function withoutOld<Held extends { readonly removals?: readonly Removal[] }>(
  held: Held,
  counter: number,
): Held {
  const { removals = [], ...rest } = held;
  const open = removals.filter(({ list }) => counterOf(list) > counter);
  return (open.length === 0 ? rest : { ...rest, removals: open }) as Held;
}

/** Everything that follows from a removal that has happened, in one transaction. */
export async function settle(services: Services, removal: Happened): Promise<void> {
  const { own, directory, record, db, clock } = services;
  const { account } = own.value;
  const accountKey = removal.accountKey ?? own.value.accountKey;
  const list = verifyList(account, accountKey, removal.list);
  await db.write(SETTLE_TABLES, async (tx) => {
    if (own.value.removals?.some(({ list }) => list === removal.list) !== true) return;
    const { recordKey, credentialsVersion } = removal;
    own.change(tx, (held) => ({
      ...withoutOld(held, counterOf(removal.list)),
      recordKey,
      credentialsVersion: Math.max(held.credentialsVersion, credentialsVersion),
      list: removal.list,
      accountKey,
    }));
    const after = (held: AccountRecord): AccountRecord => recordAfter(removal, held, clock.now());
    if (removal.record === undefined) record.change(tx, after);
    else record.adopt(tx, removal.record, after);
    directory.adoptOwn(tx, list);
    giveRecordKey(services, tx);
    tellContacts(services, tx);
    tx.after(() => services.receiptsDue());
  });
}

/** Removes a device of the own list with the passphrase; does nothing where it is off the list already. */
export async function removeDevice(services: Services, device: DeviceId, passphrase: string): Promise<void> {
  const { directory } = services;
  if (directory.deviceOf(directory.ownAccount, device) === undefined) return;
  await withOwnVault(services, passphrase, (vault) =>
    overtaking(services, vault.version, (beyond) => requestRemoval(services, vault, device, beyond)),
  );
}
