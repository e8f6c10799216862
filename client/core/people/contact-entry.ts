/**
 * A contact as it stands in the account record: a fresh one, and when the next word about one takes place. Own devices merge their
 * records by these times, so a word that follows another must be later than it, whatever a clock says.
 */
import type { Contact } from '@tacet/protocol/content/record';
import { idBytes } from '@tacet/protocol/ids';
import type { Person } from './person.ts';

/** When the next belief or word about a key takes place: after those before it. */
export function nextWordAt(now: number, { believedAt, judgedAt = 0 }: Contact): number {
  return Math.max(now, believedAt + 1, judgedAt + 1);
}

/** When the next decision about somebody takes place, likewise. */
export function decidedAt(now: number, { changedAt }: Contact): number {
  return Math.max(now, changedAt + 1);
}

/** A fresh contact for the record. */
export function newContact(
  person: Person,
  state: Contact['state'],
  trust: Contact['trust'],
  now: number,
): Contact {
  return {
    account: idBytes(person.stored.account),
    accountKey: person.stored.accountKey,
    trust,
    believedAt: now,
    state,
    changedAt: now,
    list: { counter: person.list.counter, hash: person.list.hash },
    keysAt: 0,
    ...(person.stored.hearsay === true ? { hearsay: true } : {}),
  };
}
