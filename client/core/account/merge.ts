/**
 * Merging two states of the account record, for devices that changed it at the same time. What only grows takes the higher value, what a
 * person decides takes the later decision, lists of things take the union. Merging is idempotent, commutative, and loses no contact who is
 * more than somebody who has written.
 */
import { encodeB64u } from '@tacet/protocol/bytes';
import {
  AccountRecord,
  type Contact,
  CONTACTS_MAX,
  DEVICE_NAMES_MAX,
  type DeviceName,
  type OpenInvite,
} from '@tacet/protocol/content/record';
import { keptInvites, withoutSecret } from './kept-invites.ts';
import { guardContact, mergeContact } from './merge-contact.ts';
import { higherList, later, mergeUnknown } from './merge-order.ts';

/** Fields that this build knows; others are a later build's, kept as they are. */
const RECORD_FIELDS: ReadonlySet<string> = new Set(Object.keys(AccountRecord.properties));

/**
 * A later record of an own device, with what it may not take from this one: a contact and what was decided about him, his key by the
 * rules of a merge, the highest list that was seen under it, a rotated profile key, a closed invite. A server that shows two devices
 * different records could otherwise have one undo the other. The same object where nothing is missing.
 */
export function guardRecord(mine: AccountRecord, theirs: AccountRecord): AccountRecord {
  const contacts = guarded(mine.contacts, theirs.contacts, ({ account }) => account, guardContact, true);
  const invites = guarded(mine.invites, theirs.invites, ({ code }) => code, guardInvite, false);
  const isRotatedBack = (theirs.profileKeyNumber ?? 0) < (mine.profileKeyNumber ?? 0);
  if (contacts === theirs.contacts && invites === theirs.invites && !isRotatedBack) return theirs;
  const { profileKey, profileKeyNumber } = mine;
  return {
    ...theirs,
    // What only this device knows of may be more than a record holds.
    contacts: fewEnough(contacts),
    invites,
    ...(isRotatedBack && profileKeyNumber !== undefined ? { profileKey, profileKeyNumber } : {}),
  };
}

/** Each of `theirs` as `guard` leaves it, and those that only `mine` has where `keeps`. The same array where nothing is another. */
function guarded<Value>(
  mine: readonly Value[],
  theirs: Value[],
  keyOf: (value: Value) => Uint8Array,
  guard: (mine: Value, theirs: Value) => Value,
  keeps: boolean,
): Value[] {
  const byKey = new Map(theirs.map((value) => [encodeB64u(keyOf(value)), value]));
  let isSame = true;
  for (const value of mine) {
    const key = encodeB64u(keyOf(value));
    const other = byKey.get(key);
    if (other === undefined && !keeps) continue;
    const left = other === undefined ? value : guard(value, other);
    if (left === other) continue;
    isSame = false;
    byKey.set(key, left);
  }
  return isSame ? theirs : [...byKey.values()];
}

function guardInvite(mine: OpenInvite, theirs: OpenInvite): OpenInvite {
  return mine.closedAt !== undefined && theirs.closedAt === undefined ? mine : theirs;
}

/** A closed invite stays closed, the first closing counts; one that somebody was given is not shown to another as unused. */
function mergeInvite(a: OpenInvite, b: OpenInvite): OpenInvite {
  if ((a.closedAt === undefined) !== (b.closedAt === undefined)) return a.closedAt === undefined ? b : a;
  return later(withoutSecret(a), withoutSecret(b), ({ closedAt, givenAt = 0 }) =>
    closedAt === undefined ? givenAt : -closedAt,
  );
}

/** No more contacts than a record holds: people who wait for an answer give way first, those who came last before others. */
function fewEnough(contacts: Contact[]): Contact[] {
  if (contacts.length <= CONTACTS_MAX) return contacts;
  const waiting = contacts
    .filter(({ state }) => state === 'request')
    .toSorted((a, b) => b.changedAt - a.changedAt);
  const gone = new Set(waiting.slice(0, contacts.length - CONTACTS_MAX));
  return contacts.filter((contact) => !gone.has(contact));
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
    ...mergeUnknown(a, b, RECORD_FIELDS),
    v: 1,
    previous: a.previous,
    list: higherList(a.list, b.list),
    ...later(profileKeyOf(a), profileKeyOf(b), ({ profileKeyNumber }) => profileKeyNumber ?? 0),
    profileVersion: Math.max(a.profileVersion, b.profileVersion),
    ...later(nameOf(a), nameOf(b), ({ nameAt }) => nameAt),
    ...later(pictureOf(a), pictureOf(b), ({ pictureAt }) => pictureAt ?? 0),
    settings: later(a.settings, b.settings, ({ changedAt }) => changedAt),
    contacts: fewEnough(union(a.contacts, b.contacts, (contact) => contact.account, mergeContact)),
    invites: keptInvites(
      union(a.invites, b.invites, (invite) => invite.code, mergeInvite),
      now,
    ),
    ...(devices.length === 0 ? {} : { devices: devices.slice(0, DEVICE_NAMES_MAX) }),
  };
}
