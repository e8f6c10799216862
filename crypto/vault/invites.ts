/**
 * What makes an invite more than an entrance: its link carries the hash of the inviter's account key, which the newcomer checks
 * against the key that the server serves, and a secret under which the newcomer's own key comes back.
 */
import { concat, equalBytes, type Bytes } from '../bytes.ts';
import { CryptoError } from '../errors.ts';
import type { PublicKey } from '../ec.ts';
import { hmacSha256 } from '../sodium.ts';
import type { InviteSecret } from './keys.ts';
import { labelledHash } from './labelled-hash.ts';
import { LABELS, labelled } from './labels.ts';

/** Who answers an invite. */
export interface Newcomer {
  /** Account id, 16 bytes. */
  readonly account: Uint8Array;
  readonly accountKey: PublicKey;
}

/** SHA-256 over label, zero byte, serialised account key (33 bytes): 32 bytes. */
export function hashAccountKey(accountKey: PublicKey): Bytes {
  return labelledHash(LABELS.accountKeyHash, accountKey.serialize());
}

/** HMAC-SHA256 under the invite's secret over label, zero byte, account id 16, account key 33: 32 bytes. Throws `misuse`. */
export function inviteMac(secret: InviteSecret, newcomer: Newcomer): Bytes {
  if (newcomer.account.length !== 16) throw new CryptoError('misuse', 'an account id has 16 bytes');
  const fields = concat(newcomer.account, newcomer.accountKey.serialize());
  return hmacSha256(secret, labelled(LABELS.inviteAnswer, fields));
}

/** Whether the newcomer knew the invite's secret. Constant in time over the MAC. */
export function verifyInviteMac(secret: InviteSecret, newcomer: Newcomer, mac: Uint8Array): boolean {
  return equalBytes(inviteMac(secret, newcomer), mac);
}
