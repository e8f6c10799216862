/**
 * What this device knows of restores of its server: an epoch that it was told of and has come back under. A server can claim one at any
 * time, so it is worth little: nothing known is ever lowered for it, the person is told of each, and after two in a week no further one is
 * believed. What it gives is time: an older state is told of only if it is still there after `GRACE_MS`.
 */
import { equalBytes } from '@tacet/protocol/bytes';
import type { OwnDevice, StoredRestore } from '../db/stored-device.ts';

const DAY_MS = 24 * 60 * 60_000;
/** How long the own devices have to bring the server up before an older state is told of. */
export const GRACE_MS = 2 * 60_000;
/** How long what contacts have yet to bring is waited for before a message to them fails. */
const PATIENCE_MS = 3 * DAY_MS;
/** How long a record that this device has yet to bring may be put over an older one. */
const RECORD_MS = DAY_MS;
const BELIEVED_MOST = 2;
const BELIEVED_IN_MS = 7 * DAY_MS;
/** Epochs that are remembered. */
const KEPT_MOST = 8;

/** What the server says of its restore. */
export interface ToldRestore {
  /** 16 bytes. */
  readonly epoch: Uint8Array;
  readonly backedUpAt: number;
}

function last({ restores }: OwnDevice): StoredRestore | undefined {
  return restores?.at(-1);
}

function isWithin(at: number | undefined, now: number, ms: number): boolean {
  return at !== undefined && Math.abs(now - at) < ms;
}

/** Whether this device has come back under an epoch already. */
export function isSettled({ restores = [] }: OwnDevice, epoch: Uint8Array): boolean {
  return restores.some((each) => equalBytes(each.epoch, epoch));
}

/** Whether another epoch is believed. */
export function mayBelieve({ restores = [] }: OwnDevice, now: number): boolean {
  return restores.filter(({ at }) => isWithin(at, now, BELIEVED_IN_MS)).length < BELIEVED_MOST;
}

/** Whether an older own state is not told of yet; until when, ms. */
export function graceUntil(own: OwnDevice, now: number): number | undefined {
  const at = last(own)?.at;
  return at !== undefined && isWithin(at, now, GRACE_MS) ? at + GRACE_MS : undefined;
}

/** Whether contacts may have yet to bring what the server has lost. */
export function isPatient(own: OwnDevice, now: number): boolean {
  return isWithin(last(own)?.at, now, PATIENCE_MS);
}

/** Whether this device may have a record to bring. */
export function mayBringRecord(own: OwnDevice, now: number): boolean {
  return own.bringsRecord === true && isWithin(last(own)?.at, now, RECORD_MS);
}

/** After coming back: the profile is to be published, the record brought, what was not confirmed sent again. */
export function withRestore(own: OwnDevice, restore: StoredRestore): OwnDevice {
  const restores = [...(own.restores ?? []), restore].slice(-KEPT_MOST);
  return { ...own, restores, publishing: true, bringsRecord: true, resendsSince: restore.backedUpAt };
}

/** A device that joins after a restore has nothing to bring, and its person nothing to be told. */
export function joinedAfter(own: OwnDevice, restore: ToldRestore | undefined, now: number): OwnDevice {
  if (restore === undefined) return own;
  return { ...own, restores: [{ ...restore, at: now, seen: true }] };
}
