/** What a server's word about the prekeys that it holds is worth. */
import { randomBytes } from 'node:crypto';
import t from 'tap';
import { makeFirstPreKeys, makeNewDevice } from '@tacet/client/core/account/new-device';
import { T } from '@tacet/client/core/db/stores';
import type { PreKeyState } from '@tacet/client/core/db/stored-device';
import { judgeHeld, type HeldVerdict } from '@tacet/client/core/held-keys';
import { ownEngine } from '@tacet/client/core/own-engine';
import { digestOfKeys, type PublicOneTime } from '@tacet/client/core/prekeys';
import { encodeB64u } from '@tacet/protocol/bytes';
import type { HeldPreKeys } from '@tacet/protocol/rest/keys';
import { makeOfflineOutbox } from '../../support/offline-outbox.ts';

function heldOf(keys: readonly PublicOneTime[]): HeldPreKeys['oneTime'] {
  return { ids: keys.map(({ id }) => id), digest: encodeB64u(digestOfKeys(keys)) };
}

/** A device's first keys, stored, and what an honest server says of them. */
async function makeHeld() {
  const { db, outbox } = await makeOfflineOutbox();
  const random = (length: number): Uint8Array<ArrayBuffer> => new Uint8Array(randomBytes(length));
  const device = makeNewDevice(ownEngine, random);
  const { made, state, upload } = makeFirstPreKeys(ownEngine, device, random(32), 0);
  await db.write([T.preKeys], async (tx) => {
    for (const { kind, id, record } of made) tx.put(T.preKeys, [kind, id], record);
  });
  outbox.stop();
  const held: HeldPreKeys = {
    oneTime: heldOf(upload.oneTime),
    oneTimeKyber: heldOf(upload.oneTimeKyber),
    signed: heldOf([upload.signed]),
    lastResort: heldOf([upload.lastResort]),
  };
  const judge = (said: Partial<HeldPreKeys>, now: PreKeyState = state): Promise<HeldVerdict> =>
    judgeHeld(ownEngine, db, { ...held, ...said }, now);
  return { db, state, upload, held, judge };
}

t.test('what was uploaded, less what was given away, is as it should be', async (t) => {
  const { judge, upload } = await makeHeld();
  t.equal(await judge({}), 'as-uploaded');
  t.equal(await judge({ oneTime: heldOf(upload.oneTime.slice(7)), oneTimeKyber: heldOf([]) }), 'as-uploaded');
});

t.test('another key under a known id, and an id that was never given, are the server’s own', async (t) => {
  const { judge, upload, state } = await makeHeld();
  const [first, ...rest] = upload.oneTime;
  const other = ownEngine.PrivateKey.generate().getPublicKey().serialize();
  t.equal(await judge({ oneTime: heldOf([{ id: first!.id, publicKey: other }, ...rest]) }), 'exchanged');
  t.equal(await judge({ signed: heldOf([{ id: 1, publicKey: other }]) }), 'exchanged');
  const unmade = { id: state.nextId, publicKey: other };
  t.equal(await judge({ oneTimeKyber: heldOf([...upload.oneTimeKyber, unmade]) }), 'exchanged');
});

t.test('a key that was used up is in no honest answer, one of a forgotten batch may be', async (t) => {
  const { judge, upload, state, db } = await makeHeld();
  const [{ id }] = upload.oneTime as [PublicOneTime];
  await db.write([T.preKeys], async (tx) => tx.delete(T.preKeys, ['one-time', id]));
  t.equal(await judge({}), 'used');
  t.equal(await judge({ oneTime: heldOf(upload.oneTime.slice(1)) }), 'as-uploaded');
  t.equal(await judge({}, { ...state, batches: [] }), 'doubtful');
});

t.test('an upload that was lost leaves the keys before it; one that was confirmed does not', async (t) => {
  const { judge, state } = await makeHeld();
  const rotated = { ...state, signed: [...state.signed, { id: 500, madeAt: 1 }], nextId: 501 };
  t.equal(await judge({}, { ...rotated, confirmedId: 1 }), 'doubtful');
  t.equal(await judge({}, rotated), 'doubtful', 'where nothing is known of an answer');
  t.equal(await judge({}, { ...rotated, confirmedId: 500 }), 'exchanged');
});
