/**
 * What is told above the list until the person has seen it: a device that was added to the account, and what the server was caught at. It
 * is refused where it is read; here it is told, once, and again only if it still goes on a week after it was seen. Each device tells for
 * itself: no other one, an added one least of all, takes a word away.
 */
import { equalBytes } from '@tacet/protocol/bytes';
import type { WriteTx } from '../db/sealed.ts';
import { T, type CaughtAt, type OwnDevice, type ToldDevice } from '../db/stores.ts';
import type { ListedDevice } from '../device-lists.ts';
import type { Home } from '../home.ts';
import type { Services } from '../services.ts';
import type { AlertId, AlertView, Caught } from '../view.ts';
import { devicesOf } from './own-devices.ts';

const TOLD_AGAIN_MS = 7 * 24 * 60 * 60_000;
/** In the order in which they are told. */
const CAUGHT: readonly Caught[] = ['forged-devices', 'foreign-keys', 'older-state'];
const NOTHING: readonly AlertView[] = [];

/** `rollback`: what earlier versions wrote of an older state. */
function heldOf({ caught, rollback }: OwnDevice, what: Caught): CaughtAt | undefined {
  return caught?.[what] ?? (what === 'older-state' ? rollback : undefined);
}

async function change(services: Services, edit: (own: OwnDevice) => OwnDevice): Promise<void> {
  const { db, own } = services;
  if (edit(own.value) === own.value) return;
  await db.write([T.own], async (tx: WriteTx) => {
    const next = edit(own.value);
    if (next === own.value) return;
    own.change(tx, () => next);
    tx.after(() => services.peopleChanged());
  });
}

function withCaught(own: OwnDevice, what: Caught, at: CaughtAt): OwnDevice {
  return { ...own, caught: { ...own.caught, [what]: at } };
}

/** The server was caught: has the person told. */
export async function noteCaught(services: Services, what: Caught): Promise<void> {
  const now = services.clock.now();
  await change(services, (own) => {
    const held = heldOf(own, what);
    const isTold = held !== undefined && (held.seen !== true || now - held.at < TOLD_AGAIN_MS);
    return isTold ? own : withCaught(own, what, { at: now });
  });
}

function isOf(told: ToldDevice, { device, identityKey }: ListedDevice): boolean {
  return told.device === device && equalBytes(told.identityKey, identityKey);
}

/**
 * Follows the own list in force: a device that was not in it before is told of. Those that this device found when it joined are not. When
 * one was added is this device's own word: the list says what its signer, who may be a thief, wrote into it.
 */
export async function noteDevices(services: Services): Promise<void> {
  const { directory, clock } = services;
  const now = clock.now();
  await change(services, (own) => {
    const { devices } = directory.ownList;
    const told = own.toldDevices;
    const isSame =
      told?.length === devices.length && devices.every((listed) => told.some((each) => isOf(each, listed)));
    if (isSame) return own;
    const toldDevices = devices.map((listed): ToldDevice => {
      const { device, identityKey } = listed;
      const known = told?.find((each) => isOf(each, listed));
      return known ?? { device, identityKey, ...(told === undefined ? {} : { learntAt: now }) };
    });
    return { ...own, toldDevices };
  });
}

/** The person has seen it. */
export async function seeAlert(services: Services, id: AlertId): Promise<void> {
  const now = services.clock.now();
  await change(services, (own) => {
    const what = CAUGHT.find((each) => each === id);
    if (what !== undefined) {
      const held = heldOf(own, what);
      return held === undefined ? own : withCaught(own, what, { at: now, seen: true });
    }
    const told = own.toldDevices;
    if (told?.some(({ device, learntAt }) => device === id && learntAt !== undefined) !== true) return own;
    const seen = ({ learntAt: _seen, ...rest }: ToldDevice): ToldDevice => rest;
    return { ...own, toldDevices: told.map((each) => (each.device === id ? seen(each) : each)) };
  });
}

/** What is to be told. */
export function alertsOf(home: Home): readonly AlertView[] {
  const { value } = home.own;
  const added = (value.toldDevices ?? []).filter(({ learntAt }) => learntAt !== undefined);
  const names = added.length === 0 ? [] : devicesOf(home);
  const alerts: AlertView[] = [];
  for (const { device, learntAt } of added) {
    const listed = names.find((each) => each.device === device);
    if (listed === undefined || learntAt === undefined) continue;
    alerts.push({ what: 'device-added', id: device, deviceName: listed.name, at: learntAt });
  }
  for (const what of CAUGHT) {
    const held = heldOf(value, what);
    if (held !== undefined && held.seen !== true) alerts.push({ what, id: what, at: held.at });
  }
  // One value for nothing: what shows it is not drawn anew.
  return alerts.length === 0 ? NOTHING : alerts;
}
