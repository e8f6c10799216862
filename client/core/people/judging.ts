/**
 * What a directory entry means for what is known of an account, judged without changing anything. A list counter is never lowered; an
 * equal counter with another hash is a fork and is refused; another account key has rules of its own.
 */
import { equalBytes } from '@tacet/protocol/bytes';
import type { ListView } from '@tacet/protocol/content/frame';
import type { Contact } from '@tacet/protocol/content/record';
import { succession, verifiedDepartures, verifyList } from '../device-lists.ts';
import { CoreError } from '../failure.ts';
import { isSamePerson, personFrom, type DirectoryEntry, type Person } from './person.ts';

/** Who shows an entry: the directory now, or somebody in a message that may have been long on its way. */
export type Source = 'server' | 'message';

/** What an entry means for what is known. */
export type Judgement =
  | { readonly kind: 'first' | 'same' | 'newer'; readonly person: Person }
  /** An older list, honest inside a message that was long on its way. */
  | { readonly kind: 'older'; readonly person: Person }
  | {
      readonly kind: 'key-changed';
      readonly person: Person;
      readonly blocks: boolean;
      /** The key that it changes. */
      readonly over: Uint8Array;
      readonly source: Source;
    };

/** What is known of an account before an entry is judged. */
export interface Known {
  readonly accountKey: Uint8Array;
  /** The highest list seen under that key. */
  readonly list: ListView;
  readonly trust: Contact['trust'];
  readonly isAccepted: boolean;
  /** The directory has never shown this key: somebody has said so in a message. */
  readonly isHearsay: boolean;
  /**
   * Another key may come with an older list. Nobody has checked the one in force, so that the directory's word stands against it: a server
   * that has lied once can be followed back to the truth. Not so where it was restored lately and may not know better, nor soon after
   * another change: a server that says now this, now that is not followed to and fro.
   */
  readonly mayGoBack: boolean;
  /** It is the own account. */
  readonly isOwn: boolean;
}

/** A key that has come into force this lately stands against an older list under another one. */
const SETTLED_MS = 60 * 60_000;

/**
 * What is known of somebody: the record's word where he is in it, and what is held here where that is higher. `now`: this device's time,
 * ms; `isRestored`: the server may have lost what came since its backup.
 */
export function knownOf(
  contact: Contact | undefined,
  held: Person | undefined,
  { now, isRestored }: { readonly now: number; readonly isRestored: boolean },
): Known | undefined {
  const accountKey = contact?.accountKey ?? held?.stored.accountKey;
  if (accountKey === undefined) return undefined;
  const { trust = 'unverified', state, believedAt = 0 } = contact ?? {};
  // Counters under another key say nothing about this one's.
  const under = held !== undefined && equalBytes(held.stored.accountKey, accountKey) ? held : undefined;
  const list =
    contact === undefined || (under !== undefined && under.list.counter > contact.list.counter)
      ? under?.list
      : contact.list;
  if (list === undefined) return undefined;
  return {
    accountKey,
    list: { counter: list.counter, hash: list.hash },
    trust,
    isAccepted: state === 'accepted',
    mayGoBack: trust === 'unverified' && !isRestored && Math.abs(now - believedAt) > SETTLED_MS,
    isHearsay: (contact === undefined ? under?.stored.hearsay : contact.hearsay) === true,
    isOwn: false,
  };
}

/**
 * Judges an entry against what is known and what is held. Throws `CoreError` `server-dishonest` for a bad signature, a fork, and, where
 * `source` is the server, for a list older than one that was seen.
 */
export function judgeEntry(
  entry: DirectoryEntry,
  source: Source,
  known: Known | undefined,
  held: Person | undefined,
): Judgement {
  const { account } = entry;
  const list = verifyList(account, entry.accountKey, entry.list);
  const departed =
    entry.departures === undefined ? undefined : verifiedDepartures(account, list, entry.departures);
  const isKnownKey = known !== undefined && equalBytes(known.accountKey, entry.accountKey);
  const isHearsay = source === 'message' && (known === undefined || (isKnownKey && known.isHearsay));
  const person = personFrom(entry, list, held, departed, isHearsay);
  if (known === undefined) return { kind: 'first', person };
  if (!isKnownKey) {
    if (known.isOwn) {
      throw new CoreError('server-dishonest', 'another account key for the own account');
    }
    if (!mayFollow(list, known, source)) {
      throw new CoreError('server-dishonest', 'a changed account key whose list does not go on');
    }
    const over = known.accountKey;
    return { kind: 'key-changed', person, blocks: known.trust === 'verified', over, source };
  }
  switch (succession(list, known.list)) {
    case 'fork':
      throw new CoreError('server-dishonest', 'a device list that forks the one known');
    case 'older':
      if (source === 'server' || held === undefined) {
        throw new CoreError('server-dishonest', 'an older device list than one seen');
      }
      return { kind: 'older', person: held };
    case 'same': {
      // Another own device may have seen it first: then the record knows the list and this device has yet to get it.
      const isHeld = held !== undefined && isSamePerson(held, person);
      return { kind: isHeld ? 'same' : 'newer', person };
    }
    case 'newer':
      return { kind: 'newer', person };
  }
}

/**
 * Whether an entry under another key may come after what is known: its list goes on, or nobody but himself has said who he is, against
 * whom the directory's word stands, as it does against a key that it has shown without anybody's checking it.
 */
export function mayFollow(list: ListView, known: Known, source: Source): boolean {
  const goesBack = source === 'server' && known.mayGoBack;
  return !known.isAccepted || known.isHearsay || goesBack || list.counter > known.list.counter;
}
