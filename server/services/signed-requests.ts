/**
 * Signed requests: the bytes as they were signed, for this origin, over an open challenge, by the key that the account or session holds.
 * Ed25519 (RFC 8032) by Node's own crypto. What the account key or an identity key signs passes through unchecked: the server cannot
 * check it and must not be believed about it.
 */
import { createHash, createPublicKey, verify, type KeyObject } from 'node:crypto';
import type { Static, TSchema } from 'typebox';
import { isWireError, WireError } from '@tacet/protocol/errors';
import type { SignedShape } from '@tacet/protocol/signed/signed';
import type { Origins } from '../config/origins.ts';
import type { SignedBytes } from '../store/account-ports.ts';
import type { Challenges } from './challenges.ts';

/** SubjectPublicKeyInfo of an Ed25519 key (RFC 8410 section 4) before its 32 raw bytes. */
const ED25519_SPKI = Buffer.from('302a300506032b6570032100', 'hex');

/** What every signed request holds. */
interface Fresh {
  readonly origin: string;
  readonly challenge: Uint8Array;
}

/** SHA-256, 32 bytes. */
export function sha256(bytes: Uint8Array): Uint8Array {
  return createHash('sha256').update(bytes).digest();
}

/** Whether the holder of a raw 32-byte Ed25519 key signed these bytes. */
export function verifyEd25519(publicKey: Uint8Array, { bytes, signature }: SignedBytes): boolean {
  let key: KeyObject;
  try {
    key = createPublicKey({ key: Buffer.concat([ED25519_SPKI, publicKey]), format: 'der', type: 'spki' });
  } catch {
    return false;
  }
  return verify(undefined, bytes, key, signature);
}

/** Reads signed bytes that came by HTTP. Throws `WireError` `malformed-request`. */
export function readSigned<Schema extends TSchema>(
  shape: SignedShape<Schema>,
  bytes: Uint8Array,
): Static<Schema> {
  try {
    return shape.parse(bytes);
  } catch (cause) {
    if (isWireError(cause)) throw new WireError('malformed-request', 'signed bytes do not parse', { cause });
    throw cause;
  }
}

/** Checks signed requests. */
export class SignedRequests {
  readonly #origins: Origins;
  readonly #challenges: Challenges;

  constructor(origins: Origins, challenges: Challenges) {
    this.#origins = origins;
    this.#challenges = challenges;
  }

  /** Whether the request is meant for this server. */
  isForUs(request: Fresh): boolean {
    return this.#origins.allows(request.origin);
  }

  /** Throws `WireError` `challenge-expired` unless the request's challenge is open. */
  requireOpen(request: Fresh): void {
    if (!this.#challenges.isOpen(request.challenge)) {
      throw new WireError('challenge-expired', 'the challenge is spent, too old or not ours');
    }
  }

  /** Takes the challenge of a request whose signature was good. */
  spend(request: Fresh): void {
    this.#challenges.spend(request.challenge);
  }

  /** All of it: challenge, origin, signature. Throws `WireError` `challenge-expired` or `signature-invalid`. */
  accept(request: Fresh, signed: SignedBytes, publicKey: Uint8Array): void {
    this.requireOpen(request);
    if (!this.isForUs(request) || !verifyEd25519(publicKey, signed)) {
      throw new WireError('signature-invalid', 'not signed by the key in force for this server');
    }
    this.spend(request);
  }
}
