/**
 * The device list: the account key's statement of which devices are the account's. It starts at counter 1; each change raises the
 * counter by one and names the hash of the list before (32 zero bytes in the first). The server reads it to know its queues and
 * accepts only counter + 1; it cannot check the signature. Clients refuse a lower counter, or an equal one with another hash.
 * The hash of a list is SHA-256 over the signed bytes.
 */
import { Array as List, Integer, Object as Shape, type Static } from 'typebox';
import { Bytes } from '../bytes.ts';
import { LIMITS } from '../limits.ts';
import { CLOSED, Counter, EC_KEY_BYTES, HASH_BYTES, Id, Instant } from '../shapes.ts';
import { defineSigned } from './signed.ts';

/** One device of a list. Registration id: 14 bits (sealed sender v2 has no more). */
export const ListedDevice = Shape(
  {
    device: Id(Bytes),
    identityKey: Bytes(EC_KEY_BYTES),
    registrationId: Integer({ minimum: 1, maximum: 0x3fff }),
    addedAt: Instant,
  },
  CLOSED,
);
export type ListedDevice = Static<typeof ListedDevice>;

export const DeviceList = Shape(
  {
    account: Id(Bytes),
    counter: Counter,
    previous: Bytes(HASH_BYTES),
    /** Hash of the record key that goes with this list, labelled `Tacet/record-key-hash/v1`: a removed device's key is known by it. */
    recordKeyHash: Bytes(HASH_BYTES),
    devices: List(ListedDevice, { minItems: 1, maxItems: LIMITS.devicesPerAccount }),
  },
  CLOSED,
);
export type DeviceList = Static<typeof DeviceList>;

/** Signed by the account key (XEdDSA). */
export const signedDeviceList = defineSigned('deviceList', DeviceList);
