/**
 * Brings the sessions of an older local database to layout 1: they lay under the name of their device alone, which whoever
 * likes can list under an identity key of his own. Done once, in one transaction, before anything is sent or received.
 */
import { idOf, type DeviceId } from '@tacet/protocol/ids';
import { signedDeviceList } from '@tacet/protocol/signed/device-list';
import type { SealedDb } from '../db/sealed.ts';
import { K, T } from '../db/stores.ts';
import type { SignedBytes } from '../db/stored-device.ts';
import type { DbKey } from '../ports.ts';
import { asideKey } from './stores.ts';

/**
 * Moves every session, the ones put aside too, to where its device and identity key have it. Sessions with devices that no known list
 * names any more go: nothing of them is believed or sent. `ownList`: the own list, which may not be among the people's.
 */
export async function rekeySessions(db: SealedDb, ownList: SignedBytes): Promise<void> {
  if ((await db.read([T.layout], (tx) => tx.get(T.layout, 'layout'))) !== undefined) return;
  await db.write([T.layout, T.sessions, T.people], async (tx) => {
    const people = await tx.range(T.people, {});
    const lists = [ownList, ...people.map(({ value }) => value.list)];
    const listed = lists.flatMap(({ bytes }) => signedDeviceList.parse(bytes).devices);
    const moved: (readonly [DbKey, Uint8Array])[] = [];
    for (const { device: id, identityKey } of listed) {
      const device = idOf<DeviceId>(id);
      const from = K.device(db, device);
      const to = K.session(db, device, identityKey);
      const [session, aside] = await Promise.all([
        tx.get(T.sessions, from),
        tx.get(T.sessions, asideKey(from)),
      ]);
      if (session !== undefined) moved.push([to, session]);
      if (aside !== undefined) moved.push([asideKey(to), aside]);
    }
    for (const key of await tx.keys(T.sessions, {})) tx.delete(T.sessions, key);
    for (const [key, session] of moved) tx.put(T.sessions, key, session);
    tx.put(T.layout, 'layout', 1);
  });
}
