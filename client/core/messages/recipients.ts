/**
 * Whom an entry of the outbox is for: the one gate that every encryption passes, the devices that are to get it, and which of them a bundle
 * has to be asked for first.
 */
import { equalBytes } from '@tacet/protocol/bytes';
import type { DeviceId } from '@tacet/protocol/ids';
import type { OutboxEntry } from '../db/stored-sending.ts';
import type { ListedDevice } from '../device-lists.ts';
import { CoreError } from '../failure.ts';
import type { OwnKeeper } from '../own.ts';
import type { Directory } from '../people/directory.ts';
import type { Person } from '../people/person.ts';
import type { CheckedBundle, Sessions } from '../sessions/sessions.ts';

/** What the choice is made from. */
export interface RecipientNeeds {
  readonly own: OwnKeeper;
  readonly directory: Directory;
  readonly sessions: Sessions;
}

/** Whether the key that is believed, that of the list and that under which the entry was written are one, and nothing blocks it. */
export function mayEncrypt(needs: RecipientNeeds, entry: OutboxEntry, person: Person): boolean {
  const { directory } = needs;
  const key = directory.keyOf(entry.to);
  if (directory.isBlocked(entry.to) || key === undefined) return false;
  return equalBytes(entry.under ?? key, key) && equalBytes(person.stored.accountKey, key);
}

/**
 * The one gate before every encryption. Throws `CoreError` `key-changed` while a verified contact's changed key waits for the person's
 * decision, and for what was written under another account key than the one in force.
 */
export function requireKey(needs: RecipientNeeds, entry: OutboxEntry): void {
  const { directory } = needs;
  directory.requireUnblocked(entry.to);
  const key = directory.keyOf(entry.to);
  if (entry.under !== undefined && (key === undefined || !equalBytes(entry.under, key))) {
    throw new CoreError('key-changed', 'written under another key');
  }
}

/** The devices that this entry is for: listed, not this one, not gone, and not skipped for their age if any other is left. */
export function targetsOf(
  needs: RecipientNeeds,
  entry: OutboxEntry,
  person: Person,
): readonly ListedDevice[] {
  const { directory, own } = needs;
  const others = person.list.devices.filter(
    ({ device }) => device !== own.value.device && !person.stored.departed.includes(device),
  );
  if (entry.only !== undefined) return others.filter(({ device }) => device === entry.only);
  const active = others.filter(({ device }) => directory.signs.isActive(entry.to, device));
  return active.length > 0 ? active : others;
}

/** Devices that need a bundle before anything can be encrypted for them, and those whose last statement has grown old. */
export async function lackingOf(
  needs: RecipientNeeds,
  entry: OutboxEntry,
  person: Person,
  bundles: ReadonlyMap<DeviceId, CheckedBundle>,
): Promise<readonly ListedDevice[]> {
  const { sessions } = needs;
  const lacking: ListedDevice[] = [];
  for (const target of targetsOf(needs, entry, person)) {
    if (bundles.has(target.device)) continue;
    if (entry.envelopes?.some(({ device, body }) => device === target.device && body !== undefined)) continue;
    const stores = await sessions.open(target.device, target.identityKey);
    if (entry.fresh === true || !sessions.isUsable(stores)) lacking.push(target);
  }
  const doubtful = doubtfulOf(needs, entry, person).filter(
    ({ device }) => !lacking.some((target) => target.device === device),
  );
  return [...lacking, ...doubtful];
}

/** Devices whose last statement has grown old. */
export function doubtfulOf(
  needs: RecipientNeeds,
  entry: OutboxEntry,
  person: Person,
): readonly ListedDevice[] {
  const { directory, own } = needs;
  if (entry.only !== undefined) return [];
  return person.list.devices.filter(
    ({ device }) =>
      device !== own.value.device &&
      !person.stored.departed.includes(device) &&
      directory.signs.isDoubtful(entry.to, device),
  );
}
