/**
 * Prekeys: what a device uploads and what is handed out for it. A one-time key leaves once. When bundles of one device are asked for
 * faster than people make friends, its one-time keys are spared and the last-resort key is given instead: sessions still begin, and
 * nobody empties the store. The owner can check by digests that the server holds what was uploaded.
 */
import { createHash } from 'node:crypto';
import { WireError } from '@tacet/protocol/errors';
import { idBytes, type DeviceId } from '@tacet/protocol/ids';
import { LIMITS } from '@tacet/protocol/limits';
import type { Bus } from '../bus/port.ts';
import type { Limits } from '../limits/port.ts';
import type { Bundle, HeldKey, HeldKeys, PrekeyStore, Upload } from '../store/account-ports.ts';
import type { Caller } from './access-tokens.ts';

/** Ids of held keys, and SHA-256 over each id (4 bytes big-endian) and public key in ascending order of id. */
export interface HeldDigest {
  readonly ids: readonly number[];
  readonly digest: Uint8Array;
}

/** What the server holds for a device. */
export type HeldDigests = Readonly<Record<'oneTime' | 'oneTimeKyber' | 'signed' | 'lastResort', HeldDigest>>;

interface Needs {
  readonly prekeys: PrekeyStore;
  readonly limits: Limits;
  readonly bus: Bus;
}

export class Prekeys {
  readonly #needs: Needs;

  constructor(needs: Needs) {
    this.#needs = needs;
  }

  async held(caller: Caller): Promise<HeldDigests> {
    return digestsOf(await this.#needs.prekeys.held(idBytes(caller.device)));
  }

  /** Throws `WireError` `too-large` when the device would hold more one-time keys of a kind than it may. */
  async put(caller: Caller, upload: Upload): Promise<HeldDigests> {
    const held = await this.#needs.prekeys.put(idBytes(caller.device), upload, LIMITS.oneTimePrekeys);
    if (held === 'too-many') throw new WireError('too-large', 'more one-time keys than a device may hold');
    return digestsOf(held);
  }

  /** One bundle for each of the devices; the caller has checked whose they are. */
  async handOut(devices: readonly DeviceId[]): Promise<Bundle[]> {
    const handed = await Promise.all(devices.map((device) => this.#take(device)));
    return handed.filter((bundle) => bundle !== undefined);
  }

  async #take(device: DeviceId): Promise<Bundle | undefined> {
    const { prekeys, limits, bus } = this.#needs;
    const isRushed = limits.take('bundle', { kind: 'id', id: device }).kind === 'refused';
    const handed = await prekeys.take(idBytes(device), isRushed);
    if (handed === undefined) return undefined;
    if (handed.left < LIMITS.prekeyRefillBelow) bus.publish({ kind: 'notice', device, what: 'prekeys-low' });
    return handed.bundle;
  }
}

function digestsOf(held: HeldKeys | undefined): HeldDigests {
  if (held === undefined) throw new WireError('session-ended', 'the device is gone');
  return {
    oneTime: digestOf(held.oneTime),
    oneTimeKyber: digestOf(held.oneTimeKyber),
    signed: digestOf([held.signed]),
    lastResort: digestOf([held.lastResort]),
  };
}

function digestOf(keys: readonly HeldKey[]): HeldDigest {
  const hash = createHash('sha256');
  const number = Buffer.alloc(4);
  for (const { id, publicKey } of keys) {
    number.writeUInt32BE(id);
    hash.update(number).update(publicKey);
  }
  return { ids: keys.map(({ id }) => id), digest: hash.digest() };
}
