/** A server that shows somebody under a key of its own. */
import type { PrivateKey } from '@tacet/crypto';
import { signLabelled } from '@tacet/crypto/vault';
import { encodeB64u } from '@tacet/protocol/bytes';
import type { ServerFrame } from '@tacet/protocol/frames/server';
import { signedDeviceList, type DeviceList } from '@tacet/protocol/signed/device-list';
import { SIGNED_LABELS } from '@tacet/protocol/signed/signed';
import type { HostileWire } from './hostile-wire.ts';

/** What the server says of an account. */
export type ShownEntry = Extract<ServerFrame, { readonly kind: 'mismatch' }>['directory'];

/** The entry under a key of the server's own, with a list that goes on. */
export function underOtherKey(entry: ShownEntry, key: PrivateKey, steps = 1): ShownEntry {
  const list = signedDeviceList.parse(entry.list.bytes);
  const bytes = signedDeviceList.encode({ ...list, counter: list.counter + steps });
  const signature = signLabelled(key, SIGNED_LABELS.deviceList, bytes);
  return { ...entry, accountKey: key.getPublicKey().serialize(), list: { bytes, signature } };
}

/** The answer to a lookup with whoever was asked for under a key of the server's own; `change`: what else the list says. */
export function lookupUnderKey(
  body: string,
  key: PrivateKey,
  change: (list: DeviceList) => DeviceList = (list) => list,
): Readonly<Record<string, unknown>> {
  const entry = JSON.parse(body) as { list: { bytes: string } };
  const list = signedDeviceList.parse(new Uint8Array(Buffer.from(entry.list.bytes, 'base64url')));
  const bytes = signedDeviceList.encode(change(list));
  const signature = signLabelled(key, SIGNED_LABELS.deviceList, bytes);
  return {
    ...entry,
    accountKey: encodeB64u(key.getPublicKey().serialize()),
    list: { bytes: encodeB64u(bytes), signature: encodeB64u(signature) },
    departures: [],
  };
}

/** From here on the server says that the recipient has this entry. */
export function lie(wire: HostileWire, directory: ShownEntry): void {
  wire.change = (frame) => {
    if (frame.kind === 'sent') return [{ kind: 'mismatch', re: frame.re, directory }];
    if (frame.kind === 'bundles') return [{ ...frame, directory }];
    return [frame];
  };
}
