/**
 * libsignal's stored prekeys: 1 id, 2 public key, 3 private key, and for signed ones 4 signature, 5 timestamp
 * (fixed64, milliseconds). Kyber prekeys have the same fields with Kyber keys in them.
 */
import { parseFields, Writer } from './codec.ts';
import { isU32 } from '../bytes.ts';
import type { Bytes } from '../bytes.ts';
import { CryptoError } from '../errors.ts';

export interface PreKeyFields {
  readonly id: number;
  readonly publicKey: Uint8Array;
  readonly privateKey: Uint8Array;
}

export interface SignedPreKeyFields extends PreKeyFields {
  /** 64 bytes. */
  readonly signature: Uint8Array;
  /** Milliseconds since 1970. */
  readonly timestamp: number;
}

const plainLayout = { 1: 'u32', 2: 'bytes', 3: 'bytes' } as const;
const signedLayout = { ...plainLayout, 4: 'bytes', 5: 'fixed64' } as const;

function requireId(id: number): void {
  if (!isU32(id)) throw new CryptoError('misuse', 'a prekey id is an unsigned 32-bit integer');
}

/** Throws `misuse` when the id does not fit into 32 bits: nobody could read it back. */
export function encodePreKey(record: PreKeyFields): Bytes {
  requireId(record.id);
  return new Writer(96).integer(1, record.id).bytes(2, record.publicKey).bytes(3, record.privateKey).finish();
}

export function decodePreKey(input: Uint8Array): PreKeyFields {
  const fields = parseFields(input, plainLayout);
  return { id: fields.integer(1), publicKey: fields.bytes(2), privateKey: fields.bytes(3) };
}

/** Throws `misuse` when the id does not fit into 32 bits, or the time is none. */
export function encodeSignedPreKey(record: SignedPreKeyFields): Bytes {
  requireId(record.id);
  return new Writer(128 + record.publicKey.length + record.privateKey.length)
    .integer(1, record.id)
    .bytes(2, record.publicKey)
    .bytes(3, record.privateKey)
    .bytes(4, record.signature)
    .fixed64(5, record.timestamp)
    .finish();
}

export function decodeSignedPreKey(input: Uint8Array): SignedPreKeyFields {
  const fields = parseFields(input, signedLayout);
  return {
    id: fields.integer(1),
    publicKey: fields.bytes(2),
    privateKey: fields.bytes(3),
    signature: fields.bytes(4, 64),
    timestamp: fields.integer(5),
  };
}
