/**
 * Coming back to a server that was restored from a backup: one request brings what it may have lost of this account and device, each part
 * on the receipt that it gave for it, with signed prekeys of these days, since those in the backup may be old. Everything in it the server
 * has had before, but for those prekeys: whoever claims a restore without one learns nothing by it.
 */
import { encodeB64u } from '@tacet/protocol/bytes';
import { isWireError } from '@tacet/protocol/errors';
import { idBytes } from '@tacet/protocol/ids';
import { LIMITS } from '@tacet/protocol/limits';
import { comeBack as comeBackRoute } from '@tacet/protocol/rest/receipts';
import type { SessionReply } from '@tacet/protocol/rest/sessions';
import { signedComeBack } from '@tacet/protocol/signed/requests';
import {
  deriveDeliveryKey,
  hashDeliveryKey,
  keyFrom,
  sealRecord,
  type ProfileKey,
  type RecordKey,
} from '@tacet/crypto/vault';
import { copyBytes } from '../bytes.ts';
import { T } from '../db/stores.ts';
import type { KeptReceipts } from '../db/stored-device.ts';
import type { Engine } from '../engine.ts';
import type { Ports } from '../ports.ts';
import { makeSignedKeys, nextPreKeyId, publicSignedKeys, stateKeys } from '../prekeys.ts';
import type { Services } from '../services.ts';
import { isOpen } from './kept-invites.ts';
import { encodeRecord } from './record-form.ts';
import { withRestore, type ToldRestore } from './restores.ts';
import { sealOwnProfile } from './rotation.ts';

/** What coming back needs. */
export interface ReturnNeeds {
  readonly services: Services;
  readonly engine: Engine;
  readonly ports: Pick<Ports, 'keyring' | 'origin'>;
}

/** Comes back. `undefined`: this device has no receipts, or the server does not take them; then it is as if nothing had been said. */
export async function comeBack(
  { services, engine, ports }: ReturnNeeds,
  restore: ToldRestore,
  challenge: Uint8Array,
): Promise<SessionReply | undefined> {
  const { db, own, clock, rest } = services;
  const kept = await db.read([T.receiptsKept], (tx) => tx.get(T.receiptsKept, 'receipts'));
  if (kept === undefined) return undefined;
  const keys = await statedKeys(services, engine);
  if (keys === undefined) return undefined;
  const bytes = signedComeBack.encode({
    origin: ports.origin,
    challenge: copyBytes(challenge),
    epoch: copyBytes(restore.epoch),
    ...whatIsHeld(services, kept),
    prekeys: keys.upload,
  });
  const signature = await ports.keyring.signWithSessionKey(bytes);
  let reply: SessionReply;
  try {
    const body = { bytes: encodeB64u(bytes), signature: encodeB64u(signature) };
    reply = await rest.call(comeBackRoute, { body, credentials: true });
  } catch (error) {
    const isRefused = (['session-ended', 'signature-invalid', 'username-taken'] as const).some((code) =>
      isWireError(error, code),
    );
    if (!isRefused) throw error;
    return undefined;
  }
  const { epoch, backedUpAt } = restore;
  const now = clock.now();
  await db.write([T.own, T.preKeyState], async (tx) => {
    own.change(tx, (held) => withRestore(held, { epoch, at: now, backedUpAt: Math.min(backedUpAt, now) }));
    const state = await tx.get(T.preKeyState, 'prekeys');
    if (state !== undefined) tx.put(T.preKeyState, 'prekeys', { ...state, confirmedId: keys.id });
    tx.after(() => services.peopleChanged());
  });
  return reply;
}

/**
 * Signed keys with a fresh statement, stored before they leave: those of these days, or new ones. A server that claims a restore with each
 * connection has none made. One-time keys follow when the server says that they are low.
 */
async function statedKeys({ db, own, clock, directory }: Services, engine: Engine) {
  return db.write([T.preKeys, T.preKeyState], async (tx) => {
    const state = await tx.get(T.preKeyState, 'prekeys');
    if (state === undefined) return undefined;
    const now = clock.now();
    const statedAt = Math.max(now, state.statedAt + 1);
    const { device } = own.value;
    const listHash = directory.ownView.hash;
    const newest = state.signed.at(-1);
    const [signed, lastResort] =
      newest === undefined || Math.abs(now - newest.madeAt) >= LIMITS.prekeyRotationMs
        ? []
        : await Promise.all([
            tx.get(T.preKeys, ['signed', newest.id]),
            tx.get(T.preKeys, ['last-resort', newest.id]),
          ]);
    const none = { oneTime: [], oneTimeKyber: [] };
    if (newest !== undefined && signed !== undefined && lastResort !== undefined) {
      tx.put(T.preKeyState, 'prekeys', { ...state, statedAt });
      const keys = publicSignedKeys(engine, newest.id, { signed, lastResort });
      const statement = stateKeys(own.identity, device, listHash, keys, statedAt);
      return { id: newest.id, upload: { ...keys, statement, ...none } };
    }
    const id = state.nextId;
    const { made, ...upload } = makeSignedKeys(engine, own.identity, device, listHash, id, now, statedAt);
    for (const each of made) tx.put(T.preKeys, [each.kind, each.id], each.record);
    const kept = [...state.signed, { id, madeAt: now }];
    tx.put(T.preKeyState, 'prekeys', { ...state, nextId: nextPreKeyId(id), signed: kept, statedAt });
    return { id, upload: { ...upload, ...none } };
  });
}

function whatIsHeld({ own, record, clock }: Services, kept: KeptReceipts) {
  const { account, username, accountKey, device, list, recordKey } = own.value;
  const { version, hash } = record.newest;
  const binding = { account: idBytes(account), version: version + 1 };
  const plain = encodeRecord({ ...record.value, previous: hash }, record.value);
  const { receipt: credentialsReceipt, ...credentials } = kept.credentials;
  const now = clock.now();
  const { invites, profileKey } = record.value;
  return {
    account: idBytes(account),
    username,
    accountKey: copyBytes(accountKey),
    accountReceipt: kept.account,
    device: idBytes(device),
    sessionKey: kept.device.sessionKey,
    deviceReceipt: kept.device.receipt,
    list: { bytes: copyBytes(list.bytes), signature: copyBytes(list.signature) },
    listReceipt: kept.list.receipt,
    credentials,
    credentialsReceipt,
    record: { version: version + 1, sealed: sealRecord(keyFrom<RecordKey>(recordKey), plain, binding) },
    before: { hash: copyBytes(hash), receipt: kept.record.receipt },
    profile: sealOwnProfile(own.value, record.value),
    deliveryKeyHash: hashDeliveryKey(deriveDeliveryKey(keyFrom<ProfileKey>(profileKey))),
    invites: invites
      .filter((invite) => isOpen(invite, now))
      .slice(0, LIMITS.invitesPerAccount)
      .map(({ code, expiresAt }) => ({ code, expiresAt })),
    overInvites: invites
      .filter(({ closedAt }) => closedAt !== undefined)
      .slice(0, LIMITS.overInvitesMost)
      .map(({ code }) => code),
  };
}
