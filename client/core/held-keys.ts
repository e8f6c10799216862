/**
 * Judging what the server says it holds of this device's prekeys: ids of each kind, and a digest over ids and keys. An honest server holds
 * what was uploaded last, or what was confirmed before if the last upload was lost on its way; the rest of the rules says what only a
 * server can show that has other keys than this device made, gives out a key twice, or has gone back.
 */
import { encodeB64u } from '@tacet/protocol/bytes';
import type { HeldPreKeys } from '@tacet/protocol/rest/keys';
import { copyBytes } from './bytes.ts';
import type { SealedDb } from './db/sealed.ts';
import { T, type PreKeyKind } from './db/stores.ts';
import type { PreKeyState } from './db/stored-device.ts';
import type { Engine } from './engine.ts';
import { digestOfKeys, nextPreKeyId, type PublicOneTime } from './prekeys.ts';

/**
 * `doubtful`: not what was uploaded, which a lost upload, a message that was read meanwhile, or an older copy of this device's data would
 * explain too. `exchanged`: nothing explains it but that the server holds something else.
 */
export type HeldVerdict = 'as-uploaded' | 'doubtful' | 'used' | 'exchanged';

/** How a kind of held keys stands. `used`: one of them has been used up here, so that an honest server gave it away before. */
async function judgeKind(
  engine: Engine,
  db: SealedDb,
  state: PreKeyState,
  kind: PreKeyKind,
  { ids, digest }: HeldPreKeys['oneTime'],
): Promise<HeldVerdict> {
  const records = await db.read([T.preKeys], (tx) =>
    Promise.all(ids.map((id) => tx.get(T.preKeys, [kind, id]))),
  );
  const keys: PublicOneTime[] = [];
  let verdict: HeldVerdict = 'as-uploaded';
  for (const [i, bytes] of records.entries()) {
    const id = ids[i];
    if (id === undefined) continue;
    if (bytes !== undefined) keys.push({ id, publicKey: publicHalf(engine, kind, bytes) });
    else if (isUnmade(state, id)) return 'exchanged';
    else verdict = verdict === 'used' || isOfLiveBatch(state, id) ? 'used' : 'doubtful';
  }
  if (verdict !== 'as-uploaded') return verdict;
  return encodeB64u(digestOfKeys(keys)) === digest ? 'as-uploaded' : 'exchanged';
}

/** Judges all kinds; the worst counts. */
export async function judgeHeld(
  engine: Engine,
  db: SealedDb,
  held: HeldPreKeys,
  state: PreKeyState,
): Promise<HeldVerdict> {
  const kinds = [
    ['one-time', held.oneTime],
    ['kyber', held.oneTimeKyber],
    ['signed', held.signed],
    ['last-resort', held.lastResort],
  ] as const;
  const verdicts = [judgeSigned(held, state)];
  for (const [kind, each] of kinds) verdicts.push(await judgeKind(engine, db, state, kind, each));
  const worst = (['exchanged', 'used', 'doubtful'] as const).find((each) => verdicts.includes(each));
  return worst ?? 'as-uploaded';
}

/** Whether the signed keys, of which a server holds one of each kind, are the newest; the ones before, only while the newest may not have arrived. */
function judgeSigned({ signed, lastResort }: HeldPreKeys, state: PreKeyState): HeldVerdict {
  if (signed.ids.length > 1 || lastResort.ids.length > 1) return 'exchanged';
  const current = state.signed.at(-1)?.id;
  const shown = [signed.ids[0], lastResort.ids[0]];
  if (shown.every((id) => id === current)) return 'as-uploaded';
  const { confirmedId } = state;
  const isLost = shown.every((id) => id === current || confirmedId === undefined || id === confirmedId);
  return isLost ? 'doubtful' : 'exchanged';
}

/** Whether an id was never given to a key. Ids go on from 1; they begin anew after sixteen million, which no device lives to see. */
function isUnmade({ nextId }: PreKeyState, id: number): boolean {
  return id >= nextId;
}

function isOfLiveBatch({ batches }: PreKeyState, id: number): boolean {
  return batches.some(({ firstId, count }) => id >= firstId && id < nextPreKeyId(firstId, count));
}

function publicHalf(engine: Engine, kind: PreKeyKind, bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const record = copyBytes(bytes);
  switch (kind) {
    case 'one-time':
      return engine.PreKeyRecord.deserialize(record).publicKey().serialize();
    case 'signed':
      return engine.SignedPreKeyRecord.deserialize(record).publicKey().serialize();
    case 'kyber':
    case 'last-resort':
      return engine.KyberPreKeyRecord.deserialize(record).publicKey().serialize();
  }
}
