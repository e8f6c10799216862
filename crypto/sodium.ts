/**
 * The only file that imports libsodium: its primitives as typed functions of exact lengths.
 *
 * It calls the WebAssembly exports directly, through one scratch block of the module's memory that is cleared after
 * each call: the ratchet makes dozens of short calls per message, and the usual wrapper costs more than the hash.
 * Everything is synchronous, so the one block suffices. libsodium's random generator is not used.
 */
// The package has no types of its own, and other rooms that import this file must see these.
// oxlint-disable-next-line typescript/triple-slash-reference
/// <reference path="./libsodium-sumo.d.ts" />
import loadRawSodium from 'libsodium-sumo';
import type { Pointer, RawSodium } from 'libsodium-sumo';
import type { Bytes } from './bytes.ts';
import { CryptoError } from './errors.ts';

/** Layout of the scratch block: hash state or fixed-size operands, then the result, then input of any length. */
const STATE_BYTES = 512;
const RESULT_BYTES = 16_384;
const INPUT_BYTES = 49_152;

/** Bytes of an HMAC-SHA-256 state, `crypto_auth_hmacsha256_statebytes`; two fit into the state area. */
const HMAC_STATE_BYTES = 208;

let raw: RawSodium | undefined;
let statePtr: Pointer = 0;
let resultPtr: Pointer = 0;
let inputPtr: Pointer = 0;

/** Compiles the module and takes its scratch block. Called by `ready`; repeated calls do nothing. */
export async function loadSodium(): Promise<void> {
  if (raw !== undefined) return;
  const module = await loadRawSodium({
    getRandomValue: () => crypto.getRandomValues(new Uint32Array(1))[0] ?? 0,
  });
  if (raw !== undefined) return;
  if (module._crypto_auth_hmacsha256_statebytes() !== HMAC_STATE_BYTES) {
    throw new CryptoError('not-ready', 'libsodium has another HMAC state than expected');
  }
  if (module._sodium_init() < 0) throw new CryptoError('not-ready', 'libsodium does not start');
  statePtr = module._malloc(STATE_BYTES + RESULT_BYTES + INPUT_BYTES);
  resultPtr = statePtr + STATE_BYTES;
  inputPtr = resultPtr + RESULT_BYTES;
  raw = module;
}

function sodium(): RawSodium {
  if (raw === undefined) throw new CryptoError('not-ready', 'await ready() first');
  return raw;
}

function requireLength(bytes: Uint8Array, length: number, what: string): void {
  if (bytes.length !== length) throw new CryptoError('misuse', `${what} must have ${length} bytes`);
}

/** Copies the result out and clears result and state. */
function takeResult(lib: RawSodium, length: number): Bytes {
  const result = lib.HEAPU8.slice(resultPtr, resultPtr + length);
  lib.HEAPU8.fill(0, statePtr, resultPtr + length);
  return result;
}

/**
 * Puts the parts one after the other where the library can read them, runs `use`, and clears them.
 * Short input uses the scratch block, long input memory of its own.
 */
function withInput<T>(
  lib: RawSodium,
  parts: readonly Uint8Array[],
  use: (at: Pointer, length: number) => T,
): T {
  let length = 0;
  for (const part of parts) length += part.length;
  const own = length > INPUT_BYTES;
  const at = own ? lib._malloc(length) : inputPtr;
  if (at === 0) throw new CryptoError('misuse', 'input does not fit into memory');
  let offset = at;
  for (const part of parts) {
    lib.HEAPU8.set(part, offset);
    offset += part.length;
  }
  try {
    return use(at, length);
  } finally {
    lib.HEAPU8.fill(0, at, at + length);
    if (own) lib._free(at);
  }
}

/**
 * X25519 (RFC 7748): scalar 32 bytes (clamped by the function) and u-coordinate 32 bytes give 32 bytes.
 * Throws `bad-key` on the all-zero result of a low-order point.
 */
export function x25519(secretKey: Uint8Array, publicKey: Uint8Array): Bytes {
  requireLength(secretKey, 32, 'secret key');
  requireLength(publicKey, 32, 'public key');
  const lib = sodium();
  lib.HEAPU8.set(secretKey, statePtr);
  lib.HEAPU8.set(publicKey, statePtr + 32);
  const status = lib._crypto_scalarmult(resultPtr, statePtr, statePtr + 32);
  const shared = takeResult(lib, 32);
  if (status !== 0) throw new CryptoError('bad-key', 'key agreement gives zero');
  return shared;
}

