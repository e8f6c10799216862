/**
 * The form of the account record on this device: what is written can always be read again and fits on the server, and what was written by
 * another build is read as far as it can be. A record that opens was written by an own device, so one of an unknown form is no lie of the
 * server's: an own device runs a newer build.
 */
import { decodeCbor, encodeCbor, parseCbor } from '@tacet/protocol/cbor';
import { AccountRecord, CONTACTS_MAX } from '@tacet/protocol/content/record';
import { LIMITS } from '@tacet/protocol/limits';
import { sealedRecordBytes } from '@tacet/crypto/vault';
import { CoreError, fetchPart, isCoreError } from '../failure.ts';

/** Room that new people may not take: what is decided about those who are there, names and invites, still fits. Bytes. */
const RESERVE_BYTES = 64 * 1024;
const RESERVE_CONTACTS = 50;

/** Room without which this device does not take over what another wrote. Bytes. */
const GO_ON_BYTES = 32 * 1024;
/** Nothing is counted this far: 2^52. */
const COUNTER_HONEST = 2 ** 52;
/** The year 255,000, ms; a record holds instants up to the year 275,760. */
const INSTANT_HONEST = 8_000_000_000_000_000;

/** What was read, and whether it was brought to the form of today. */
export interface ReadRecord {
  readonly value: AccountRecord;
  readonly isOld: boolean;
}

/**
 * A record as bytes. Throws `CoreError` `record-full` for one that could not be read again, or that the server would not take. `known`: a
 * record that was looked at already; contacts that it has too, the same objects, are not looked at again.
 */
export function encodeRecord(record: AccountRecord, known?: AccountRecord): Uint8Array {
  const held = new Set(known?.contacts);
  const contacts = record.contacts.filter((contact) => !held.has(contact));
  let plain: Uint8Array;
  try {
    plain = encodeCbor(record);
    if (record.contacts.length > CONTACTS_MAX) throw new RangeError('more contacts than a record holds');
    parseCbor(
      AccountRecord,
      contacts.length === record.contacts.length ? plain : encodeCbor({ ...record, contacts }),
    );
  } catch (cause) {
    throw new CoreError('record-full', 'a record that could not be read again', { cause });
  }
  if (sealedRecordBytes(plain.length) > LIMITS.recordMaxBytes) {
    throw new CoreError('record-full', 'a record of more bytes than the server takes');
  }
  return plain;
}

/** A record as bytes; `undefined` for one that is more than a record may be. */
export function encodedOrFull(record: AccountRecord, known?: AccountRecord): Uint8Array | undefined {
  try {
    return encodeRecord(record, known);
  } catch (error) {
    if (isCoreError(error, 'record-full')) return undefined;
    throw error;
  }
}

/**
 * Reads a record that this device stored, or that opened under the record key. Throws `CoreError` `app-outdated` for a form that this
 * build does not know.
 */
export async function readRecord(plain: Uint8Array): Promise<ReadRecord> {
  try {
    return { value: requireHeadroom(parseCbor(AccountRecord, plain)), isOld: false };
  } catch {
    const { bringToForm } = await fetchPart(() => import('./old-record.ts'));
    try {
      const brought = parseCbor(AccountRecord, encodeCbor(bringToForm(decodeCbor(plain))));
      return { value: requireHeadroom(brought), isOld: true };
    } catch (cause) {
      throw new CoreError('app-outdated', 'a record of an unknown form', { cause });
    }
  }
}

/**
 * Refuses what no honest device comes to: counters and instants so high that the next one would be beyond what a record holds, which would
 * end this device at the next change.
 */
function requireHeadroom(record: AccountRecord): AccountRecord {
  const { contacts, invites, devices = [], settings } = record;
  const counters = [
    record.list.counter,
    record.profileVersion,
    record.profileKeyNumber ?? 0,
    ...contacts.map(({ list }) => list.counter),
  ];
  const instants = [
    record.nameAt,
    record.pictureAt ?? 0,
    settings.changedAt,
    ...contacts.flatMap(({ believedAt, judgedAt = 0, changedAt, keysAt }) => [
      believedAt,
      judgedAt,
      changedAt,
      keysAt,
    ]),
    ...invites.flatMap(({ expiresAt, closedAt = 0 }) => [expiresAt, closedAt]),
    ...devices.map(({ namedAt }) => namedAt),
  ];
  if (counters.some((value) => value > COUNTER_HONEST) || instants.some((value) => value > INSTANT_HONEST))
    throw new RangeError('beyond what an honest device writes');
  return record;
}

/** Whether a record of `size` bytes leaves room for what this device has to write down by itself: higher lists, keys told, names. */
export function hasRoomToGoOn(size: number): boolean {
  return sealedRecordBytes(size + GO_ON_BYTES) <= LIMITS.recordMaxBytes;
}

/** Whether a record of `size` bytes takes somebody new in. */
export function hasRoomForContact({ contacts }: AccountRecord, size: number): boolean {
  return (
    contacts.length < CONTACTS_MAX - RESERVE_CONTACTS &&
    sealedRecordBytes(size + RESERVE_BYTES) <= LIMITS.recordMaxBytes
  );
}
