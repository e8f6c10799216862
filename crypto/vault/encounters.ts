/**
 * Two people who scan a code face to face. Both screens show one short number, and each side's confirmation is a MAC: over both accounts
 * with their account keys, the code, and a nonce of each side. The code names the hash of the first, the answer tells the second, and
 * only then the first is told: neither side knows the other's when it draws its own, so nobody in between, who scans one code and shows
 * another, can look for a nonce or a key that makes two numbers equal. The key of both is the secret in the code.
 */
import { concat, equalBytes, type Bytes } from '../bytes.ts';
import { CryptoError } from '../errors.ts';
import { hmacSha256 } from '../sodium.ts';
import type { Newcomer } from './invites.ts';
import type { InviteSecret } from './keys.ts';
import { labelledHash } from './labelled-hash.ts';
import { LABELS, labelled } from './labels.ts';
import { shortNumber } from './short-number.ts';

/** What two people who meet agree on. */
export interface Encounter {
  /** The invite's code, 16 bytes. */
  readonly code: Uint8Array;
  /** Drawn by the inviter with the code and hidden until it is answered, 32 bytes. */
  readonly nonce: Uint8Array;
  /** Drawn by the newcomer for the answer, 32 bytes. */
  readonly answer: Uint8Array;
  /** Who showed the code. */
  readonly inviter: Newcomer;
  /** Who scanned it. */
  readonly newcomer: Newcomer;
}

/**
 * code 16 | nonce 32 | answer 32 | inviter's account id 16 | account key 33 | newcomer's account id 16 | account key 33: 178 bytes.
 * Throws `misuse`.
 */
function fieldsOf({ code, nonce, answer, inviter, newcomer }: Encounter): Bytes {
  const ids = [code, inviter.account, newcomer.account];
  if (ids.some(({ length }) => length !== 16) || [nonce, answer].some(({ length }) => length !== 32)) {
    throw new CryptoError('misuse', 'ids have 16 bytes, a nonce 32');
  }
  const sides = [inviter, newcomer].map(({ account, accountKey }) => concat(account, accountKey.serialize()));
  return concat(code, nonce, answer, ...sides);
}

/** What a code says of its nonce before it is told: a labelled hash of its 32 bytes. */
export function encounterCommitment(nonce: Uint8Array): Bytes {
  return labelledHash(LABELS.encounterCommitment, nonce);
}

/** The number that both screens show: HMAC-SHA256, its first six bytes as a big-endian integer modulo a million. */
export function encounterNumber(secret: InviteSecret, encounter: Encounter): string {
  const mac = hmacSha256(secret, labelled(LABELS.encounterNumber, fieldsOf(encounter)));
  return shortNumber(mac);
}

/** One side's confirmation: HMAC-SHA256 over the same fields and the account id of whoever confirms, 32 bytes. */
export function encounterMac(secret: InviteSecret, encounter: Encounter, by: 'inviter' | 'newcomer'): Bytes {
  const fields = concat(fieldsOf(encounter), encounter[by].account);
  return hmacSha256(secret, labelled(LABELS.encounterConfirm, fields));
}

/** Whether that side has confirmed. Constant in time over the MAC. */
export function verifyEncounterMac(
  secret: InviteSecret,
  encounter: Encounter,
  by: 'inviter' | 'newcomer',
  mac: Uint8Array,
): boolean {
  return equalBytes(encounterMac(secret, encounter, by), mac);
}