/** Public u-coordinate (32 bytes) of an X25519 scalar (32 bytes, clamped by the function). */
export function x25519Base(secretKey: Uint8Array): Bytes {
  requireLength(secretKey, 32, 'secret key');
  const lib = sodium();
  lib.HEAPU8.set(secretKey, statePtr);
  lib._crypto_scalarmult_base(resultPtr, statePtr);
  return takeResult(lib, 32);
}

/** Ed25519 key pair (RFC 8032) of a 32-byte seed: public key 32 bytes, secret key 64 bytes (seed and public key). */
export function ed25519KeyPair(seed: Uint8Array): { readonly publicKey: Bytes; readonly secretKey: Bytes } {
  requireLength(seed, 32, 'seed');
  const lib = sodium();
  lib.HEAPU8.set(seed, statePtr);
  lib._crypto_sign_ed25519_seed_keypair(resultPtr, resultPtr + 32, statePtr);
  const pair = takeResult(lib, 96);
  const publicKey = pair.slice(0, 32);
  const secretKey = pair.slice(32);
  pair.fill(0);
  return { publicKey, secretKey };
}

/** Ed25519 signature, 64 bytes. The secret key has the 64-byte form of `ed25519KeyPair`. */
export function ed25519Sign(secretKey: Uint8Array, message: Uint8Array): Bytes {
  requireLength(secretKey, 64, 'secret key');
  const lib = sodium();
  return withInput(lib, [message], (at, length) => {
    lib.HEAPU8.set(secretKey, statePtr);
    lib._crypto_sign_ed25519_detached(resultPtr, 0, at, length, 0, statePtr);
    return takeResult(lib, 64);
  });
}

/**
 * Whether a 64-byte Ed25519 signature holds for a 32-byte public key. False, never an exception, for non-canonical
 * or low-order keys and for s not below the group order.
 */
export function ed25519Verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  if (publicKey.length !== 32 || signature.length !== 64) return false;
  const lib = sodium();
  return withInput(lib, [message], (at, length) => {
    lib.HEAPU8.set(signature, statePtr);
    lib.HEAPU8.set(publicKey, statePtr + 64);
    return lib._crypto_sign_ed25519_verify_detached(statePtr, at, length, 0, statePtr + 64) === 0;
  });
}

/** Whether 32 bytes are the canonical form of an Ed25519 point in the prime-order subgroup, identity excluded. */
export function isPrimeOrderPoint(point: Uint8Array): boolean {
  if (point.length !== 32) return false;
  const lib = sodium();
  lib.HEAPU8.set(point, statePtr);
  return lib._crypto_core_ed25519_is_valid_point(statePtr) === 1;
}

/** 64 little-endian bytes modulo the Ed25519 group order, 32 bytes. */
export function scalarReduce(wide: Uint8Array): Bytes {
  requireLength(wide, 64, 'wide scalar');
  const lib = sodium();
  lib.HEAPU8.set(wide, statePtr);
  lib._crypto_core_ed25519_scalar_reduce(resultPtr, statePtr);
  return takeResult(lib, 32);
}

/** `left * right + addend` modulo the Ed25519 group order; all 32 bytes, little-endian. */
export function scalarMultiplyAdd(left: Uint8Array, right: Uint8Array, addend: Uint8Array): Bytes {
  requireLength(left, 32, 'scalar');
  requireLength(right, 32, 'scalar');
  requireLength(addend, 32, 'scalar');
  const lib = sodium();
  lib.HEAPU8.set(left, statePtr);
  lib.HEAPU8.set(right, statePtr + 32);
  lib.HEAPU8.set(addend, statePtr + 64);
  lib._crypto_core_ed25519_scalar_mul(statePtr + 96, statePtr, statePtr + 32);
  lib._crypto_core_ed25519_scalar_add(resultPtr, statePtr + 96, statePtr + 64);
  return takeResult(lib, 32);
}

/** Compressed Ed25519 point (32 bytes) of the base point times a reduced, non-zero scalar (32 bytes). */
export function scalarMultiplyBase(scalar: Uint8Array): Bytes {
  requireLength(scalar, 32, 'scalar');
  const lib = sodium();
  lib.HEAPU8.set(scalar, statePtr);
  const status = lib._crypto_scalarmult_ed25519_base_noclamp(resultPtr, statePtr);
  const point = takeResult(lib, 32);
  if (status !== 0) throw new CryptoError('bad-key', 'scalar is zero');
  return point;
}

