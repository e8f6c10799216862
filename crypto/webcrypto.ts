/**
 * The only file of the room that uses the platform's own cryptography (`crypto.subtle`, W3C Web Cryptography): AES-128-GCM for bulk data,
 * where it is several times as fast as any library, and HKDF for keys that never need to be seen. Asynchronous, and nothing to load.
 */
import type { Bytes } from './bytes.ts';

declare const kind: unique symbol;
type PlatformKey = Awaited<ReturnType<typeof crypto.subtle.deriveKey>>;
/** A secret that only HKDF reads; not extractable. */
export type HkdfSecret = PlatformKey & { readonly [kind]: 'HkdfSecret' };
/** Seals, and cannot open; not extractable. */
export type AesGcmSealKey = PlatformKey & { readonly [kind]: 'AesGcmSealKey' };
/** Opens, and cannot seal; not extractable. */
export type AesGcmOpenKey = PlatformKey & { readonly [kind]: 'AesGcmOpenKey' };

/** Bytes of the tag behind a ciphertext. */
export const AES_GCM_TAG_BYTES = 16;

const NO_SALT = new Uint8Array(0);

function hkdfParams(info: Bytes) {
  return { name: 'HKDF', hash: 'SHA-256', salt: NO_SALT, info } as const;
}

/** Hands a secret to HKDF. The caller wipes its copy. */
export async function importHkdfSecret(secret: Bytes): Promise<HkdfSecret> {
  const key = await crypto.subtle.importKey('raw', secret, 'HKDF', false, ['deriveBits', 'deriveKey']);
  return key as HkdfSecret;
}

/** HKDF-SHA-256 (RFC 5869) without salt: `length` bytes. */
export async function hkdfBytes(secret: HkdfSecret, info: Bytes, length: number): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.deriveBits(hkdfParams(info), secret, length * 8));
}

const AES_128_GCM = { name: 'AES-GCM', length: 128 } as const;

/** HKDF-SHA-256 without salt: 16 bytes as a key that encrypts. */
export async function hkdfSealKey(secret: HkdfSecret, info: Bytes): Promise<AesGcmSealKey> {
  const params = hkdfParams(info);
  return (await crypto.subtle.deriveKey(params, secret, AES_128_GCM, false, ['encrypt'])) as AesGcmSealKey;
}

/** HKDF-SHA-256 without salt: 16 bytes as a key that decrypts. */
export async function hkdfOpenKey(secret: HkdfSecret, info: Bytes): Promise<AesGcmOpenKey> {
  const params = hkdfParams(info);
  return (await crypto.subtle.deriveKey(params, secret, AES_128_GCM, false, ['decrypt'])) as AesGcmOpenKey;
}

/** AES-128-GCM (NIST SP 800-38D), nonce 12 bytes: ciphertext and 16-byte tag. The inputs are copied before it returns. */
export async function aesGcmSeal(
  key: AesGcmSealKey,
  nonce: Bytes,
  plaintext: Bytes,
  associatedData: Bytes,
): Promise<Bytes> {
  const params = { name: 'AES-GCM', iv: nonce, additionalData: associatedData } as const;
  return new Uint8Array(await crypto.subtle.encrypt(params, key, plaintext));
}

/** Reverse of `aesGcmSeal`; `undefined` when the tag does not fit. */
export async function aesGcmOpen(
  key: AesGcmOpenKey,
  nonce: Bytes,
  sealed: Bytes,
  associatedData: Bytes,
): Promise<Bytes | undefined> {
  const params = { name: 'AES-GCM', iv: nonce, additionalData: associatedData } as const;
  try {
    return new Uint8Array(await crypto.subtle.decrypt(params, key, sealed));
  } catch (error) {
    if (error instanceof Error && error.name === 'OperationError') return undefined;
    throw error;
  }
}
