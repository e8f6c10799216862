/**
 * Merging two states of the account record, for devices that changed it at the same time. What only grows takes the higher value, what a
 * person decides takes the later decision, lists of things take the union. Merging is idempotent, commutative, and loses no contact who is
 * more than somebody who has written.
 */
import { encodeB64u, equalBytes } from '@tacet/protocol/bytes';
import { encodeCbor } from '@tacet/protocol/cbor';
import {
  AccountRecord,
  Contact,
  CONTACTS_MAX,
  DEVICE_NAMES_MAX,
  type DeviceName,
  type OpenInvite,
} from '@tacet/protocol/content/record';
import type { ListView } from '@tacet/protocol/content/frame';
import { keptInvites, withoutSecret } from './kept-invites.ts';

/** Fields that this build knows; others are a later build's, kept as they are. */
const CONTACT_FIELDS: ReadonlySet<string> = new Set(Object.keys(Contact.properties));
const RECORD_FIELDS: ReadonlySet<string> = new Set(Object.keys(AccountRecord.properties));

/** What a later build has added. */
function unknownOf(value: object, known: ReadonlySet<string>): object {
  return Object.fromEntries(Object.entries(value).filter(([name]) => !known.has(name)));
}

/** What a later build has added to either; of a field that both have one, the same whichever comes first. */
function mergeUnknown(a: object, b: object, known: ReadonlySet<string>): object {
  const merged = new Map<string, unknown>(Object.entries(unknownOf(a, known)));
  for (const [name, value] of Object.entries(unknownOf(b, known))) {
    const other = merged.get(name);
    const isFirst = other === undefined || encodeB64u(encodeCbor(value)) <= encodeB64u(encodeCbor(other));
    if (isFirst) merged.set(name, value);
  }
  return Object.fromEntries(merged);
}

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

/** What stands about somebody's key, with whether he is more than somebody who has written. */
type Belief = Pick<Contact, 'accountKey' | 'trust' | 'believedAt' | 'judgedAt' | 'hearsay' | 'state'>;

function beliefOf({ accountKey, trust, believedAt, judgedAt, hearsay, state }: Contact): Belief {
  return {
    accountKey,
    trust,
    believedAt,
    ...(judgedAt === undefined ? {} : { judgedAt }),
    ...(hearsay === undefined ? {} : { hearsay }),
    state,
  };
}

/**
 * Whether the person's last word about a key is in `a` and not in `b`. A mark without a moment, or of the same moment, is not taken away
 * by a record that does not know of it.
 */
function hasLastWord(a: Belief, b: Belief): boolean {
  const [atA, atB] = [a.judgedAt ?? 0, b.judgedAt ?? 0];
  if (atA !== atB) return atA > atB;
  return a.trust === 'verified' && b.trust !== 'verified';
}

/**
 * Which key stands. A verified one gives way only to a later word of the person, never to a key that a device has believed by itself
 * because the server kept the mark from it; a mark that was taken away does not come back from a device that had not heard of it. Where
 * no mark decides, the key of somebody who is more than a request stands over one that somebody has introduced himself by.
 */
function joinBeliefs(a: Belief, b: Belief): Omit<Belief, 'state'> {
  const last = hasLastWord(a, b) ? a : hasLastWord(b, a) ? b : undefined;
  const told = (belief: Belief): Belief =>
    last?.judgedAt === undefined
      ? belief
      : {
          ...belief,
          trust: belief.trust === 'verified' ? 'unverified' : belief.trust,
          judgedAt: last.judgedAt,
        };
  const isIntroduced = ({ state }: Belief) => state === 'request';
  const isMarked = a.trust === 'verified' && b.trust === 'verified';
  const standing =
    last?.trust === 'verified'
      ? last
      : last === undefined && isMarked
        ? later(a, b, ({ believedAt }) => believedAt)
        : isIntroduced(a) !== isIntroduced(b)
          ? told(isIntroduced(a) ? b : a)
          : later(told(a), told(b), ({ believedAt }) => believedAt);
  const { hearsay: _one, state: _standing, ...belief } = standing;
  const isHearsay = equalBytes(a.accountKey, b.accountKey)
    ? a.hearsay === true && b.hearsay === true
    : standing.hearsay === true;
  return { ...belief, ...(isHearsay ? { hearsay: true } : {}) };
}

/** Of two states of one contact the one that has the key which stands; `undefined` where both have it. */
function holderOf(key: Uint8Array, a: Contact, b: Contact): Contact | undefined {
  if (equalBytes(a.accountKey, b.accountKey)) return undefined;
  return equalBytes(a.accountKey, key) ? a : b;
}

/** What somebody has told under a key: it goes with the key. */
function toldBy({
  deliveryKey,
  profileKey,
  keysAt,
  username,
  name,
}: Contact): Pick<Contact, 'deliveryKey' | 'profileKey' | 'keysAt' | 'username' | 'name'> {
  return {
    ...(deliveryKey === undefined ? {} : { deliveryKey }),
    ...(profileKey === undefined ? {} : { profileKey }),
    keysAt,
    ...(username === undefined ? {} : { username }),
    ...(name === undefined ? {} : { name }),
  };
}

function mergeTold(a: Contact, b: Contact): ReturnType<typeof toldBy> {
  const keysOf = ({ deliveryKey, profileKey, keysAt }: Contact) => ({
    ...(deliveryKey === undefined ? {} : { deliveryKey }),
    ...(profileKey === undefined ? {} : { profileKey }),
    keysAt,
  });
  const username = latestTold(a.username, a.keysAt, b.username, b.keysAt);
  const name = latestTold(a.name, a.keysAt, b.name, b.keysAt);
  return {
    ...later(keysOf(a), keysOf(b), ({ keysAt }) => keysAt),
    ...(username === undefined ? {} : { username }),
    ...(name === undefined ? {} : { name }),
  };
}

function standingOf({ state, changedAt }: Contact): Pick<Contact, 'state' | 'changedAt'> {
  return { state, changedAt };
}

function mergeContact(a: Contact, b: Contact): Contact {
  const belief = joinBeliefs(beliefOf(a), beliefOf(b));
  const holder = holderOf(belief.accountKey, a, b);
  return {
    ...mergeUnknown(a, b, CONTACT_FIELDS),
    account: a.account,
    ...belief,
    ...decided(standingOf(a), standingOf(b)),
    ...(holder === undefined ? mergeTold(a, b) : toldBy(holder)),
    // Counters under another key say nothing about this one's.
    list: holder === undefined ? higherList(a.list, b.list) : holder.list,
  };
}

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

function guardContact(mine: Contact, theirs: Contact): Contact {
  const belief = joinBeliefs(beliefOf(mine), beliefOf(theirs));
  const holder = holderOf(belief.accountKey, mine, theirs);
  const isHigher = theirs.list.counter >= mine.list.counter;
  const left: Contact = {
    ...unknownOf(theirs, CONTACT_FIELDS),
    account: theirs.account,
    ...belief,
    ...decided(standingOf(mine), standingOf(theirs)),
    // The later record knows what was told later.
    ...toldBy(holder ?? theirs),
    list: holder?.list ?? (isHigher ? theirs.list : mine.list),
  };
  return isSameContact(left, theirs) ? theirs : left;
}

function isSameContact(a: Contact, b: Contact): boolean {
  return equalBytes(encodeCbor(inOrder(a)), encodeCbor(inOrder(b)));
}

/** In one order of properties, whoever made it. */
function inOrder(contact: Contact): Record<string, unknown> {
  return Object.fromEntries(Object.entries(contact).sort(([x], [y]) => (x < y ? -1 : 1)));
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
