/**
 * Rotating what contacts hold of this account: the profile key and the delivery key that is derived from it. Whoever knows only the old
 * ones can neither read a later profile nor deliver as a contact.
 *
 * Blocking somebody: call `rotateProfileKey(services, tx)` in the transaction that marks the contact blocked (it must hold `T.record`
 * and `T.own`), then `publishProfileKey(services)` after it. What a lost connection or a crash leaves undone is done with the next
 * connection (`home.ts`). Removing a device rotates the same keys inside its one request (`removal.ts`).
 */
import { encodeB64u } from '@tacet/protocol/bytes';
import { isWireError } from '@tacet/protocol/errors';
import { idOf, type AccountId } from '@tacet/protocol/ids';
import { putDeliveryKey, putProfile } from '@tacet/protocol/rest/accounts';
import {
  deriveDeliveryKey,
  generateKey,
  hashDeliveryKey,
  keyFrom,
  type ProfileKey,
} from '@tacet/crypto/vault';
import type { WriteTx } from '../db/sealed.ts';
import { T } from '../db/stores.ts';
import { giveProfile } from '../messages/handlers/profile.ts';
import type { Services } from '../services.ts';
import { sealOwnProfile } from './profiles.ts';

/** Puts a fresh profile key into the record and notes that it has yet to be published. The transaction holds `T.record` and `T.own`. */
export function rotateProfileKey({ record, own }: Pick<Services, 'record' | 'own'>, tx: WriteTx): void {
  const profileKey = generateKey<ProfileKey>();
  record.change(tx, (held) => ({ ...held, profileKey, profileVersion: held.profileVersion + 1 }));
  own.change(tx, (held) => ({ ...held, publishing: true }));
}

/**
 * Brings the server to the record's profile key: first the record, then the profile, then the hash of the delivery key, from which
 * moment senders with the old one are refused; then every accepted contact is told. Does nothing when nothing is to be published.
 */
export async function publishProfileKey(services: Services): Promise<void> {
  const { db, rest, session, record, own } = services;
  if (own.value.publishing !== true) return;
  await record.flush();
  const { value } = record;
  const { version, sealed } = sealOwnProfile(own.value, value);
  try {
    await session.with((token) =>
      rest.call(putProfile, { body: { version, sealed: encodeB64u(sealed) }, token }),
    );
  } catch (error) {
    // Repeated after an answer that was lost.
    if (!isWireError(error, 'version-mismatch')) throw error;
  }
  const hash = encodeB64u(hashDeliveryKey(deriveDeliveryKey(keyFrom<ProfileKey>(value.profileKey))));
  await session.with((token) => rest.call(putDeliveryKey, { body: { hash }, token }));
  await db.write([T.outbox, T.own], async (tx) => {
    own.change(tx, ({ publishing: _done, ...held }) => held);
    tellContacts(services, tx);
  });
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
