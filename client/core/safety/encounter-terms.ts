/**
 * What is true of one encounter: whether it is over, whether the proved key is in force, what the number and the words are made of, and
 * the numbers that whoever showed the code chooses among.
 */
import { encodeB64u, equalBytes } from '@tacet/protocol/bytes';
import { idBytes, type AccountId } from '@tacet/protocol/ids';
import { LIMITS } from '@tacet/protocol/limits';
import { PublicKey } from '@tacet/crypto';
import {
  keyFrom,
  verifyEncounterMac,
  type Encounter,
  type InviteSecret,
  type Newcomer,
} from '@tacet/crypto/vault';
import { copyBytes } from '../bytes.ts';
import type { StoredEncounter } from '../db/stored-device.ts';
import type { HandlerServices } from '../messages/handlers/handling.ts';

type Needs = Pick<HandlerServices, 'own' | 'record' | 'directory' | 'random'>;

/** As long as the code is good; begins anew once it is answered. */
export const AGE_MS = LIMITS.inviteScanAgeMs;
/** A clock that is put right goes back by less. */
const CLOCK_STEP_MS = 60_000;
/** What whoever showed a code chooses among, so that nobody says yes without a look at the other screen. */
const CHOICES = 3;

/** One that has somebody on the other side and is not decided. */
export type Open = Extract<StoredEncounter, { readonly kind: 'waiting' | 'asking' }>;
/** One that both know the number of. */
export type Asking = Extract<StoredEncounter, { readonly kind: 'asking' }>;

/** Also where the clock was set back: nothing counts for longer than its time. */
export function isOver(held: StoredEncounter, now: number): boolean {
  return held.kind !== 'met' && (held.until < now || held.until > now + AGE_MS + CLOCK_STEP_MS);
}

/** Whether the key that was proved is still the one that somebody is known by. */
export function isInForce({ record, directory }: Pick<Needs, 'record' | 'directory'>, held: Open): boolean {
  const contact = record.contact(held.account);
  if (contact?.state !== 'accepted' || directory.isBlocked(held.account)) return false;
  return equalBytes(contact.accountKey, held.accountKey);
}

/** Whether it is the other side's word. */
export function isTheirs(needs: Pick<Needs, 'own'>, held: Asking, mac: Uint8Array): boolean {
  const by = held.choices === undefined ? 'inviter' : 'newcomer';
  return verifyEncounterMac(secretOf(held), encounterOf(needs, held), by, mac);
}

/** The number among others, in an order by chance. Drawn once: who looks again sees the same ones. */
export function drawChoices({ random }: Pick<Needs, 'random'>, number: string): readonly string[] {
  const drawn = new Set([number]);
  while (drawn.size < CHOICES) {
    const value = random(6).reduce((sum, byte) => sum * 256 + byte, 0);
    drawn.add(String(value % 10 ** number.length).padStart(number.length, '0'));
  }
  const places = [...drawn].map((choice) => ({ choice, place: encodeB64u(random(16)) }));
  return places.toSorted((a, b) => (a.place < b.place ? -1 : 1)).map(({ choice }) => choice);
}

/** The secret in the code, 32 bytes. */
export function secretOf({ secret }: Open): InviteSecret {
  return keyFrom<InviteSecret>(secret);
}

/** An account under a serialised key of 33 bytes. */
export function keyed(account: AccountId, accountKey: Uint8Array): Newcomer {
  return { account: idBytes(account), accountKey: PublicKey.deserialize(copyBytes(accountKey)) };
}

/** What both make the number and the words of. */
export function encounterOf({ own }: Pick<Needs, 'own'>, held: Asking): Encounter {
  const me = keyed(own.value.account, own.value.accountKey);
  const other = keyed(held.account, held.accountKey);
  const [inviter, newcomer] = held.choices === undefined ? [other, me] : [me, other];
  const { code, nonce, answer } = held;
  return { code, nonce, answer, inviter, newcomer };
}
