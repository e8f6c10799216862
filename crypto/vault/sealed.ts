/**
 * The sealed form that everything at rest shares, version 1:
 *
 *   0x01 | nonce 24 | XChaCha20-Poly1305 ciphertext | tag 16
 *
 * Associated data: label, zero byte, binding fields, each of fixed length except the last. The nonce is random: 192 bits never repeat.
 * (draft-irtf-cfrg-xchacha section 2; libsodium's `crypto_aead_xchacha20poly1305_ietf`.)
 * Where size would tell, the plaintext is padded inside: 0x80 and zeros (ISO/IEC 7816-4) up to a step.
 */
import { be64, concat, type Bytes } from '../bytes.ts';
import { CryptoError } from '../errors.ts';
import { randomBytes } from '../random.ts';
import { xchacha20poly1305Open, xchacha20poly1305Seal } from '../sodium.ts';
import { labelled, type Label } from './labels.ts';

const VERSION = 1;
const NONCE_BYTES = 24;
const TAG_BYTES = 16;

/** What sealing adds: version, nonce, tag. */
export const SEAL_OVERHEAD_BYTES = 1 + NONCE_BYTES + TAG_BYTES;

/** What a sealed document belongs to. Opening with other values fails. */
export interface Binding {
  /** Account id, 16 bytes. */
  readonly account: Uint8Array;
  /** Version of the document, 0 to 2^53 - 1. */
  readonly version: number;
}

/** Account id, then the version as 8 bytes, big-endian. Throws `misuse`. */
export function bindingFields(binding: Binding): Bytes {
  if (binding.account.length !== 16) throw new CryptoError('misuse', 'an account id has 16 bytes');
  if (!Number.isSafeInteger(binding.version) || binding.version < 0) {
    throw new CryptoError('misuse', 'a version is a whole number from 0');
  }
  return concat(binding.account, be64(binding.version));
}

/** Seals under a 32-byte key, a label and its binding fields. */
export function seal(key: Uint8Array, label: Label, fields: Uint8Array, plaintext: Uint8Array): Bytes {
  const nonce = randomBytes(NONCE_BYTES);
  return concat(
    Uint8Array.of(VERSION),
    nonce,
    xchacha20poly1305Seal(key, nonce, plaintext, labelled(label, fields)),
  );
}

/**
 * Opens what `seal` made. `plaintextBytes` is the exact length where the format fixes one: a sealed form of another length is refused
 * before the key is touched. Throws `bad-version`, `malformed` (shape) or `bad-seal` (key, label, binding or bytes differ).
 */
export function open(
  key: Uint8Array,
  label: Label,
  fields: Uint8Array,
  sealed: Uint8Array,
  plaintextBytes?: number,
): Bytes {
  const length = sealed.length - SEAL_OVERHEAD_BYTES;
  if (length < 0 || (plaintextBytes !== undefined && length !== plaintextBytes)) {
    throw new CryptoError('malformed', 'a sealed form of the wrong length');
  }
  if (sealed[0] !== VERSION) throw new CryptoError('bad-version', 'unknown version of a sealed form');
  const nonce = sealed.subarray(1, 1 + NONCE_BYTES);
  const plaintext = xchacha20poly1305Open(
    key,
    nonce,
    sealed.subarray(1 + NONCE_BYTES),
    labelled(label, fields),
  );
  if (plaintext === undefined) throw new CryptoError('bad-seal', 'the seal does not open');
  return plaintext;
}

/** Powers of two from `least` up to this, multiples of it beyond: what a size may tell grows no finer than 64 KiB. */
const COARSE_STEP_BYTES = 64 * 1024;

/** The padded size of `size` bytes, mark included. */
export function paddedSize(size: number, least: number): number {
  let step = least;
  while (step < size + 1 && step < COARSE_STEP_BYTES) step *= 2;
  return step > size ? step : Math.ceil((size + 1) / COARSE_STEP_BYTES) * COARSE_STEP_BYTES;
}

/** Pads to the next step from `least` bytes (a power of two up to 64 KiB). */
export function pad(plaintext: Uint8Array, least: number): Bytes {
  const padded = new Uint8Array(paddedSize(plaintext.length, least));
  padded.set(plaintext);
  padded[plaintext.length] = 0x80;
  return padded;
}

/** Takes padding off. Throws `malformed` unless it is exactly what `pad` makes. */
export function unpad(padded: Uint8Array, least: number): Bytes {
  let end = padded.length - 1;
  while (end >= 0 && padded[end] === 0) end--;
  if (end < 0 || padded[end] !== 0x80 || paddedSize(end, least) !== padded.length) {
    throw new CryptoError('malformed', 'bad padding');
  }
  return padded.slice(0, end);
}
