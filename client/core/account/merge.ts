/**
 * Merging two states of the account record, for devices that changed it at the same time. What only grows takes the higher value, what a
 * person decides takes the later decision, lists of things take the union. Merging is idempotent, commutative, and loses no contact.
 */
import { encodeB64u, equalBytes } from '@tacet/protocol/bytes';
import {
  DEVICE_NAMES_MAX,
  type AccountRecord,
  type Contact,
  type DeviceName,
  type OpenInvite,
} from '@tacet/protocol/content/record';
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

/** The later of two, by instant; of two at the same instant one, the same whichever comes first. */
function later<Value>(a: Value, b: Value, at: (value: Value) => number): Value {
  if (at(a) !== at(b)) return at(a) > at(b) ? a : b;
  return JSON.stringify(a) >= JSON.stringify(b) ? a : b;
}

/** What was told about a person, with the moment, if it was told at all. */
interface Told {
  readonly text: string;
  readonly at: number;
}

function latestTold(
  a: string | undefined,
  aAt: number,
  b: string | undefined,
  bAt: number,
): string | undefined {
  const told = [
    ...(a === undefined ? [] : [{ text: a, at: aAt }]),
    ...(b === undefined ? [] : [{ text: b, at: bAt }]),
  ];
  return told.reduce<Told | undefined>(
    (best, each) => (best === undefined ? each : later(best, each, ({ at }) => at)),
    undefined,
  )?.text;
}

/** What a person decided stands over a request that another device took in before it knew of that, even later. */
function decided<Decision extends Pick<Contact, 'state' | 'changedAt'>>(a: Decision, b: Decision): Decision {
  if ((a.state === 'request') !== (b.state === 'request')) return a.state === 'request' ? b : a;
  return later(a, b, ({ changedAt }) => changedAt);
}

/** What a person, or a device on his behalf, has decided about somebody's key. */
function keyDecision({
  accountKey,
  trust,
  gaveUp,
}: Contact): Pick<Contact, 'accountKey' | 'trust' | 'gaveUp'> {
  return { accountKey, trust, ...(gaveUp === undefined ? {} : { gaveUp }) };
}

/**
 * Whether a contact stays verified against another state of him. A verified key gives way only to the person's word, never to a key that
 * a device has believed by itself because the server kept the mark from it.
 */
function isHeldAgainst(verified: Contact, other: Contact): boolean {
  return (
    verified.trust === 'verified' &&
    other.trust !== 'verified' &&
    !equalBytes(verified.accountKey, other.accountKey) &&
    !(other.gaveUp !== undefined && equalBytes(other.gaveUp, verified.accountKey))
  );
}

function mergeContact(a: Contact, b: Contact): Contact {
  const standing = ({ state, changedAt }: Contact) => ({ state, changedAt });
  const decision = (contact: Contact) => ({ ...keyDecision(contact), ...standing(contact) });
  const keysOf = ({ deliveryKey, profileKey, keysAt }: Contact) => ({
    ...(deliveryKey === undefined ? {} : { deliveryKey }),
    ...(profileKey === undefined ? {} : { profileKey }),
    keysAt,
  });
  const username = latestTold(a.username, a.keysAt, b.username, b.keysAt);
  const name = latestTold(a.name, a.keysAt, b.name, b.keysAt);
  const held = isHeldAgainst(a, b) ? a : isHeldAgainst(b, a) ? b : undefined;
  return {
    account: a.account,
    ...(held === undefined
      ? decided(decision(a), decision(b))
      : { ...keyDecision(held), ...decided(standing(a), standing(b)) }),
    ...later(keysOf(a), keysOf(b), ({ keysAt }) => keysAt),
    // Counters under another key say nothing about this one's.
    list: held === undefined ? higherList(a.list, b.list) : held.list,
    ...(username === undefined ? {} : { username }),
    ...(name === undefined ? {} : { name }),
  };
}

/**
 * A later record of an own device, with what it may not take from this one: a contact, a verified key that nobody gave up, the highest
 * list that was seen. A server that shows two devices different records could otherwise have one undo the other. The same object where
 * nothing is missing.
 */
export function guardContacts(mine: AccountRecord, theirs: AccountRecord): AccountRecord {
  const byAccount = new Map(theirs.contacts.map((contact) => [encodeB64u(contact.account), contact]));
  let isSame = true;
  for (const contact of mine.contacts) {
    const key = encodeB64u(contact.account);
    const other = byAccount.get(key);
    const isHeld = other !== undefined && isHeldAgainst(contact, other);
    if (other !== undefined && !isHeld && other.list.counter >= contact.list.counter) continue;
    isSame = false;
    if (other === undefined) byAccount.set(key, contact);
    else {
      const { accountKey: _key, trust: _trust, gaveUp: _gaveUp, ...rest } = other;
      const list = isHeld ? contact.list : higherList(contact.list, other.list);
      byAccount.set(key, { ...rest, ...keyDecision(isHeld ? contact : other), list });
    }
  }
  return isSame ? theirs : { ...theirs, contacts: [...byAccount.values()] };
}

/** A closed invite stays closed; the first closing counts. */
function mergeInvite(a: OpenInvite, b: OpenInvite): OpenInvite {
  return later(a, b, ({ closedAt }) => (closedAt === undefined ? -Number.MAX_SAFE_INTEGER : -closedAt));
}

/** The later name of each device. */
function mergeNames(a: AccountRecord, b: AccountRecord): readonly DeviceName[] {
  return union(
    a.devices ?? [],
    b.devices ?? [],
    ({ device }) => device,
    (x, y) => later(x, y, ({ namedAt }) => namedAt),
  );
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
  const nameOf = ({ name, nameAt }: AccountRecord) => ({ name, nameAt });
  const pictureOf = ({ picture, pictureAt }: AccountRecord) => ({
    ...(picture === undefined ? {} : { picture }),
    ...(pictureAt === undefined ? {} : { pictureAt }),
  });
  // A rotation stands, whatever else of the profile another device has changed meanwhile.
  const profileKeyOf = ({ profileKey, profileKeyNumber }: AccountRecord) => ({
    profileKey,
    ...(profileKeyNumber === undefined ? {} : { profileKeyNumber }),
  });
  const devices = mergeNames(a, b);
  return {
    v: 1,
    previous: a.previous,
    list: higherList(a.list, b.list),
    ...later(profileKeyOf(a), profileKeyOf(b), ({ profileKeyNumber }) => profileKeyNumber ?? 0),
    profileVersion: Math.max(a.profileVersion, b.profileVersion),
    ...later(nameOf(a), nameOf(b), ({ nameAt }) => nameAt),
    ...later(pictureOf(a), pictureOf(b), ({ pictureAt }) => pictureAt ?? 0),
    settings: later(a.settings, b.settings, ({ changedAt }) => changedAt),
    contacts: union(a.contacts, b.contacts, (contact) => contact.account, mergeContact),
    invites: union(a.invites, b.invites, (invite) => invite.code, mergeInvite).filter(
      (invite) => Math.max(invite.expiresAt, invite.closedAt ?? 0) + INVITE_KEPT_MS > now,
    ),
    ...(devices.length === 0 ? {} : { devices: devices.slice(0, DEVICE_NAMES_MAX) }),
  };
}