/** SHA-256 over the parts one after the other, 32 bytes. */
export function sha256(...parts: readonly Uint8Array[]): Bytes {
  const lib = sodium();
  return withInput(lib, parts, (at, length) => {
    lib._crypto_hash_sha256(resultPtr, at, length, 0);
    return takeResult(lib, 32);
  });
}

/** SHA-512 over the parts one after the other, 64 bytes. */
export function sha512(...parts: readonly Uint8Array[]): Bytes {
  const lib = sodium();
  return withInput(lib, parts, (at, length) => {
    lib._crypto_hash_sha512(resultPtr, at, length, 0);
    return takeResult(lib, 64);
  });
}

/**
 * Iterated SHA-512: `rounds` times `hash = SHA-512(hash || suffix)`, starting from 64 bytes. The loop stays inside the
 * module's memory (thousands of rounds for a safety number).
 */
export function sha512Chain(start: Uint8Array, suffix: Uint8Array, rounds: number): Bytes {
  requireLength(start, 64, 'hash');
  const lib = sodium();
  return withInput(lib, [start, suffix], (at, length) => {
    for (let round = 0; round < rounds; round += 1) lib._crypto_hash_sha512(at, at, length, 0);
    return lib.HEAPU8.slice(at, at + 64);
  });
}

/** SHA3-256 (FIPS 202) over the parts one after the other, 32 bytes. */
export function sha3x256(...parts: readonly Uint8Array[]): Bytes {
  const lib = sodium();
  return withInput(lib, parts, (at, length) => {
    lib._crypto_hash_sha3256(resultPtr, at, length, 0);
    return takeResult(lib, 32);
  });
}

/** SHA3-512 (FIPS 202) over the parts one after the other, 64 bytes. */
export function sha3x512(...parts: readonly Uint8Array[]): Bytes {
  const lib = sodium();
  return withInput(lib, parts, (at, length) => {
    lib._crypto_hash_sha3512(resultPtr, at, length, 0);
    return takeResult(lib, 64);
  });
}

/** First `length` bytes (at most 16 KiB) of SHAKE128 over the parts one after the other. */
export function shake128(length: number, ...parts: readonly Uint8Array[]): Bytes {
  if (length > RESULT_BYTES) throw new CryptoError('misuse', 'too much output asked for');
  const lib = sodium();
  return withInput(lib, parts, (at, inputLength) => {
    lib._crypto_xof_shake128_init(statePtr);
    lib._crypto_xof_shake128_update(statePtr, at, inputLength, 0);
    lib._crypto_xof_shake128_squeeze(statePtr, resultPtr, length);
    return takeResult(lib, length);
  });
}

/** First `length` bytes (at most 16 KiB) of SHAKE256 over the parts one after the other. */
export function shake256(length: number, ...parts: readonly Uint8Array[]): Bytes {
  if (length > RESULT_BYTES) throw new CryptoError('misuse', 'too much output asked for');
  const lib = sodium();
  return withInput(lib, parts, (at, inputLength) => {
    lib._crypto_xof_shake256_init(statePtr);
    lib._crypto_xof_shake256_update(statePtr, at, inputLength, 0);
    lib._crypto_xof_shake256_squeeze(statePtr, resultPtr, length);
    return takeResult(lib, length);
  });
}

/** HMAC-SHA-256 (RFC 2104) with a key of any length over the parts one after the other, 32 bytes. */
export function hmacSha256(key: Uint8Array, ...parts: readonly Uint8Array[]): Bytes {
  const lib = sodium();
  return withInput(lib, [key, ...parts], (at, length) => {
    lib._crypto_auth_hmacsha256_init(statePtr, at, key.length);
    lib._crypto_auth_hmacsha256_update(statePtr, at + key.length, length - key.length, 0);
    lib._crypto_auth_hmacsha256_final(statePtr, resultPtr);
    return takeResult(lib, 32);
  });
}

