/**
 * The own invites that the record keeps. An open one is kept to its end. A closed one is kept as long, without its secret: an own device
 * that has not heard of it brings its own copy, and that must not open it again. What is not kept is refused like a closed one.
 */
import type { AccountRecord, OpenInvite } from '@tacet/protocol/content/record';
import { LIMITS } from '@tacet/protocol/limits';

/** The clocks of own devices differ by less. */
const AFTER_END_MS = 24 * 60 * 60_000;
/** One that ends later than an invite can was made by another time than this clock's: it was set back. */
const AHEAD_MS = 60_000;
/** Kept at a time: more than the server holds open for an account, and fewer than a record may hold. */
export const INVITES_KEPT = 150;

/** A used or withdrawn invite. */
export function closeInvite(invite: OpenInvite, closedAt: number, by?: Uint8Array): OpenInvite {
  const secret = new Uint8Array(invite.secret.length);
  return { ...invite, secret, closedAt, ...(by === undefined ? {} : { by }) };
}

/** The secret of a closed invite is of no use any more. */
export function withoutSecret(invite: OpenInvite): OpenInvite {
  return invite.closedAt === undefined ? invite : closeInvite(invite, invite.closedAt);
}

/**
 * A record whose invites are all closed, for when somebody who is gone could read their secrets: also those that another clock calls over.
 * The same object where none was left.
 */
export function closeInvites(record: AccountRecord, now: number): AccountRecord {
  if (record.invites.every(({ closedAt }) => closedAt !== undefined)) return record;
  const invites = record.invites.map((invite) =>
    invite.closedAt === undefined ? closeInvite(invite, now) : invite,
  );
  return { ...record, invites };
}

/** Whether an invite lets somebody in. */
export function isOpen({ closedAt, expiresAt, scan }: OpenInvite, now: number): boolean {
  const ageMs = scan === true ? LIMITS.inviteScanAgeMs : LIMITS.inviteDefaultAgeMs;
  return closedAt === undefined && expiresAt >= now && expiresAt <= now + ageMs + AHEAD_MS;
}

/** Those that are to be kept, in the order given. Of too many, closed ones with the nearest end go first. */
export function keptInvites(invites: readonly OpenInvite[], now: number): OpenInvite[] {
  const kept = invites.filter(({ expiresAt }) => expiresAt + AFTER_END_MS > now).map(withoutSecret);
  if (kept.length <= INVITES_KEPT) return kept;
  const first = kept.toSorted(
    (a, b) => Number(isOpen(b, now)) - Number(isOpen(a, now)) || b.expiresAt - a.expiresAt,
  );
  const chosen = new Set(first.slice(0, INVITES_KEPT));
  return kept.filter((invite) => chosen.has(invite));
}
