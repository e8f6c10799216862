/**
 * Rotating what contacts hold of this account: the profile key and the delivery key that is derived from it. Whoever knows only the old
 * ones can neither read a later profile nor deliver as a contact.
 *
 * Blocking somebody: call `rotateProfileKey(services, tx)` in the transaction that marks the contact blocked (it must hold `T.record`
 * and `T.own`), then `publishProfile(services)` after it. What a lost connection or a crash leaves undone is done with the next
 * connection (`home.ts`). Removing a device rotates the same keys inside its one request (`removal.ts`).
 */
import { encodeB64u } from '@tacet/protocol/bytes';
import { encodeCbor } from '@tacet/protocol/cbor';
import type { AccountRecord, ProfileDocument } from '@tacet/protocol/content/record';
import { isWireError } from '@tacet/protocol/errors';
import { idBytes, idOf, type AccountId } from '@tacet/protocol/ids';
import { putDeliveryKey, putProfile } from '@tacet/protocol/rest/accounts';
import {
  deriveDeliveryKey,
  generateKey,
  hashDeliveryKey,
  keyFrom,
  sealProfile,
  type ProfileKey,
} from '@tacet/crypto/vault';
import type { WriteTx } from '../db/sealed.ts';
import { T } from '../db/stores.ts';
import type { OwnDevice } from '../db/stored-device.ts';
import { giveProfile } from '../messages/handlers/profile.ts';
import type { Services } from '../services.ts';

/** The own profile as contacts read it, sealed under the record's profile key as the record's version of it. */
export function sealOwnProfile(
  { account, username }: Pick<OwnDevice, 'account' | 'username'>,
  { profileKey, profileVersion: version, name, picture }: AccountRecord,
): { readonly version: number; readonly sealed: Uint8Array<ArrayBuffer> } {
  const document: ProfileDocument = { v: 1, name, username, ...(picture === undefined ? {} : { picture }) };
  const binding = { account: idBytes(account), version };
  return { version, sealed: sealProfile(keyFrom<ProfileKey>(profileKey), encodeCbor(document), binding) };
}

/** Tries against other devices that change the profile at the same time. */
const TRIES_MOST = 4;

/** Puts a fresh profile key into the record and notes that it has yet to be published. The transaction holds `T.record` and `T.own`. */
export function rotateProfileKey({ record, own }: Pick<Services, 'record' | 'own'>, tx: WriteTx): void {
  const profileKey = generateKey<ProfileKey>();
  changeProfile({ record, own }, tx, (held) => ({
    ...held,
    profileKey,
    profileKeyNumber: (held.profileKeyNumber ?? 0) + 1,
  }));
}

/** Changes what the profile is made of and notes that it has yet to be published. The transaction holds `T.record` and `T.own`. */
export function changeProfile(
  { record, own }: Pick<Services, 'record' | 'own'>,
  tx: WriteTx,
  edit: (record: AccountRecord) => AccountRecord,
): void {
  record.change(tx, (held) => ({ ...edit(held), profileVersion: held.profileVersion + 1 }));
  own.change(tx, (held) => ({ ...held, publishing: true }));
}

/**
 * Brings the server to the profile of the record: first the record, then the profile, then the hash of the delivery key, from which
 * moment senders with an old one are refused; then every accepted contact is told. Does nothing when nothing is to be published.
 */
export async function publishProfile(services: Services): Promise<void> {
  const { db, rest, session, record, own } = services;
  if (own.value.publishing !== true) return;
  await record.flush();
  const published = await putOwnProfile(services);
  const hash = encodeB64u(hashDeliveryKey(deriveDeliveryKey(keyFrom<ProfileKey>(published.profileKey))));
  await session.with((token) => rest.call(putDeliveryKey, { body: { hash }, token }));
  await db.write([T.outbox, T.own], async (tx) => {
    // What has changed meanwhile is published after this by whoever changed it.
    if (record.value.profileVersion === published.profileVersion) {
      own.change(tx, ({ publishing: _done, ...held }) => held);
    }
    tellContacts(services, tx);
  });
}

/** Puts the profile of the record and gives that record. Another device may have put another under the same version: then a later one. */
async function putOwnProfile({ db, rest, session, record, own }: Services): Promise<AccountRecord> {
  for (let tries = 1; ; tries += 1) {
    const { value } = record;
    const { version, sealed } = sealOwnProfile(own.value, value);
    try {
      await session.with((token) =>
        rest.call(putProfile, { body: { version, sealed: encodeB64u(sealed) }, token }),
      );
      return value;
    } catch (error) {
      if (!isWireError(error, 'version-mismatch') || tries === TRIES_MOST) throw error;
    }
    await record.refresh();
    if (record.value.profileVersion > version) continue;
    await db.write([T.record, T.own], async (tx) => changeProfile({ record, own }, tx, (held) => held));
    await record.flush();
  }
}

/** Gives profile key, delivery key and, with them, the own list to every accepted contact. The transaction holds `T.outbox`. */
export function tellContacts(
  services: Pick<Services, 'record' | 'outbox' | 'clock' | 'random'>,
  tx: WriteTx,
): void {
  for (const contact of services.record.contacts) {
    if (contact.state === 'accepted') giveProfile(services, tx, idOf<AccountId>(contact.account));
  }
}
