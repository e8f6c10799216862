/** libsignal's public HKDF, with its order of arguments; within the room `kdf.ts` is used. */
import type { Bytes } from './bytes.ts';
import { CryptoError } from './errors.ts';
import { hkdf as derive } from './kdf.ts';

/** RFC 5869 gives at most 255 blocks of SHA-256. */
const MAX_OUTPUT_BYTES = 255 * 32;

/** HKDF-SHA-256; `null` for no salt. Throws `misuse` when more than 8160 bytes are asked for. */
export function hkdf(
  outputLength: number,
  keyMaterial: Uint8Array,
  label: Uint8Array,
  salt: Uint8Array | null,
): Bytes {
  if (!Number.isInteger(outputLength) || outputLength < 0 || outputLength > MAX_OUTPUT_BYTES) {
    throw new CryptoError('misuse', 'impossible output length');
  }
  return derive(salt ?? undefined, keyMaterial, label, outputLength);
}
