/**
 * The authenticator of the post-quantum ratchet (ML-KEM Braid specification, section 4): a chain that takes up the
 * handshake and every epoch secret, and whose current key authenticates the KEM exchange of the next epoch.
 */
import { be64, concat, equalBytes, wipe } from '../bytes.ts';
import type { Bytes } from '../bytes.ts';
import { CryptoError } from '../errors.ts';
import { hkdf, hmac, labels } from '../kdf.ts';

/** Root key 32 || MAC key 32. Never changed in place. */
export type Authenticator = Uint8Array;

export const AUTHENTICATOR_BYTES = 64;
/** Bytes of the MAC over a header or a ciphertext. */
export const KEM_MAC_BYTES = 32;

/** The authenticator of epoch 1, from the 32-byte key that the handshake gives. */
export function startAuthenticator(authKey: Uint8Array): Authenticator {
  return updateAuthenticator(new Uint8Array(AUTHENTICATOR_BYTES), 1, authKey);
}

/** Takes up the 32-byte secret of an epoch. */
export function updateAuthenticator(
  authenticator: Authenticator,
  epoch: number,
  secret: Uint8Array,
): Authenticator {
  const input = concat(authenticator.subarray(0, 32), secret);
  const next = hkdf(undefined, input, concat(labels.spqrAuthenticator, be64(epoch)), AUTHENTICATOR_BYTES);
  wipe(input);
  return next;
}

/** The 32-byte secret of an epoch from the shared secret of its KEM exchange. */
export function deriveEpochSecret(epoch: number, sharedSecret: Uint8Array): Bytes {
  return hkdf(undefined, sharedSecret, concat(labels.spqrEpochSecret, be64(epoch)), 32);
}

/** MAC over a 64-byte header, by the authenticator before this epoch's update. */
export function headerMac(authenticator: Authenticator, epoch: number, header: Uint8Array): Bytes {
  return hmac(authenticator.subarray(32), labels.spqrHeader, be64(epoch), header);
}

/** MAC over both parts of a ciphertext, by the authenticator after this epoch's update. */
export function ciphertextMac(
  authenticator: Authenticator,
  epoch: number,
  ct1: Uint8Array,
  ct2: Uint8Array,
): Bytes {
  return hmac(authenticator.subarray(32), labels.spqrCiphertext, be64(epoch), ct1, ct2);
}

/** Throws `undecryptable` when the MACs differ. */
export function requireMac(expected: Uint8Array, received: Uint8Array): void {
  if (!equalBytes(expected, received))
    throw new CryptoError('undecryptable', 'post-quantum exchange is forged');
}
