/**
 * One contact in two states of the account record: which key stands, what was told under it, what the person has decided about him. Both
 * for a merge, and for what a later record may not take from an earlier one.
 */
import { equalBytes } from '@tacet/protocol/bytes';
import { encodeCbor } from '@tacet/protocol/cbor';
import { Contact } from '@tacet/protocol/content/record';
import { higherList, later, mergeUnknown, unknownOf } from './merge-order.ts';

/** Fields that this build knows; others are a later build's, kept as they are. */
const CONTACT_FIELDS: ReadonlySet<string> = new Set(Object.keys(Contact.properties));

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

/** Both states in one. */
export function mergeContact(a: Contact, b: Contact): Contact {
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

/** A later state with what it may not take from this one. The same object where nothing is missing. */
export function guardContact(mine: Contact, theirs: Contact): Contact {
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
