/**
 * Key derivation: HKDF and HMAC over SHA-256, and the domain labels of the Signal protocol, fixed by its specifications.
 * Tacet's own labels, `Tacet/.../v1`, have their table in `vault/labels.ts`.
 */
import { utf8 } from './bytes.ts';
import type { Bytes } from './bytes.ts';
import { hkdfSha256, hmacSha256 } from './sodium.ts';

const ZERO_SALT = new Uint8Array(32);

/** HKDF-SHA-256 (RFC 5869). `undefined` salt stands for 32 zero bytes. `length` in bytes. */
export function hkdf(
  salt: Uint8Array | undefined,
  input: Uint8Array,
  info: Uint8Array,
  length: number,
): Bytes {
  return hkdfSha256(salt ?? ZERO_SALT, input, info, length);
}

/** HMAC-SHA-256 over the parts one after the other, 32 bytes. */
export function hmac(key: Uint8Array, ...parts: readonly Uint8Array[]): Bytes {
  return hmacSha256(key, ...parts);
}

/** A byte string cut into one piece per given length, each a copy. The source is wiped. */
export function splitSecret<const L extends readonly number[]>(
  secret: Bytes,
  ...lengths: L
): { [K in keyof L]: Bytes } {
  let offset = 0;
  const pieces = lengths.map((length) => {
    const piece = secret.slice(offset, offset + length);
    offset += length;
    return piece;
  });
  secret.fill(0);
  return pieces as { [K in keyof L]: Bytes };
}

/** Domain labels. The text is the specification's; two keys never share a label. */
export const labels = {
  /** PQXDH handshake secret (pqxdh, section 2.2). */
  pqxdh: utf8('WhisperText_X25519_SHA-256_CRYSTALS-KYBER-1024'),
  /** Root step of the Double Ratchet. */
  rootStep: utf8('WhisperRatchet'),
  /** Message keys of the Triple Ratchet. */
  messageKeys: utf8('WhisperMessageKeys'),
  /** Salt of the outer box of a sealed message, version 1. */
  unidentifiedDelivery: utf8('UnidentifiedDelivery'),
  /** Post-quantum authenticator: taking up a secret (ML-KEM Braid, section 4); the epoch follows. */
  spqrAuthenticator: utf8('Signal_PQCKA_V1_MLKEM768:Authenticator Update'),
  /** MAC over the header of an offered KEM key; epoch and header follow. */
  spqrHeader: utf8('Signal_PQCKA_V1_MLKEM768:ekheader'),
  /** MAC over a KEM ciphertext; epoch and ciphertext follow. */
  spqrCiphertext: utf8('Signal_PQCKA_V1_MLKEM768:ciphertext'),
  /** Secret of a post-quantum epoch; the epoch follows. */
  spqrEpochSecret: utf8('Signal_PQCKA_V1_MLKEM768:SCKA Key'),
  /** First post-quantum chains of a session. The two spaces are the specification's. */
  spqrChainStart: utf8('Signal PQ Ratchet V1 Chain  Start'),
  /** Post-quantum chains of a further epoch. */
  spqrChainEpoch: utf8('Signal PQ Ratchet V1 Chain Add Epoch'),
  /** Step of a post-quantum chain; the counter precedes. */
  spqrChainNext: utf8('Signal PQ Ratchet V1 Chain Next'),
} as const;
