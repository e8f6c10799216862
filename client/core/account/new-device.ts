/**
 * What a new device makes for itself before anybody hears of it: identity, registration id, the first full set of prekeys with their
 * statement, and the local database's key. All of it is stored before the server is asked, so that an accepted device can always read.
 */
import { idOf, type DeviceId } from '@tacet/protocol/ids';
import { LIMITS } from '@tacet/protocol/limits';
import type { RandomBytes } from '../ports.ts';
import type { PreKeyState } from '../db/stored-device.ts';
import type { Engine, EngineIdentityKeyPair } from '../engine.ts';
import {
  makeOneTimeKeys,
  makeSignedKeys,
  nextPreKeyId,
  type MadePreKey,
  type PublicOneTime,
  type PublicSigned,
} from '../prekeys.ts';
import type { SignedBytes } from '../db/stored-device.ts';

/** Registration ids have 14 bits; 0 is none. */
const REGISTRATION_IDS = 0x3fff;

/** Who the new device is. */
export interface NewDevice {
  readonly device: DeviceId;
  readonly identity: EngineIdentityKeyPair;
  readonly registrationId: number;
}

/** A device's first prekeys. */
export interface FirstPreKeys {
  readonly made: readonly MadePreKey[];
  readonly state: PreKeyState;
  readonly upload: {
    readonly signed: PublicSigned;
    readonly lastResort: PublicSigned;
    readonly statement: SignedBytes;
    readonly oneTime: PublicOneTime[];
    readonly oneTimeKyber: PublicSigned[];
  };
}

/** A fresh device identity. */
export function makeNewDevice(engine: Engine, random: RandomBytes): NewDevice {
  const [high = 0, low = 0] = random(2);
  return {
    device: idOf<DeviceId>(random(16)),
    identity: engine.IdentityKeyPair.generate(),
    registrationId: (((high << 8) | low) % REGISTRATION_IDS) + 1,
  };
}

/** The first full set of prekeys of a device whose list has `listHash`. */
export function makeFirstPreKeys(
  engine: Engine,
  { device, identity }: NewDevice,
  listHash: Uint8Array,
  now: number,
): FirstPreKeys {
  const signedId = 1;
  const signed = makeSignedKeys(engine, identity, device, listHash, signedId, now, now);
  const firstId = nextPreKeyId(signedId);
  const batch = makeOneTimeKeys(engine, identity, firstId, LIMITS.prekeyBatch, now);
  return {
    made: [...signed.made, ...batch.made],
    state: {
      nextId: nextPreKeyId(firstId, LIMITS.prekeyBatch),
      signed: [{ id: signedId, madeAt: now }],
      batches: [{ firstId, count: LIMITS.prekeyBatch, madeAt: now }],
      statedAt: now,
      faults: 0,
    },
    upload: {
      signed: signed.signed,
      lastResort: signed.lastResort,
      statement: signed.statement,
      oneTime: [...batch.oneTime],
      oneTimeKyber: [...batch.oneTimeKyber],
    },
  };
}
