/** libsignal's serialised identity key pair: 1 public key (33 bytes), 2 private key (32 bytes). */
import { parseFields, Writer } from './codec.ts';
import type { Bytes } from '../bytes.ts';

export function encodeIdentityKeyPair(publicKey: Uint8Array, privateKey: Uint8Array): Bytes {
  return new Writer(72).bytes(1, publicKey).bytes(2, privateKey).finish();
}

export function decodeIdentityKeyPair(input: Uint8Array): {
  readonly publicKey: Uint8Array;
  readonly privateKey: Uint8Array;
} {
  const fields = parseFields(input, { 1: 'bytes', 2: 'bytes' });
  return { publicKey: fields.bytes(1, 33), privateKey: fields.bytes(2, 32) };
}