/** Two HMAC-SHA-256 under one key of any length, over a short input each: the key is set up once. 32 bytes each. */
export function hmacSha256Pair(
  key: Uint8Array,
  first: Uint8Array,
  second: Uint8Array,
): readonly [Bytes, Bytes] {
  const lib = sodium();
  return withInput(lib, [key, first, second], (at) => {
    const firstAt = at + key.length;
    const freshAt = statePtr + HMAC_STATE_BYTES;
    lib._crypto_auth_hmacsha256_init(freshAt, at, key.length);
    lib.HEAPU8.copyWithin(statePtr, freshAt, freshAt + HMAC_STATE_BYTES);
    lib._crypto_auth_hmacsha256_update(statePtr, firstAt, first.length, 0);
    lib._crypto_auth_hmacsha256_final(statePtr, resultPtr);
    lib._crypto_auth_hmacsha256_update(freshAt, firstAt + first.length, second.length, 0);
    lib._crypto_auth_hmacsha256_final(freshAt, resultPtr + 32);
    const [one, two] = [
      lib.HEAPU8.slice(resultPtr, resultPtr + 32),
      lib.HEAPU8.slice(resultPtr + 32, resultPtr + 64),
    ];
    lib.HEAPU8.fill(0, statePtr, resultPtr + 64);
    return [one, two];
  });
}

/** HKDF-SHA-256 (RFC 5869), extract and expand in one; `length` up to 8160 bytes. An empty salt is 32 zero bytes. */
export function hkdfSha256(salt: Uint8Array, input: Uint8Array, info: Uint8Array, length: number): Bytes {
  if (length > 8160) throw new CryptoError('misuse', 'too much output asked for');
  const lib = sodium();
  return withInput(lib, [salt, input, info], (at) => {
    const inputAt = at + salt.length;
    lib._crypto_kdf_hkdf_sha256_extract(statePtr, at, salt.length, inputAt, input.length);
    lib._crypto_kdf_hkdf_sha256_expand(resultPtr, length, inputAt + input.length, info.length, statePtr);
    return takeResult(lib, length);
  });
}

/** `crypto_pwhash_ALG_ARGON2ID13`. */
const ARGON2ID13 = 2;

/** Argon2id (RFC 9106, version 1.3, one lane) over a password; salt 16 bytes, `memoryBytes` a multiple of 1024. */
export function argon2id(
  password: Uint8Array,
  salt: Uint8Array,
  passes: number,
  memoryBytes: number,
  length: number,
): Bytes {
  requireLength(salt, 16, 'salt');
  if (length > RESULT_BYTES) throw new CryptoError('misuse', 'too much output asked for');
  const lib = sodium();
  return withInput(lib, [password, salt], (at) => {
    const status = lib._crypto_pwhash(
      resultPtr,
      length,
      0,
      at,
      password.length,
      0,
      at + password.length,
      passes,
      0,
      memoryBytes,
      ARGON2ID13,
    );
    const key = takeResult(lib, length);
    if (status !== 0) throw new CryptoError('misuse', 'Argon2id refuses its parameters or lacks memory');
    return key;
  });
}

/** XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha): ciphertext and 16-byte tag. Key 32 bytes, nonce 24 bytes. */
export function xchacha20poly1305Seal(
  key: Uint8Array,
  nonce: Uint8Array,
  plaintext: Uint8Array,
  associatedData: Uint8Array,
): Bytes {
  requireLength(key, 32, 'key');
  requireLength(nonce, 24, 'nonce');
  const lib = sodium();
  const room = new Uint8Array(16);
  return withInput(lib, [key, nonce, associatedData, plaintext, room], (at) => {
    const dataAt = at + 56;
    const textAt = dataAt + associatedData.length;
    lib._crypto_aead_xchacha20poly1305_ietf_encrypt(
      textAt,
      0,
      textAt,
      plaintext.length,
      0,
      dataAt,
      associatedData.length,
      0,
      0,
      at + 32,
      at,
    );
    return lib.HEAPU8.slice(textAt, textAt + plaintext.length + 16);
  });
}

/** Reverse of `xchacha20poly1305Seal`; `undefined` when the tag does not fit. */
export function xchacha20poly1305Open(
  key: Uint8Array,
  nonce: Uint8Array,
  sealed: Uint8Array,
  associatedData: Uint8Array,
): Bytes | undefined {
  requireLength(key, 32, 'key');
  requireLength(nonce, 24, 'nonce');
  if (sealed.length < 16) return undefined;
  const lib = sodium();
  return withInput(lib, [key, nonce, associatedData, sealed], (at) => {
    const dataAt = at + 56;
    const textAt = dataAt + associatedData.length;
    const status = lib._crypto_aead_xchacha20poly1305_ietf_decrypt(
      textAt,
      0,
      0,
      textAt,
      sealed.length,
      0,
      dataAt,
      associatedData.length,
      0,
      at + 32,
      at,
    );
    return status === 0 ? lib.HEAPU8.slice(textAt, textAt + sealed.length - 16) : undefined;
  });
}
