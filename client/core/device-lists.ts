/**
 * Reading what the account key and identity keys have signed: device lists, statements, departures. Pure checks; whose highest counter
 * is known, and what follows from a change, is `people/directory.ts`. Everything here comes from the server or from other people.
 */
import { encodeB64u, equalBytes } from '@tacet/protocol/bytes';
import { CONTENT_FLOOR } from '@tacet/protocol/content/frame';
import { isWireError } from '@tacet/protocol/errors';
import { idOf, type AccountId, type DeviceId } from '@tacet/protocol/ids';
import { signedDeviceList } from '@tacet/protocol/signed/device-list';
import { SIGNED_LABELS } from '@tacet/protocol/signed/signed';
import { signedDeparture, signedStatement, type Statement } from '@tacet/protocol/signed/statement';
import { PublicKey } from '@tacet/crypto';
import { sha256, verifyLabelled } from '@tacet/crypto/vault';
import { copyBytes, type OwnBytes } from './bytes.ts';
import type { SignedBytes } from './db/stored-device.ts';
import { CoreError } from './failure.ts';
import { SESSION_VERSION } from './prekeys.ts';

/** A device as its account's list names it. */
export interface ListedDevice {
  readonly device: DeviceId;
  /** 33 bytes. */
  readonly identityKey: OwnBytes;
  readonly registrationId: number;
  readonly addedAt: number;
}

/** A list whose signature holds. */
export interface VerifiedList {
  readonly counter: number;
  /** SHA-256 over the signed bytes. */
  readonly hash: OwnBytes;
  readonly previous: Uint8Array;
  /** Names the record key that goes with this list. */
  readonly recordKeyHash: Uint8Array;
  readonly devices: readonly ListedDevice[];
  readonly signed: SignedBytes;
}

function dishonest(message: string, cause?: unknown): CoreError {
  return new CoreError('server-dishonest', message, { cause });
}

function parsed<Value>(parse: () => Value): Value {
  try {
    return parse();
  } catch (cause) {
    if (isWireError(cause)) throw dishonest('signed bytes do not parse', cause);
    throw dishonest('signed bytes hold a key that is none', cause);
  }
}

/** The hash by which a list is named: SHA-256 over its signed bytes. */
export function hashList(signed: SignedBytes): OwnBytes {
  return sha256(copyBytes(signed.bytes));
}

/** Reads and verifies a list of `account` under its account key (33 bytes). Throws `CoreError` `server-dishonest`. */
export function verifyList(account: AccountId, accountKey: Uint8Array, signed: SignedBytes): VerifiedList {
  const key = parsed(() => PublicKey.deserialize(accountKey));
  if (!verifyLabelled(key, SIGNED_LABELS.deviceList, signed.bytes, signed.signature)) {
    throw dishonest('a device list that the account key did not sign');
  }
  const list = parsed(() => signedDeviceList.parse(signed.bytes));
  if (idOf<AccountId>(list.account) !== account) throw dishonest("another account's device list");
  const devices = list.devices.map((device) => ({
    device: idOf<DeviceId>(device.device),
    identityKey: copyBytes(device.identityKey),
    registrationId: device.registrationId,
    addedAt: device.addedAt,
  }));
  const names = new Set(devices.map(({ device }) => device));
  const keys = new Set(devices.map(({ identityKey }) => encodeB64u(identityKey)));
  if (names.size !== devices.length || keys.size !== devices.length) {
    throw dishonest('a device list with a device or key twice');
  }
  return {
    counter: list.counter,
    hash: hashList(signed),
    previous: list.previous,
    recordKeyHash: list.recordKeyHash,
    devices,
    signed: { bytes: copyBytes(signed.bytes), signature: copyBytes(signed.signature) },
  };
}

/** How a list stands to the highest one known. */
export type Succession = 'same' | 'newer' | 'older' | 'fork';

/** Compares a verified list with the highest known counter and hash. The next counter must name the known hash. */
export function succession(
  list: VerifiedList,
  known: { readonly counter: number; readonly hash: Uint8Array },
): Succession {
  if (list.counter < known.counter) return 'older';
  if (list.counter === known.counter) return equalBytes(list.hash, known.hash) ? 'same' : 'fork';
  if (list.counter === known.counter + 1 && !equalBytes(list.previous, known.hash)) return 'fork';
  return 'newer';
}

/** The devices of a list that gave notice of leaving. Notices that do not hold are passed over: they would only hide a device. */
export function verifiedDepartures(
  account: AccountId,
  list: VerifiedList,
  notices: readonly SignedBytes[],
): readonly DeviceId[] {
  const departed: DeviceId[] = [];
  for (const notice of notices) {
    try {
      const departure = signedDeparture.parse(notice.bytes);
      const device = list.devices.find((listed) => listed.device === idOf<DeviceId>(departure.device));
      if (device === undefined || idOf<AccountId>(departure.account) !== account) continue;
      const key = PublicKey.deserialize(device.identityKey);
      if (verifyLabelled(key, SIGNED_LABELS.departure, notice.bytes, notice.signature)) {
        departed.push(device.device);
      }
    } catch {
      // Not a departure.
    }
  }
  return departed;
}

/** The public parts of a bundle that its statement speaks about. */
export interface StatedKeys {
  readonly signed: { readonly id: number; readonly publicKey: Uint8Array };
  readonly kyber: { readonly id: number; readonly publicKey: Uint8Array };
}

/**
 * Verifies a device's statement and that a bundle's keys are the stated ones. `seenAt`: the newest statement seen of this device, ms.
 * Throws `CoreError` `server-dishonest` for a forged, foreign or older one, or for keys or versions that it does not carry.
 */
export function verifyStatement(
  device: ListedDevice,
  signed: SignedBytes,
  keys: StatedKeys,
  seenAt: number,
): Statement {
  const identity = parsed(() => PublicKey.deserialize(device.identityKey));
  if (!verifyLabelled(identity, SIGNED_LABELS.statement, signed.bytes, signed.signature)) {
    throw dishonest('a statement that the device did not sign');
  }
  const statement = parsed(() => signedStatement.parse(signed.bytes));
  if (idOf<DeviceId>(statement.device) !== device.device) throw dishonest("another device's statement");
  if (statement.statedAt < seenAt) throw dishonest('an older statement than one seen');
  if (statement.content < CONTENT_FLOOR || statement.session < SESSION_VERSION) {
    throw dishonest('a statement below the floor');
  }
  const isSigned =
    statement.signedId === keys.signed.id &&
    equalBytes(statement.signedHash, sha256(copyBytes(keys.signed.publicKey)));
  if (!isSigned) throw dishonest('a signed prekey that the statement does not name');
  if (
    statement.lastResortId === keys.kyber.id &&
    !equalBytes(statement.lastResortHash, sha256(copyBytes(keys.kyber.publicKey)))
  ) {
    throw dishonest('a last-resort key that the statement does not name');
  }
  return statement;
}
