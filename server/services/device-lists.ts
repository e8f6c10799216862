/** Reading a device list: its own fields and hash. Its signature is the clients' to check; the server cannot. */
import { signedDeviceList } from '@tacet/protocol/signed/device-list';
import type { ReadList, SignedBytes } from '../store/account-ports.ts';
import { readSigned, sha256 } from './signed-requests.ts';

/** A list with the entries that the server compares between two lists. */
export interface ComparedList extends ReadList {
  readonly account: Uint8Array;
  /** One text per device, equal only if every field of the entry is. */
  readonly entries: ReadonlyMap<string, string>;
}

/** Reads a list. Throws `WireError` `malformed-request`. */
export function readDeviceList(signed: SignedBytes): ComparedList {
  const list = readSigned(signedDeviceList, signed.bytes);
  const entries = new Map<string, string>();
  for (const { device, identityKey, registrationId, addedAt } of list.devices) {
    entries.set(hex(device), [hex(identityKey), registrationId, addedAt].join(' '));
  }
  return {
    ...signed,
    account: list.account,
    counter: list.counter,
    previous: list.previous,
    hash: sha256(signed.bytes),
    devices: list.devices.map(({ device }) => device),
    entries,
  };
}

/** Whether no device stands in the list twice. */
export function isWithoutRepeats(list: ComparedList): boolean {
  return list.entries.size === list.devices.length;
}

/** Whether `next` names devices of `before` unchanged and, besides, exactly the `added` one. */
export function continues(before: ComparedList, next: ComparedList, added: Uint8Array | undefined): boolean {
  const newcomer = added === undefined ? undefined : hex(added);
  let hasNewcomer = false;
  for (const [device, entry] of next.entries) {
    if (device === newcomer) {
      if (before.entries.has(device)) return false;
      hasNewcomer = true;
    } else if (before.entries.get(device) !== entry) return false;
  }
  return hasNewcomer === (newcomer !== undefined);
}

/** Lower-case hexadecimal text of bytes. */
export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
