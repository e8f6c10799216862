/**
 * Account records of earlier builds, brought to the form of today. A contact had no moment of his own at which his key was believed, and
 * named the key whose mark the person had taken away; the number of invites was not looked at when one was made.
 */
import { equalBytes } from '@tacet/protocol/bytes';
import { INVITES_MAX } from '@tacet/protocol/content/record';

type Fields = Readonly<Record<string, unknown>>;

function isFields(value: unknown): value is Fields {
  return (
    typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array)
  );
}

/**
 * Key, trust and state had one moment. A mark that was taken away is the person's last word about that key; of another key it says nothing
 * that a device could not have believed by itself, so that a verified key never gives way to it.
 */
function contactOfToday(contact: unknown): unknown {
  if (!isFields(contact) || 'believedAt' in contact) return contact;
  const { gaveUp, ...rest } = contact;
  const { changedAt, accountKey, trust } = contact;
  const isTakenAway =
    gaveUp instanceof Uint8Array &&
    accountKey instanceof Uint8Array &&
    equalBytes(gaveUp, accountKey) &&
    trust !== 'verified';
  return { ...rest, believedAt: changedAt, ...(isTakenAway ? { judgedAt: changedAt } : {}) };
}

/** Those that end last, open ones first. */
function fewerInvites(invites: readonly unknown[]): readonly unknown[] {
  if (invites.length <= INVITES_MAX) return invites;
  const endOf = (invite: unknown): number =>
    isFields(invite) && typeof invite['expiresAt'] === 'number' ? invite['expiresAt'] : 0;
  const isOpen = (invite: unknown): boolean => isFields(invite) && !('closedAt' in invite);
  return invites
    .toSorted((a, b) => Number(isOpen(b)) - Number(isOpen(a)) || endOf(b) - endOf(a))
    .slice(0, INVITES_MAX);
}

/** A decoded record with what is known of earlier forms put right; what is not known stays as it is. */
export function bringToForm(record: unknown): unknown {
  if (!isFields(record) || record['v'] !== 1) return record;
  const { contacts, invites } = record;
  return {
    ...record,
    ...(Array.isArray(contacts) ? { contacts: contacts.map(contactOfToday) } : {}),
    ...(Array.isArray(invites) ? { invites: fewerInvites(invites) } : {}),
  };
}
