/** Who is called, and whose calls are heard and taken. */
import type { AccountId } from '@tacet/protocol/ids';
import { CoreError } from '../failure.ts';
import type { Services } from '../services.ts';

type Standing = Pick<Services, 'record' | 'directory'>;

/** Whether this account's calls are heard at all. */
export function isAccepted({ record }: Pick<Standing, 'record'>, account: AccountId): boolean {
  return record.contact(account)?.state === 'accepted';
}

/** Throws `person-blocked`, `person-not-accepted`, and `key-changed` where the person has to decide about a key first. */
export function requireCallable({ record, directory }: Standing, account: AccountId): void {
  const contact = record.contact(account);
  if (contact?.state === 'blocked') throw new CoreError('person-blocked', 'nothing goes to who is blocked');
  if (contact?.state !== 'accepted') throw new CoreError('person-not-accepted', 'strangers are not called');
  directory.requireUnblocked(account);
}
