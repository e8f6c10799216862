/**
 * Signatures over labelled bytes. Account keys and device identity keys sign by XEdDSA as libsignal does; login keys and session keys
 * are plain Ed25519 (RFC 8032), so that a server can check them with what its runtime brings. Bytes that do not begin with the label
 * named by the caller are never signed and never verify: a signature made for one purpose is worth nothing for another.
 */
import { wipe, type Bytes } from '../bytes.ts';
import { CryptoError } from '../errors.ts';
import type { PrivateKey, PublicKey } from '../ec.ts';
import { randomBytes } from '../random.ts';
import { ed25519KeyPair, ed25519Sign, ed25519Verify } from '../sodium.ts';
import { hasLabel, type Label } from './labels.ts';

/** An Ed25519 key pair: login key or session key. */
export interface SigningKeyPair {
  /** Raw public key, 32 bytes (RFC 8032 section 5.1.5). */
  readonly publicKey: Bytes;
  /** Secret seed, 32 bytes. */
  readonly seed: Bytes;
}

/** Bytes of a signature of either kind. */
export const SIGNATURE_BYTES = 64;

/** The key pair of a 32-byte seed. Throws `misuse` on another length. */
export function signingKeyPair(seed: Uint8Array): SigningKeyPair {
  if (seed.length !== 32) throw new CryptoError('misuse', 'a seed has 32 bytes');
  const { publicKey, secretKey } = ed25519KeyPair(seed);
  wipe(secretKey);
  return { publicKey, seed: Uint8Array.from(seed) };
}

/** A fresh random Ed25519 key pair. */
export function generateSigningKeyPair(): SigningKeyPair {
  const seed = randomBytes(32);
  const pair = signingKeyPair(seed);
  wipe(seed);
  return pair;
}

function requireLabel(label: Label, bytes: Uint8Array): void {
  if (!hasLabel(label, bytes)) throw new CryptoError('misuse', 'the bytes to sign lack their label');
}

/** XEdDSA signature (64 bytes) of an account or identity key over bytes that begin with `label` and a zero byte. */
export function signLabelled(key: PrivateKey, label: Label, bytes: Uint8Array): Bytes {
  requireLabel(label, bytes);
  return key.sign(bytes);
}

/** Whether an account or identity key signed these bytes for this purpose. False for anything malformed. */
export function verifyLabelled(
  key: PublicKey,
  label: Label,
  bytes: Uint8Array,
  signature: Uint8Array,
): boolean {
  return hasLabel(label, bytes) && signature.length === SIGNATURE_BYTES && key.verify(bytes, signature);
}

/** Ed25519 signature (64 bytes) of a login or session key over bytes that begin with `label` and a zero byte. */
export function signWithKeyPair(pair: SigningKeyPair, label: Label, bytes: Uint8Array): Bytes {
  requireLabel(label, bytes);
  const { secretKey } = ed25519KeyPair(pair.seed);
  const signature = ed25519Sign(secretKey, bytes);
  wipe(secretKey);
  return signature;
}

/** Whether the holder of a raw 32-byte Ed25519 public key signed these bytes for this purpose. False for anything malformed. */
export function verifyWithPublicKey(
  publicKey: Uint8Array,
  label: Label,
  bytes: Uint8Array,
  signature: Uint8Array,
): boolean {
  if (publicKey.length !== 32 || signature.length !== SIGNATURE_BYTES || !hasLabel(label, bytes))
    return false;
  return ed25519Verify(publicKey, bytes, signature);
}
