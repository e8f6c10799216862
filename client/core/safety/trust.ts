/** The person's own word about somebody's account key, as the record keeps it. */
import type { AccountId } from '@tacet/protocol/ids';
import type { RecordKeeper } from '../account/record.ts';
import type { WriteTx } from '../db/sealed.ts';
import { nextWordAt } from '../people/contact-entry.ts';
import type { Clock } from '../ports.ts';

/** Marks the key that somebody is known by, or takes the mark away. The transaction holds `T.record`. */
export function setTrust(
  { record, clock }: { readonly record: RecordKeeper; readonly clock: Clock },
  tx: WriteTx,
  account: AccountId,
  trust: 'verified' | 'unverified',
): void {
  const contact = record.contact(account);
  // Comparing again is a word again, later than one that another device may have heard.
  if (contact === undefined || (contact.trust === trust && trust !== 'verified')) return;
  const at = nextWordAt(clock.now(), contact);
  record.changeContact(tx, account, (held) => {
    const { hearsay, ...rest } = held ?? contact;
    const isHearsay = hearsay === true && trust !== 'verified';
    return { ...rest, ...(isHearsay ? { hearsay } : {}), trust, believedAt: at, judgedAt: at };
  });
}
