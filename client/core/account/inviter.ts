/** Looking at who an invite leads to, before anything is made: the key behind it must be the one that the link names. */
import { equalBytes } from '@tacet/protocol/bytes';
import { idBytes, idOf, type AccountId } from '@tacet/protocol/ids';
import { readInvite } from '@tacet/protocol/rest/people';
import { PublicKey } from '@tacet/crypto';
import { hashAccountKey } from '@tacet/crypto/vault';
import { copyBytes } from '../bytes.ts';
import type { InviteAnswer } from '../db/stored-device.ts';
import { verifyList } from '../device-lists.ts';
import { CoreError } from '../failure.ts';
import { askEntry } from '../people.ts';
import type { AnonymousConnection } from '../transport/anonymous.ts';
import type { Rest } from '../transport/rest.ts';
import type { InviteLink } from './invites.ts';

/**
 * Reads who an invite link leads to and checks the inviter's key against the link, with the delivery key that the link carries. Throws
 * `CoreError` `invite-malformed`, `invite-key-mismatch`; `undefined` for a server's first invite.
 */
export async function checkInvite(
  rest: Rest,
  anonymous: AnonymousConnection,
  link: InviteLink,
): Promise<InviteAnswer | undefined> {
  if (link.secrets === undefined) return undefined;
  const { inviter } = await rest.call(readInvite, { params: { code: link.code } });
  if (inviter === undefined) throw new CoreError('invite-malformed', 'an invite of nobody with a secret');
  const account = idOf<AccountId>(idBytes(inviter.account as AccountId));
  const { secret, accountKeyHash, deliveryKey, scan } = link.secrets;
  const answer: InviteAnswer = {
    account,
    username: inviter.username,
    code: link.code,
    secret,
    accountKeyHash,
    deliveryKey,
    ...(scan === undefined ? {} : { scan }),
  };
  try {
    const entry = await askEntry(anonymous, account, deliveryKey);
    requireInvitersKey(answer, entry.accountKey);
    verifyList(account, entry.accountKey, entry.list);
  } catch (error) {
    // A delivery key that was rotated since: the inviter is asked for as a stranger is, once there is an account to ask with.
    if (!isRefusedKey(error)) throw error;
  }
  return answer;
}

function isRefusedKey(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'delivery-refused';
}

/** Throws `CoreError` `invite-key-mismatch` unless the account key is the one that the link names. */
export function requireInvitersKey(answer: InviteAnswer, accountKey: Uint8Array): void {
  if (!isInvitersKey(answer, accountKey)) {
    throw new CoreError('invite-key-mismatch', 'the server shows another account key than the invite');
  }
}

/** Whether an account key is the one that the link names. */
export function isInvitersKey({ accountKeyHash }: InviteAnswer, accountKey: Uint8Array): boolean {
  try {
    return equalBytes(hashAccountKey(PublicKey.deserialize(copyBytes(accountKey))), accountKeyHash);
  } catch {
    return false;
  }
}
