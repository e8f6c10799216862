/**
 * SFrame and Tacet's derivations above it, written once more from RFC 9605 and docs/sealed-forms.md over Node's own cryptography, for one
 * frame at a time: what the room's code is compared with.
 */
import { createCipheriv, createDecipheriv, createHmac, hkdfSync } from 'node:crypto';

const PURPOSES = { audio: 1, camera: 2, screen: 3, 'screen-audio': 4 } as const;

function hkdf(secret: Uint8Array, info: Uint8Array, length: number): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, '', info, length));
}

function be64(value: number | bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(value));
  return bytes;
}

/** RFC 9605 section 4.4.2 for suite 0x0004, with the steps between. */
export function keySchedule(baseKey: Uint8Array, kid: number) {
  const suffix = Buffer.concat([be64(kid), Buffer.of(0, 4)]);
  const keyLabel = Buffer.concat([Buffer.from('SFrame 1.0 Secret key '), suffix]);
  const saltLabel = Buffer.concat([Buffer.from('SFrame 1.0 Secret salt '), suffix]);
  return {
    secret: createHmac('sha256', '').update(baseKey).digest(),
    keyLabel,
    saltLabel,
    key: hkdf(baseKey, keyLabel, 16),
    salt: hkdf(baseKey, saltLabel, 12),
  };
}

/** Salt XOR counter. */
export function nonceOf(salt: Uint8Array, ctr: number): Buffer {
  const counter = Buffer.concat([Buffer.alloc(4), be64(ctr)]);
  return Buffer.from(salt.map((byte, at) => byte ^ (counter[at] ?? 0)));
}

/** Hex of the shortest header. */
export function headerHex(kid: bigint, ctr: bigint): string {
  const parts = [kid, ctr].map((value) => {
    if (value < 8n) return { nibble: Number(value), hex: '' };
    const digits = value.toString(16);
    const hex = digits.length % 2 === 0 ? digits : `0${digits}`;
    return { nibble: 8 + hex.length / 2 - 1, hex };
  });
  return parts.map(({ nibble }) => nibble.toString(16)).join('') + parts.map(({ hex }) => hex).join('');
}

/** AES-128-GCM: ciphertext and tag. */
export function gcmSeal(key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, plaintext: Uint8Array): Buffer {
  const cipher = createCipheriv('aes-128-gcm', key, nonce).setAAD(aad);
  return Buffer.concat([cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
}

/** Reverse of `gcmSeal`; throws when the tag does not fit. */
export function gcmOpen(key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, sealed: Uint8Array): Buffer {
  const decipher = createDecipheriv('aes-128-gcm', key, nonce).setAAD(aad);
  decipher.setAuthTag(sealed.subarray(sealed.length - 16));
  return Buffer.concat([decipher.update(sealed.subarray(0, sealed.length - 16)), decipher.final()]);
}

/** The base key one ratchet step on. */
export function ratcheted(baseKey: Uint8Array): Buffer {
  return hkdf(baseKey, Buffer.from('Tacet/frame-ratchet/v1'), 32);
}

/** Key and salt of one layer of a track. */
export function layerKey(
  baseKey: Uint8Array,
  call: Uint8Array,
  purpose: keyof typeof PURPOSES,
  layer: number,
  kid: number,
) {
  const info = Buffer.concat([
    Buffer.from('Tacet/frame-key/v1\0'),
    call,
    Buffer.of(PURPOSES[purpose], layer),
  ]);
  return keySchedule(hkdf(baseKey, info, 32), kid);
}
