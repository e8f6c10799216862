/**
 * Signs of life of people's devices: their signed statements, and that they write. A device of which nothing was heard for longer than a
 * statement may be old counts as inactive; nothing is encrypted for it while any other is left.
 */
import type { AccountId, DeviceId } from '@tacet/protocol/ids';
import { LIMITS } from '@tacet/protocol/limits';
import type { WriteTx } from '../db/sealed.ts';
import type { SignsOfLife } from '../db/stored-people.ts';
import type { Clock } from '../ports.ts';
import type { HeldPeople } from './held-people.ts';

/** An inactive device is asked for its statement at most this often; a device that writes is noted as often. */
const ASK_AGAIN_MS = 24 * 60 * 60_000;

export class DeviceSigns {
  readonly #people: HeldPeople;
  readonly #clock: Clock;

  constructor(people: HeldPeople, clock: Clock) {
    this.#people = people;
    this.#clock = clock;
  }

  /** Whether a device may be written to: it has not left, and something was heard of it within the age of a statement. */
  isActive(account: AccountId, device: DeviceId): boolean {
    const stored = this.#people.get(account)?.stored;
    if (stored === undefined || stored.departed.includes(device)) return false;
    return this.#aliveAt(account, device) + LIMITS.statementAgeMs > this.#clock.now();
  }

  /** Whether a device that counts as inactive should be asked for its statement again. */
  isDoubtful(account: AccountId, device: DeviceId): boolean {
    if (this.isActive(account, device)) return false;
    return this.#isLongAgo(this.#signs(account, device).askedAt);
  }

  /** A device has written: noted once a day, in a transaction that holds `T.people`. */
  noteHeard(tx: WriteTx, account: AccountId, device: DeviceId): void {
    const now = this.#clock.now();
    if (!this.#isLongAgo(this.#signs(account, device).heardAt)) return;
    this.#note(tx, account, device, { heardAt: now });
  }

  /** The newest statement seen of a device, ms; 0 for none. */
  statedAt(account: AccountId, device: DeviceId): number {
    return this.#signs(account, device).statedAt;
  }

  /** Notes the newest statement of a device, and when it was asked for. The transaction holds `T.people`. */
  noteStatement(tx: WriteTx, account: AccountId, device: DeviceId, at: number): void {
    const statedAt = Math.max(at, this.statedAt(account, device));
    this.#note(tx, account, device, { statedAt, askedAt: this.#clock.now() });
  }

  /** What was noted under a clock that ran ahead is no newer than what is noted now. */
  #isLongAgo(at: number): boolean {
    return Math.abs(this.#clock.now() - at) >= ASK_AGAIN_MS;
  }

  #signs(account: AccountId, device: DeviceId): SignsOfLife {
    const signs = this.#people.get(account)?.stored.signs.find((entry) => entry.device === device);
    return signs ?? { device, statedAt: 0, askedAt: 0, heardAt: 0 };
  }

  /** The newest sign of life; the list that named the device is the first one. */
  #aliveAt(account: AccountId, device: DeviceId): number {
    const { statedAt, heardAt } = this.#signs(account, device);
    const listed = this.#people.get(account)?.list.devices.find((entry) => entry.device === device);
    return Math.max(statedAt, heardAt, listed?.addedAt ?? 0);
  }

  #note(tx: WriteTx, account: AccountId, device: DeviceId, signs: Partial<SignsOfLife>): void {
    const next = { ...this.#signs(account, device), ...signs };
    this.#people.edit(tx, account, (stored) => ({
      ...stored,
      signs: [...stored.signs.filter((entry) => entry.device !== device), next],
    }));
  }
}
