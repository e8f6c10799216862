/**
 * Somebody's profile key and delivery key. In answer to an invite it carries a MAC under the invite's secret over the sender's own
 * account key: whoever knew the secret is accepted, and both sides show "checked by invite link".
 */
import { encodeB64u, equalBytes } from '@tacet/protocol/bytes';
import type { Profile } from '@tacet/protocol/content/profile';
import type { Contact } from '@tacet/protocol/content/record';
import { idBytes, idOf, type MessageId } from '@tacet/protocol/ids';
import { PublicKey } from '@tacet/crypto';
import {
  deriveDeliveryKey,
  keyFrom,
  verifyInviteMac,
  type InviteSecret,
  type ProfileKey,
} from '@tacet/crypto/vault';
import { closeInvite, isOpen } from '../../account/kept-invites.ts';
import { copyBytes } from '../../bytes.ts';
import { decidedAt, newContact } from '../../people/contact-entry.ts';
import { answeredCode, meet } from '../../safety/encounters.ts';
import type { Handling, HandlerServices } from './handling.ts';
import type { WriteTx } from '../../db/sealed.ts';
import type { AccountId } from '@tacet/protocol/ids';

/** Gives the own profile and delivery key to somebody, in the caller's transaction. */
export function giveProfile(
  services: Pick<HandlerServices, 'record' | 'outbox' | 'clock' | 'random'>,
  tx: WriteTx,
  to: AccountId,
  invite?: Profile['invite'],
): void {
  const { record, outbox, clock, random } = services;
  const profileKey = keyFrom<ProfileKey>(record.value.profileKey);
  outbox.add(tx, {
    to,
    content: {
      kind: 'profile',
      body: {
        profileKey,
        deliveryKey: deriveDeliveryKey(profileKey),
        ...(invite === undefined ? {} : { invite }),
      },
    },
    id: idOf<MessageId>(random(16)),
    sentAt: clock.now(),
  });
}

/** The code of an own open invite that this answer knew the secret of. */
function answeredInvite(handling: Handling, body: Profile): string | undefined {
  const { account, directory, record, clock } = handling;
  const person = directory.get(account);
  if (body.invite === undefined || person === undefined) return undefined;
  const { code, mac } = body.invite;
  const named = encodeB64u(code);
  const invite = record.value.invites.find((held) => encodeB64u(held.code) === named);
  if (invite === undefined || !isOpen(invite, clock.now())) return undefined;
  const newcomer = {
    account: idBytes(account),
    accountKey: PublicKey.deserialize(copyBytes(person.stored.accountKey)),
  };
  return verifyInviteMac(keyFrom<InviteSecret>(invite.secret), newcomer, mac) ? named : undefined;
}

function hasKeys(
  { deliveryKey, profileKey }: Contact,
  told: Required<Pick<Contact, 'deliveryKey' | 'profileKey'>>,
): boolean {
  if (deliveryKey === undefined || profileKey === undefined) return false;
  return equalBytes(deliveryKey, told.deliveryKey) && equalBytes(profileKey, told.profileKey);
}

/** Handles a profile. */
export async function handleProfile(handling: Handling, body: Profile): Promise<void> {
  const { tx, account, standing, isLate, clock, record, directory, conversations } = handling;
  const person = directory.get(account);
  if (standing === 'own' || person === undefined) return;
  const code = answeredInvite(handling, body);
  const shown = answeredCode(handling, account, body);
  const before = record.contact(account);
  const isInvited = code !== undefined && before?.state !== 'accepted';
  record.changeContact(tx, account, (held): Contact => {
    const contact = held ?? newContact(person, 'request', 'unverified', clock.now());
    const keys = { deliveryKey: copyBytes(body.deliveryKey), profileKey: copyBytes(body.profileKey) };
    // By arrival: the sender's clock may have been wrong when he said it. Keys that are known change no record, however often they come.
    const isOvertaken = (isLate && contact.keysAt > 0) || hasKeys(contact, keys);
    const told = isOvertaken
      ? contact
      : { ...contact, ...keys, keysAt: Math.max(clock.now(), contact.keysAt + 1) };
    if (code === undefined) return told;
    const trust = told.trust === 'verified' ? told.trust : 'by-invite';
    const now = clock.now();
    // The secret of the invite proves the key as well as the directory does.
    const { hearsay: _before, ...proven } = told;
    const believed: Contact = { ...proven, trust, believedAt: Math.max(now, told.believedAt) };
    return isInvited ? { ...believed, state: 'accepted', changedAt: decidedAt(now, told) } : believed;
  });
  // A key that is none, or was told before the server had it, may have kept something waiting.
  tx.after(() => handling.keysTold(account));
  if (code !== undefined) {
    record.change(tx, (held) => ({
      ...held,
      invites: held.invites.map((invite) =>
        encodeB64u(invite.code) === code ? closeInvite(invite, clock.now(), idBytes(account)) : invite,
      ),
    }));
  }
  if (isInvited) {
    conversations.addEvent(tx, account, { what: 'invite-accepted' });
    giveProfile(handling, tx, account);
  }
  if (shown !== undefined) meet(handling, tx, account, shown);
  tx.after(() => handling.readProfile(account));
}
