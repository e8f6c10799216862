/**
 * The only file that imports `@noble/*`: the symmetric ciphers that libsodium lacks.
 *
 * Both are synchronous table-free JavaScript; message bodies are short, bulk data goes through WebCrypto elsewhere.
 */
import { cbc, ctr } from '@noble/ciphers/aes.js';
import { CryptoError } from './errors.ts';
import type { Bytes } from './bytes.ts';

/** AES-256-CBC with PKCS#7 padding. Key 32 bytes, IV 16 bytes. */
export function aesCbcEncrypt(key: Uint8Array, iv: Uint8Array, plaintext: Uint8Array): Bytes {
  return cbc(key, iv).encrypt(plaintext);
}

/**
 * Reverse of `aesCbcEncrypt`. Call it only after the MAC over the ciphertext was found right.
 * Throws `undecryptable` on a wrong length or wrong padding.
 */
export function aesCbcDecrypt(key: Uint8Array, iv: Uint8Array, ciphertext: Uint8Array): Bytes {
  try {
    return cbc(key, iv).decrypt(ciphertext);
  } catch (cause) {
    throw new CryptoError('undecryptable', 'bad padding', { cause });
  }
}

/** AES-256-CTR, big-endian counter over the whole block; encrypts and decrypts. Key 32 bytes, counter block 16. */
export function aesCtr(key: Uint8Array, counterBlock: Uint8Array, input: Uint8Array): Bytes {
  return ctr(key, counterBlock).encrypt(input);
}
