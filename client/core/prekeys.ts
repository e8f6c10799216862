/**
 * Making the prekeys of this device and the statement that goes with them. Pure: what is made is stored by the caller before it is
 * uploaded. One-time keys come in batches of 100; signed keys and the last-resort key change every two days.
 */
import { CONTENT_VERSION } from '@tacet/protocol/content/frame';
import { idBytes, type DeviceId } from '@tacet/protocol/ids';
import { signedStatement } from '@tacet/protocol/signed/statement';
import { SIGNED_LABELS } from '@tacet/protocol/signed/signed';
import { PrivateKey } from '@tacet/crypto';
import { sha256, signLabelled } from '@tacet/crypto/vault';
import { copyBytes, type OwnBytes } from './bytes.ts';
import type { PreKeyKind } from './db/stores.ts';
import type { SignedBytes } from './db/stored-device.ts';
import type { Engine, EngineIdentityKeyPair } from './engine.ts';

/** The only session version that this client makes and reads. */
export const SESSION_VERSION = 4;
/** Prekey ids have 24 bits; 0 is none. */
const MOST_ID = 0xff_ffff;

/** A private record to be stored under [kind, id]. */
export interface MadePreKey {
  readonly kind: PreKeyKind;
  readonly id: number;
  readonly record: OwnBytes;
}
/** A public signed key as uploaded. */
export interface PublicSigned {
  readonly id: number;
  readonly publicKey: OwnBytes;
  readonly signature: OwnBytes;
}
/** The signed prekey and the last-resort key that goes with it. */
export interface SignedKeys {
  readonly signed: PublicSigned;
  readonly lastResort: PublicSigned;
}
/** A signed statement of this device. */
type Statement = SignedBytes & { readonly bytes: OwnBytes; readonly signature: OwnBytes };
/** A public one-time key as uploaded. */
export interface PublicOneTime {
  readonly id: number;
  readonly publicKey: OwnBytes;
}

/** The id `steps` after `id`, around the end. */
export function nextPreKeyId(id: number, steps = 1): number {
  return ((id - 1 + steps) % MOST_ID) + 1;
}

/** One batch of one-time keys of both kinds, from `firstId` on: `count` ids are used for each. */
export function makeOneTimeKeys(
  engine: Engine,
  identity: EngineIdentityKeyPair,
  firstId: number,
  count: number,
  now: number,
): {
  readonly made: readonly MadePreKey[];
  readonly oneTime: readonly PublicOneTime[];
  readonly oneTimeKyber: readonly PublicSigned[];
} {
  const made: MadePreKey[] = [];
  const oneTime: PublicOneTime[] = [];
  const oneTimeKyber: PublicSigned[] = [];
  for (let i = 0; i < count; i += 1) {
    const id = nextPreKeyId(firstId, i);
    const privateKey = engine.PrivateKey.generate();
    const publicKey = privateKey.getPublicKey();
    made.push({
      kind: 'one-time',
      id,
      record: engine.PreKeyRecord.new(id, publicKey, privateKey).serialize(),
    });
    oneTime.push({ id, publicKey: publicKey.serialize() });
    const kyber = makeKyber(engine, identity, id, now);
    made.push({ kind: 'kyber', id, record: kyber.record });
    oneTimeKyber.push(kyber.published);
  }
  return { made, oneTime, oneTimeKyber };
}

function makeKyber(
  engine: Engine,
  identity: EngineIdentityKeyPair,
  id: number,
  now: number,
): { readonly record: OwnBytes; readonly published: PublicSigned } {
  const pair = engine.KEMKeyPair.generate();
  const publicKey = pair.getPublicKey().serialize();
  const signature = identity.privateKey.sign(publicKey);
  const record = engine.KyberPreKeyRecord.new(id, now, pair, signature).serialize();
  return { record, published: { id, publicKey, signature } };
}

/** A fresh signed prekey and last-resort key, and the statement over them. */
export function makeSignedKeys(
  engine: Engine,
  identity: EngineIdentityKeyPair,
  device: DeviceId,
  listHash: Uint8Array,
  id: number,
  now: number,
  statedAt: number,
): SignedKeys & { readonly made: readonly MadePreKey[]; readonly statement: Statement } {
  const privateKey = engine.PrivateKey.generate();
  const key = privateKey.getPublicKey();
  const publicKey = key.serialize();
  const signature = identity.privateKey.sign(publicKey);
  const record = engine.SignedPreKeyRecord.new(id, now, key, privateKey, signature).serialize();
  const lastResort = makeKyber(engine, identity, id, now);
  const published = { signed: { id, publicKey, signature }, lastResort: lastResort.published };
  return {
    made: [
      { kind: 'signed', id, record },
      { kind: 'last-resort', id, record: lastResort.record },
    ],
    ...published,
    statement: stateKeys(identity, device, listHash, published, statedAt),
  };
}

/** The public halves of signed keys that were made before, from their private records. */
export function publicSignedKeys(
  engine: Engine,
  id: number,
  records: { readonly signed: Uint8Array; readonly lastResort: Uint8Array },
): SignedKeys {
  const publicOf = (
    record: Pick<ReturnType<Engine['KyberPreKeyRecord']['deserialize']>, 'publicKey' | 'signature'>,
  ): PublicSigned => ({
    id,
    publicKey: copyBytes(record.publicKey().serialize()),
    signature: copyBytes(record.signature()),
  });
  return {
    signed: publicOf(engine.SignedPreKeyRecord.deserialize(copyBytes(records.signed))),
    lastResort: publicOf(engine.KyberPreKeyRecord.deserialize(copyBytes(records.lastResort))),
  };
}

/** The device's statement over signed keys. `statedAt`, ms, grows with each. */
export function stateKeys(
  identity: EngineIdentityKeyPair,
  device: DeviceId,
  listHash: Uint8Array,
  { signed, lastResort }: SignedKeys,
  statedAt: number,
): Statement {
  const bytes = signedStatement.encode({
    device: idBytes(device),
    listHash: copyBytes(listHash),
    content: CONTENT_VERSION,
    session: SESSION_VERSION,
    signedId: signed.id,
    signedHash: sha256(signed.publicKey),
    lastResortId: lastResort.id,
    lastResortHash: sha256(lastResort.publicKey),
    statedAt,
  });
  return { bytes, signature: signAsDevice(identity, 'statement', bytes) };
}

/** A signature of this device's identity key over labelled bytes. */
export function signAsDevice(
  identity: EngineIdentityKeyPair,
  purpose: 'statement' | 'departure',
  bytes: OwnBytes,
): OwnBytes {
  const key = PrivateKey.deserialize(identity.privateKey.serialize());
  return signLabelled(key, SIGNED_LABELS[purpose], bytes);
}

/** The digest that the server shows of held keys: SHA-256 over each id (4 bytes big-endian) and public key, ascending by id. */
export function digestOfKeys(keys: readonly PublicOneTime[]): OwnBytes {
  const ordered = [...keys].sort((a, b) => a.id - b.id);
  const size = ordered.reduce((sum, { publicKey }) => sum + 4 + publicKey.length, 0);
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const { id, publicKey } of ordered) {
    view.setUint32(at, id);
    bytes.set(publicKey, at + 4);
    at += 4 + publicKey.length;
  }
  return sha256(bytes);
}
