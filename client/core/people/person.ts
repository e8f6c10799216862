/**
 * A person whose list is proved, as it comes from a directory entry and as it is kept: what stays of what was known of him, and what a
 * new list ends. No state and no rules about which list may follow which; those are `judging.ts`.
 */
import { equalBytes } from '@tacet/protocol/bytes';
import type { AccountId, DeviceId } from '@tacet/protocol/ids';
import { copyBytes } from '../bytes.ts';
import type { SignedBytes } from '../db/stored-device.ts';
import type { StoredPerson } from '../db/stored-people.ts';
import type { VerifiedList } from '../device-lists.ts';

/** A directory entry as it came, in bytes. */
export interface DirectoryEntry {
  readonly account: AccountId;
  readonly accountKey: Uint8Array;
  readonly list: SignedBytes;
  /** Absent where the entry came inside a message. */
  readonly departures?: readonly SignedBytes[];
}

/** A person whose list is proved. */
export interface Person {
  readonly stored: StoredPerson;
  readonly list: VerifiedList;
}

/** Somebody of whom nothing is kept but the list. */
export function freshPerson(account: AccountId, accountKey: Uint8Array, list: VerifiedList): StoredPerson {
  return { account, accountKey, list: list.signed, departed: [], signs: [], proven: [] };
}

/** The person that an entry shows, with what is kept of him. `isHearsay`: no directory has shown this key. */
export function personFrom(
  entry: DirectoryEntry,
  list: VerifiedList,
  held: Person | undefined,
  departed: readonly DeviceId[] | undefined,
  isHearsay = false,
): Person {
  const { hearsay: _before, ...base } = held?.stored ?? freshPerson(entry.account, entry.accountKey, list);
  const isListed = (device: DeviceId): boolean => list.devices.some((listed) => listed.device === device);
  // A notice of leaving is final: a device that has gone does not come back under its name.
  const gone = new Set([...base.departed, ...(departed ?? [])].filter(isListed));
  return {
    list,
    stored: {
      ...base,
      accountKey: copyBytes(entry.accountKey),
      list: list.signed,
      departed: [...gone],
      signs: base.signs.filter(({ device }) => isListed(device)),
      proven: base.proven.filter(({ device }) => isListed(device)),
      ...(isHearsay ? { hearsay: true } : {}),
    },
  };
}

/** A judged person with everything besides the list as it is kept now. */
export function personOnto({ stored: held }: Person, { list, stored }: Person): Person {
  const isListed = (device: DeviceId): boolean => list.devices.some((listed) => listed.device === device);
  const departed = new Set([...held.departed, ...stored.departed]);
  const { hearsay: _before, ...heldRest } = held;
  return {
    list,
    stored: {
      ...heldRest,
      ...(stored.hearsay === true && held.hearsay === true ? { hearsay: true } : {}),
      accountKey: stored.accountKey,
      list: stored.list,
      departed: [...departed].filter(isListed),
      signs: held.signs.filter(({ device }) => isListed(device)),
      proven: held.proven.filter(({ device }) => isListed(device)),
    },
  };
}

/** Whether both have one account key and one list. */
export function isSamePerson(a: Person, b: Person): boolean {
  return equalBytes(a.stored.accountKey, b.stored.accountKey) && equalBytes(a.list.hash, b.list.hash);
}

/** Whether both are kept with the same devices gone, and by the same word. */
export function isKeptAlike(a: StoredPerson, b: StoredPerson): boolean {
  if ((a.hearsay === true) !== (b.hearsay === true)) return false;
  return a.departed.length === b.departed.length && a.departed.every((device) => b.departed.includes(device));
}
