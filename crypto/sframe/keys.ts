/**
 * The keys of media frames: Tacet's derivations from a sender's base key down to one layer, and below them the key schedule of
 * RFC 9605 section 4.4.2 for AES_128_GCM_SHA256_128.
 *
 *   base key 32, random                              one sender instance, step 0
 *     | HKDF "Tacet/frame-ratchet/v1"                -> base key of the next step
 *     | HKDF "Tacet/frame-key/v1" 00 | call 16 | purpose 1 | layer 1
 *   layer secret 32
 *     | HKDF "SFrame 1.0 Secret key " | KID 8 | suite 2   -> key 16
 *     | HKDF "SFrame 1.0 Secret salt " | KID 8 | suite 2  -> salt 12
 *
 * HKDF is HKDF-SHA-256 without salt. A key seals or opens, never both: the platform is told at its derivation.
 */
import { be64, concat, utf8, wipe, type Bytes } from '../bytes.ts';
import { CryptoError } from '../errors.ts';
import { randomBytes } from '../random.ts';
import { LABELS, labelled } from '../vault/labels.ts';
import {
  hkdfBytes,
  hkdfOpenKey,
  hkdfSealKey,
  importHkdfSecret,
  type AesGcmOpenKey,
  type AesGcmSealKey,
  type HkdfSecret,
} from '../webcrypto.ts';
import { encodeKid, isPosition, type KeyPosition } from './kid.ts';

/** AES_128_GCM_SHA256_128, the only suite that is spoken (RFC 9605 section 4.5), as 2 bytes. */
const SUITE = Uint8Array.of(0x00, 0x04);
/** Nn of that suite. */
const NONCE_BYTES = 12;

const KEY_LABEL = utf8('SFrame 1.0 Secret key ');
const SALT_LABEL = utf8('SFrame 1.0 Secret salt ');

/** Bytes of a base key. */
export const BASE_KEY_BYTES = 32;
/** Bytes of a call's id. */
const CALL_ID_BYTES = 16;

declare const kind: unique symbol;
/** 32 random bytes of one sender instance, or what the ratchet made of them. */
export type BaseKey = Bytes & { readonly [kind]: 'BaseKey' };

/** What a track shows or plays. The byte is part of the derivation and keeps its meaning. */
const purposeBytes = { audio: 1, camera: 2, screen: 3, 'screen-audio': 4 } as const;
export type MediaPurpose = keyof typeof purposeBytes;

/** Which track of which call: frames of another one do not open. */
export interface MediaTrack {
  /** Id of the call, 16 bytes. */
  readonly call: Uint8Array;
  readonly purpose: MediaPurpose;
}

/** What a sender tells those who may see its frames, over their encrypted sessions only. */
export interface SenderKey {
  /** Number of the sender instance, 0 to 65,535; a sender uses each once in a call. */
  readonly instance: number;
  /** Ratchet step of the base key, 0 to 31. */
  readonly step: number;
  readonly baseKey: BaseKey;
}

/** Key and salt of one KID. */
export interface FrameKey<Key> {
  /** Below 2^24 (kid.ts). */
  readonly kid: number;
  readonly key: Key;
  /** 12 bytes. */
  readonly salt: Bytes;
}
export type FrameSealKey = FrameKey<AesGcmSealKey>;
export type FrameOpenKey = FrameKey<AesGcmOpenKey>;

export function generateBaseKey(): BaseKey {
  return randomBytes(BASE_KEY_BYTES) as BaseKey;
}

/** Takes a sender key from a message that was opened. Copies. Throws `malformed` on a wrong length or range. */
export function parseSenderKey(instance: number, step: number, baseKey: Uint8Array): SenderKey {
  if (baseKey.length !== BASE_KEY_BYTES || !isPosition(instance, step)) {
    throw new CryptoError('malformed', 'not a sender key');
  }
  return { instance, step, baseKey: Uint8Array.from(baseKey) as BaseKey };
}

/** A track with its own copy of the id. Throws `misuse` on an id of another length. */
export function copyTrack({ call, purpose }: MediaTrack): MediaTrack {
  if (call.length !== CALL_ID_BYTES) throw new CryptoError('misuse', 'a call id has 16 bytes');
  return { call: call.slice(), purpose };
}

/** The base key of the next ratchet step; the caller wipes it once it is imported. */
export async function nextBaseKey(secret: HkdfSecret): Promise<BaseKey> {
  return (await hkdfBytes(secret, utf8(LABELS.frameRatchet), BASE_KEY_BYTES)) as BaseKey;
}

/** RFC 9605 section 4.4.2 over any base key: key and salt of a KID. `hkdfKey` says whether to seal or to open. */
async function deriveKeyAndSalt<Key>(
  baseKey: Bytes,
  kid: number,
  hkdfKey: (secret: HkdfSecret, info: Bytes) => Promise<Key>,
): Promise<FrameKey<Key>> {
  const secret = await importHkdfSecret(baseKey);
  const key = await hkdfKey(secret, concat(KEY_LABEL, be64(kid), SUITE));
  const salt = await hkdfBytes(secret, concat(SALT_LABEL, be64(kid), SUITE), NONCE_BYTES);
  return { kid, key, salt };
}

/** Key and salt with which frames of a KID are sealed (RFC 9605 section 4.4.2). KID below 2^53. */
export function deriveSealKey(baseKey: Bytes, kid: number): Promise<FrameSealKey> {
  return deriveKeyAndSalt(baseKey, kid, hkdfSealKey);
}

/** Key and salt with which frames of a KID are opened (RFC 9605 section 4.4.2). KID below 2^53. */
export function deriveOpenKey(baseKey: Bytes, kid: number): Promise<FrameOpenKey> {
  return deriveKeyAndSalt(baseKey, kid, hkdfOpenKey);
}

async function deriveLayer<Key>(
  secret: HkdfSecret,
  track: MediaTrack,
  position: KeyPosition,
  derive: (layerSecret: Bytes, kid: number) => Promise<Key>,
): Promise<Key> {
  const fields = Uint8Array.of(purposeBytes[track.purpose], position.layer);
  const layerSecret = await hkdfBytes(secret, labelled(LABELS.frameKey, track.call, fields), BASE_KEY_BYTES);
  try {
    return await derive(layerSecret, encodeKid(position));
  } finally {
    wipe(layerSecret);
  }
}

/** The key that seals one layer of a track; `secret` is the base key of the position's instance and step. */
export function deriveLayerSealKey(
  secret: HkdfSecret,
  track: MediaTrack,
  position: KeyPosition,
): Promise<FrameSealKey> {
  return deriveLayer(secret, track, position, deriveSealKey);
}

/** The key that opens one layer of a track; `secret` is the base key of the position's instance and step. */
export function deriveLayerOpenKey(
  secret: HkdfSecret,
  track: MediaTrack,
  position: KeyPosition,
): Promise<FrameOpenKey> {
  return deriveLayer(secret, track, position, deriveOpenKey);
}
