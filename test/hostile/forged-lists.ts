/** Device lists in the hands of a server: what it holds of an account, with a device more or less, signed by a key of its own. */
import { randomBytes } from 'node:crypto';
import { PrivateKey } from '@tacet/crypto';
import { openVault, sha256, signLabelled, stretchPassphrase, unwrapVaultKey } from '@tacet/crypto/vault';
import { entryFromJson } from '@tacet/client/core/people';
import type { ServerFrame } from '@tacet/protocol/frames/server';
import type { ReplyOf } from '@tacet/protocol/call';
import { idBytes } from '@tacet/protocol/ids';
import { getCredentials } from '@tacet/protocol/rest/accounts';
import { getDirectory } from '@tacet/protocol/rest/devices';
import { signedDeviceList, type DeviceList } from '@tacet/protocol/signed/device-list';
import { SIGNED_LABELS } from '@tacet/protocol/signed/signed';
import type { HostileWire } from '../support/hostile-wire.ts';
import type { Player } from './scene.ts';
import { accountOf } from '../support/make-client.ts';
import { readAs } from './servers-word.ts';

/** An account's entry as frames carry it. */
export type Entry = Extract<ServerFrame, { readonly kind: 'mismatch' }>['directory'];

/** What an account's list becomes. */
export type ListChange = (list: DeviceList) => DeviceList;

/** A list that goes on, with a device that nobody has. */
export function withGhost(list: DeviceList): DeviceList {
  const ghost = {
    device: new Uint8Array(randomBytes(16)),
    identityKey: PrivateKey.generate().getPublicKey().serialize(),
    registrationId: 7,
    // One that was added long ago and never heard of would be written to by nobody anyhow.
    addedAt: Date.now(),
  };
  return { ...list, counter: list.counter + 1, devices: [...list.devices, ghost] };
}

/** A changed list and its signature by `key`. */
export function forgeSigned(
  bytes: Uint8Array,
  change: ListChange,
  key = PrivateKey.generate(),
): { readonly bytes: Uint8Array; readonly signature: Uint8Array } {
  const before = Uint8Array.from(bytes);
  // It names the list before it, as an honest one does: the signature alone is wrong.
  const list = { ...change(signedDeviceList.parse(before)), previous: sha256(before) };
  const forged = signedDeviceList.encode(list);
  return { bytes: forged, signature: signLabelled(key, SIGNED_LABELS.deviceList, forged) };
}

/** An entry with a changed list under the account key that it names. `key`: who signs it; a stranger to the account by default. */
export function forgeEntry(entry: Entry, change: ListChange, key?: PrivateKey): Entry {
  return { ...entry, list: forgeSigned(entry.list.bytes, change, key) };
}

/** The account key of somebody whose passphrase the server knows: out of the vault that it holds. */
export async function openAccountKey(player: Player): Promise<PrivateKey> {
  const held = JSON.parse(await readAs(player, getCredentials)) as ReplyOf<typeof getCredentials>;
  const bytesOf = (text = ''): Buffer => Buffer.from(text, 'base64url');
  const binding = { account: idBytes(accountOf(player.client)), version: held.version };
  const { wrapKey } = stretchPassphrase(player.passphrase, player.username);
  const wrap = held.wraps.find(({ way }) => way === 'passphrase');
  const vaultKey = unwrapVaultKey(wrapKey, bytesOf(wrap?.sealed), binding);
  return openVault(vaultKey, bytesOf(held.vault), binding).accountKey;
}

/** Lists that the account has signed beside the one in force, whose bytes these are: forks of it, by what they would do. */
export function forksOf(
  bytes: Uint8Array,
  key: PrivateKey,
): readonly (readonly [string, ReturnType<typeof forgeSigned>])[] {
  const fewer = forgeSigned(bytes, (list) => ({ ...list, devices: list.devices.slice(0, 1) }), key);
  const more = forgeSigned(bytes, (list) => ({ ...withGhost(list), counter: list.counter }), key);
  return [
    ['a device less under the same number', fewer],
    ['a device more under the same number', more],
    [
      'what follows on the one',
      forgeSigned(fewer.bytes, (list) => ({ ...list, counter: list.counter + 1 }), key),
    ],
    [
      'what follows on the other',
      forgeSigned(more.bytes, (list) => ({ ...list, counter: list.counter + 1 }), key),
    ],
  ];
}

/** The same in an answer over HTTP. */
export function forgeReply<Reply extends { readonly body: string }>(reply: Reply, change: ListChange): Reply {
  return replyWith(reply, forgeSigned(listIn(reply), change));
}

/** The signed bytes of the list in an answer. */
export function listIn({ body }: { readonly body: string }): Uint8Array {
  const { list } = JSON.parse(body) as { readonly list: { readonly bytes: string } };
  return Buffer.from(list.bytes, 'base64url');
}

/** An answer with another list in it. */
export function replyWith<Reply extends { readonly body: string }>(
  reply: Reply,
  { bytes, signature }: { readonly bytes: Uint8Array; readonly signature: Uint8Array },
): Reply {
  const list = {
    bytes: Buffer.from(bytes).toString('base64url'),
    signature: Buffer.from(signature).toString('base64url'),
  };
  const entry = JSON.parse(reply.body) as object;
  return { ...reply, body: JSON.stringify({ ...entry, list }) };
}

/** What the server now says of somebody, as others are told it. */
export async function entryOf(player: Player): Promise<Entry> {
  const entry = entryFromJson(JSON.parse(await readAs(player, getDirectory)) as never);
  return { ...entry, account: idBytes(entry.account), departures: [...(entry.departures ?? [])] };
}

/** Answers every send as if the recipient's list were this one. */
export function answerMismatch(wire: HostileWire, directory: Entry): void {
  wire.change = (frame) =>
    frame.kind === 'sent' ? [{ kind: 'mismatch', re: frame.re, directory }] : [frame];
}

/** Answers questions for the own directory entry with what `lie` makes of the truth, and says in each welcome that the list is at `counter`. */
export function lieAboutOwnList(
  wire: HostileWire,
  counter: number,
  lie: <Reply extends { readonly body: string }>(reply: Reply) => Reply,
): void {
  wire.answer = ({ path, method }, reply) =>
    path === getDirectory.path && method === getDirectory.method ? lie(reply) : reply;
  wire.change = (frame) => (frame.kind === 'welcome' ? [{ ...frame, listCounter: counter }] : [frame]);
}
