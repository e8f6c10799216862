/**
 * What is told above the list until the person has seen it: a device that was added to the account, and what the server was caught at. It
 * is refused where it is read; here it is told, once, and again only if it still goes on a week after it was seen. Each device tells for
 * itself: no other one, an added one least of all, takes a word away.
 */
import { equalBytes } from '@tacet/protocol/bytes';
import { T } from '../db/stores.ts';
import type { CaughtAt, OwnDevice, SignedBytes, ToldDevice } from '../db/stored-device.ts';
import { hashList, type ListedDevice } from '../device-lists.ts';
import type { Home } from '../home.ts';
import type { Services } from '../services.ts';
import type { AlertId, AlertView, Caught } from '../view.ts';
import { devicesOf } from './own-devices.ts';
import { graceUntil } from './restores.ts';

const TOLD_AGAIN_MS = 7 * 24 * 60 * 60_000;
/** In the order in which they are told. */
const CAUGHT: readonly Caught[] = ['forged-devices', 'foreign-keys', 'older-state'];
const NOTHING: readonly AlertView[] = [];

/** `rollback`: what earlier versions wrote of an older state. */
function heldOf({ caught, rollback }: OwnDevice, what: Caught): CaughtAt | undefined {
  return caught?.[what] ?? (what === 'older-state' ? rollback : undefined);
}

function withCaught(own: OwnDevice, what: Caught, at: CaughtAt): OwnDevice {
  return { ...own, caught: { ...own.caught, [what]: at } };
}

function isOf(told: ToldDevice, { device, identityKey }: ListedDevice): boolean {
  return told.device === device && equalBytes(told.identityKey, identityKey);
}

/** What this device tells its person. */
export class Alerts {
  readonly #s: Services;
  readonly #lookAgain: () => void;
  #cancelLook: (() => void) | undefined;
  #stopped = false;

  /** `lookAgain`: reads again what a restored server has shown older than it is known. */
  constructor(services: Services, lookAgain: () => void) {
    this.#s = services;
    this.#lookAgain = lookAgain;
  }

  stop(): void {
    this.#stopped = true;
    this.#cancelLook?.();
  }

  /**
   * The server was caught: has the person told. An older state right after a restore from a backup is looked at again when the own devices
   * have had the time to bring the server up.
   */
  caught(what: Caught): void {
    if (this.#stopped) return;
    const { clock, own } = this.#s;
    const now = clock.now();
    const until = what === 'older-state' ? graceUntil(own.value, now) : undefined;
    if (until !== undefined) {
      this.#cancelLook ??= clock.after(Math.max(0, until - now), () => {
        this.#cancelLook = undefined;
        this.#lookAgain();
      });
      return;
    }
    this.#s.background.run(this.#noteCaught(what), 'tell what the server was caught at');
  }

  /** It was caught by an own list that it has shown. What a reset of this device brought into force looks foreign until it is settled. */
  caughtAt(what: Caught, list: SignedBytes): void {
    const shown = hashList(list);
    const { removals = [] } = this.#s.own.value;
    if (!removals.some((asked) => equalBytes(hashList(asked.list), shown))) this.caught(what);
  }

  async #noteCaught(what: Caught): Promise<void> {
    const now = this.#s.clock.now();
    await this.#change((own) => {
      const held = heldOf(own, what);
      const isTold = held !== undefined && (held.seen !== true || now - held.at < TOLD_AGAIN_MS);
      return isTold ? own : withCaught(own, what, { at: now });
    });
  }

  /** The own list may have changed. */
  follow(): void {
    if (this.#stopped) return;
    this.#s.background.run(this.noteDevices(), 'tell of an added device');
  }

  /**
   * Follows the own list in force: a device that was not in it before is told of. Those that this device found when it joined are not. When
   * one was added is this device's own word: the list says what its signer, who may be a thief, wrote into it.
   */
  async noteDevices(): Promise<void> {
    const { directory, clock } = this.#s;
    const now = clock.now();
    await this.#change((own) => {
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
  async see(id: AlertId): Promise<void> {
    if (id === 'clocks') {
      this.#s.twoClocks.see();
      this.#s.peopleChanged();
      return;
    }
    const now = this.#s.clock.now();
    await this.#change((own) => {
      if (id === 'restored') {
        const { restores = [] } = own;
        if (restores.every(({ seen }) => seen === true)) return own;
        return { ...own, restores: restores.map((each) => ({ ...each, seen: true as const })) };
      }
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

  /** The person has seen that the invite which he came by could not be answered. */
  async seeRefusedInvite(): Promise<void> {
    await this.#change((own) => {
      if (own.answering?.refused !== true) return own;
      const { answering: _seen, ...rest } = own;
      return rest;
    });
  }

  async #change(edit: (own: OwnDevice) => OwnDevice): Promise<void> {
    const { db, own } = this.#s;
    if (edit(own.value) === own.value) return;
    await db.write([T.own], async (tx) => {
      const next = edit(own.value);
      if (next === own.value) return;
      own.change(tx, () => next);
      tx.after(() => this.#s.peopleChanged());
    });
  }
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
  const restore = value.restores?.findLast(({ seen }) => seen !== true);
  if (restore !== undefined) {
    const { at, backedUpAt } = restore;
    alerts.push({ what: 'restored', id: 'restored', at, backedUpAt });
  }
  const told = home.twoClocks.told;
  if (told !== undefined) alerts.push({ what: 'clocks', id: 'clocks', at: told.here, serverAt: told.there });
  // One value for nothing: what shows it is not drawn anew.
  return alerts.length === 0 ? NOTHING : alerts;
}
