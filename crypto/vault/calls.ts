/**
 * What follows from the secret of a call, which travels in the ring or in a link's fragment and never to the server:
 *
 *   room     HKDF "Tacet/call-room/v1" 00 | call 16, its first 16 bytes        where the call meets on the server
 *   key      HKDF "Tacet/call-join-key/v1" 00 | call 16                        shown to the server to be let in; it keeps a hash
 *   join     sealed form under HKDF "Tacet/call-join-seal/v1" 00 | call 16     what a participant says of himself to the others
 *   label    sealed form under HKDF "Tacet/call-label-seal/v1" 00 | call 16    what a stream is for
 *
 * Two people may compare a code aloud: a MAC over both joins and a nonce of each. The caller's ring carries the hash of his nonce; he tells
 * it when the other side's has come. So nobody in between can look for a join that gives both the same code.
 */
import { concat, type Bytes } from '../bytes.ts';
import type { PrivateKey, PublicKey } from '../ec.ts';
import { CryptoError } from '../errors.ts';
import { hkdf } from '../kdf.ts';
import { hmacSha256, sha256 } from '../sodium.ts';
import type { CallSecret } from './keys.ts';
import { labelledHash } from './labelled-hash.ts';
import { LABELS, labelled, type Label } from './labels.ts';
import { open, pad, seal, unpad } from './sealed.ts';
import { shortNumber } from './short-number.ts';
import { signLabelled, verifyLabelled } from './signing.ts';

const CALL_ID_BYTES = 16;
const ROOM_BYTES = 16;
const KEY_BYTES = 32;
/** The least a join is padded to: a bundle with its Kyber key and a short name. */
const JOIN_STEP_BYTES = 4096;

function derive(secret: CallSecret, label: Label, call: Uint8Array, length: number): Bytes {
  if (call.length !== CALL_ID_BYTES) throw new CryptoError('misuse', 'a call id has 16 bytes');
  return hkdf(undefined, secret, labelled(label, call), length);
}

/** Where a call meets on the server: the room's id (16 bytes) and the key that lets one in (32). Throws `misuse`. */
export function callRoom(
  secret: CallSecret,
  call: Uint8Array,
): { readonly room: Bytes; readonly key: Bytes } {
  return {
    room: derive(secret, LABELS.callRoom, call, ROOM_BYTES),
    key: derive(secret, LABELS.callJoinKey, call, KEY_BYTES),
  };
}

/** Seals a join, padded, for everybody who has the secret. Throws `misuse`. */
export function sealCallJoin(secret: CallSecret, call: Uint8Array, join: Uint8Array): Bytes {
  const key = derive(secret, LABELS.callJoinSeal, call, KEY_BYTES);
  return seal(key, LABELS.callJoinSeal, call, pad(join, JOIN_STEP_BYTES));
}

/** Opens a join of this call. Throws `bad-version`, `malformed` or `bad-seal`. */
export function openCallJoin(secret: CallSecret, call: Uint8Array, sealed: Uint8Array): Bytes {
  const key = derive(secret, LABELS.callJoinSeal, call, KEY_BYTES);
  return unpad(open(key, LABELS.callJoinSeal, call, sealed), JOIN_STEP_BYTES);
}

/** Seals what a stream is for, one byte, for everybody who has the secret. Throws `misuse`. */
export function sealCallLabel(secret: CallSecret, call: Uint8Array, purpose: number): Bytes {
  const key = derive(secret, LABELS.callLabelSeal, call, KEY_BYTES);
  return seal(key, LABELS.callLabelSeal, call, Uint8Array.of(purpose));
}

/** What a stream of this call is for. Throws `bad-version`, `malformed` or `bad-seal`. */
export function openCallLabel(secret: CallSecret, call: Uint8Array, sealed: Uint8Array): number {
  const key = derive(secret, LABELS.callLabelSeal, call, KEY_BYTES);
  const [purpose = 0] = open(key, LABELS.callLabelSeal, call, sealed, 1);
  return purpose;
}

/** Whose call identity a bundle is, as a device of an account says it. */
export interface CallIdentityClaim {
  /** Ids, 16 bytes each. */
  readonly call: Uint8Array;
  readonly account: Uint8Array;
  readonly device: Uint8Array;
  readonly side: 'caller' | 'callee';
  /** The prekey bundle as it stands in the join. */
  readonly bundle: Uint8Array;
}

/** call 16 | account 16 | device 16 | side 1 (1 caller, 2 callee) | bundle. */
function claimText({ call, account, device, side, bundle }: CallIdentityClaim): Bytes {
  if ([call, account, device].some(({ length }) => length !== CALL_ID_BYTES)) {
    throw new CryptoError('misuse', 'an id has 16 bytes');
  }
  const sideByte = Uint8Array.of(side === 'caller' ? 1 : 2);
  return labelled(LABELS.callJoin, call, account, device, sideByte, bundle);
}

/** A device's signature, 64 bytes, by its identity key. Throws `misuse`. */
export function signCallJoin(key: PrivateKey, claim: CallIdentityClaim): Bytes {
  return signLabelled(key, LABELS.callJoin, claimText(claim));
}

/** Whether this identity key signed the claim. False for anything malformed. Throws `misuse` on ids of another length. */
export function verifyCallJoin(key: PublicKey, claim: CallIdentityClaim, signature: Uint8Array): boolean {
  return verifyLabelled(key, LABELS.callJoin, claimText(claim), signature);
}

/** What a ring says of the caller's nonce of 32 bytes before he tells it. */
export function callCommitment(nonce: Uint8Array): Bytes {
  return labelledHash(LABELS.callCommitment, nonce);
}

/** One side of a call between two. */
export interface CallSide {
  /** As it was sealed and sent. */
  readonly join: Uint8Array;
  /** 32 bytes. */
  readonly nonce: Uint8Array;
}

/**
 * The code that two people may compare aloud: six digits of HMAC-SHA-256 under the secret over call 16 | caller's nonce 32 | callee's nonce
 * 32 | SHA-256 of the caller's sealed join 32 | of the callee's 32. Throws `misuse`.
 */
export function callCode(secret: CallSecret, call: Uint8Array, caller: CallSide, callee: CallSide): string {
  if (call.length !== CALL_ID_BYTES || [caller, callee].some(({ nonce }) => nonce.length !== 32)) {
    throw new CryptoError('misuse', 'a call id has 16 bytes, a nonce 32');
  }
  const fields = concat(call, caller.nonce, callee.nonce, sha256(caller.join), sha256(callee.join));
  return shortNumber(hmacSha256(secret, labelled(LABELS.callCode, fields)));
}
