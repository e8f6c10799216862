/**
 * Merging two states of the account record, for devices that changed it at the same time. What only grows takes the higher value, what a
 * person decides takes the later decision, lists of things take the union. Merging is idempotent, commutative, and loses no contact.
 */
import { encodeB64u, equalBytes } from '@tacet/protocol/bytes';
import type { AccountRecord, Contact, OpenInvite } from '@tacet/protocol/content/record';
import type { ListView } from '@tacet/protocol/content/frame';

/** Closed and expired invites are forgotten after this. */
const INVITE_KEPT_MS = 30 * 24 * 60 * 60_000;

/** Of two byte strings one, the same whichever comes first. */
function firstInOrder(a: Uint8Array, b: Uint8Array): Uint8Array {
  return encodeB64u(a) <= encodeB64u(b) ? a : b;
}

function higherList(a: ListView, b: ListView): ListView {
  if (a.counter !== b.counter) return a.counter > b.counter ? a : b;
  return equalBytes(a.hash, firstInOrder(a.hash, b.hash)) ? a : b;
}

/** The later of two, by instant; ties by a fixed order of their forms. */
function later<Value>(a: Value, b: Value, at: (value: Value) => number): Value {
  if (at(a) !== at(b)) return at(a) > at(b) ? a : b;
  return JSON.stringify(a) >= JSON.stringify(b) ? a : b;
}

function mergeContact(a: Contact, b: Contact): Contact {
  const decided = later(a, b, (contact) => contact.changedAt);
  const keys = later(a, b, (contact) => contact.keysAt);
  const named = a.name === undefined ? b : b.name === undefined ? a : keys;
  const username = keys.username ?? a.username ?? b.username;
  return {
    account: decided.account,
    accountKey: decided.accountKey,
    trust: decided.trust,
    state: decided.state,
    changedAt: decided.changedAt,
    list: higherList(a.list, b.list),
    keysAt: keys.keysAt,
    ...(keys.deliveryKey === undefined ? {} : { deliveryKey: keys.deliveryKey }),
    ...(keys.profileKey === undefined ? {} : { profileKey: keys.profileKey }),
    ...(username === undefined ? {} : { username }),
    ...(named.name === undefined ? {} : { name: named.name }),
  };
}

function mergeInvite(a: OpenInvite, b: OpenInvite): OpenInvite {
  if (a.closedAt === undefined) return b;
  if (b.closedAt === undefined) return a;
  return a.closedAt <= b.closedAt ? a : b;
}

function union<Value>(
  a: readonly Value[],
  b: readonly Value[],
  keyOf: (value: Value) => Uint8Array,
  merge: (left: Value, right: Value) => Value,
): Value[] {
  const merged = new Map<string, Value>();
  for (const value of [...a, ...b]) {
    const key = encodeB64u(keyOf(value));
    const held = merged.get(key);
    merged.set(key, held === undefined ? value : merge(held, value));
  }
  return [...merged.entries()].sort(([x], [y]) => (x < y ? -1 : x > y ? 1 : 0)).map(([, value]) => value);
}

/** Both records in one. `previous` is the caller's to set. `now` decides which invites are forgotten. */
export function mergeRecords(a: AccountRecord, b: AccountRecord, now: number): AccountRecord {
  const name = later(a, b, (record) => record.nameAt);
  const settings = later(a.settings, b.settings, (held) => held.changedAt);
  return {
    v: 1,
    previous: a.previous,
    list: higherList(a.list, b.list),
    profileKey: a.profileVersion >= b.profileVersion ? a.profileKey : b.profileKey,
    profileVersion: Math.max(a.profileVersion, b.profileVersion),
    name: name.name,
    nameAt: name.nameAt,
    settings,
    contacts: union(a.contacts, b.contacts, (contact) => contact.account, mergeContact),
    invites: union(a.invites, b.invites, (invite) => invite.code, mergeInvite).filter(
      (invite) => Math.max(invite.expiresAt, invite.closedAt ?? 0) + INVITE_KEPT_MS > now,
    ),
  };
}
