/**
 * Meeting face to face: one shows a code, the other scans it, both screens show the same number, and both people say that they are beside
 * each other. Then, and under the very account keys that the code and its answer proved, both are marked as verified; a refusal, a changed
 * key, a second use, ten minutes without both words leave what an invite link gives. Kept on the device that showed or scanned the code;
 * the mark itself goes into the record.
 */
import { encodeB64u, equalBytes } from '@tacet/protocol/bytes';
import type { Encounter as Told } from '@tacet/protocol/content/encounter';
import type { Profile } from '@tacet/protocol/content/profile';
import { idBytes, idOf, type AccountId, type MessageId } from '@tacet/protocol/ids';
import {
  encounterCommitment,
  encounterMac,
  encounterNumber,
  keyFrom,
  verifyInviteMac,
  type InviteSecret,
} from '@tacet/crypto/vault';
import { copyBytes, type OwnBytes } from '../bytes.ts';
import type { WriteTx } from '../db/sealed.ts';
import { T } from '../db/stores.ts';
import type { InviteAnswer, StoredEncounter } from '../db/stored-device.ts';
import { CoreError } from '../failure.ts';
import type { HandlerServices } from '../messages/handlers/handling.ts';
import { DIRECTORY_TABLES } from '../people/directory.ts';
import type { Services } from '../services.ts';
import type { EncounterView } from '../view.ts';
import {
  AGE_MS,
  drawChoices,
  encounterOf,
  isInForce,
  isOver,
  isTheirs,
  keyed,
  secretOf,
  type Asking,
} from './encounter-terms.ts';
import { setTrust } from './trust.ts';

/** Kept at a time: a round of people who meet. */
const KEPT = 16;
const NONCE_BYTES = 32;
const NOBODY: readonly EncounterView[] = [];

type Needs = Pick<
  HandlerServices,
  'own' | 'record' | 'directory' | 'outbox' | 'clock' | 'random' | 'peopleChanged'
>;
/** What it takes to hear what the other side says: nothing leaves. */
type HearingNeeds = Omit<Needs, 'outbox' | 'random'>;

function isOf(code: Uint8Array): (held: StoredEncounter) => boolean {
  return (held) => equalBytes(held.code, code);
}

/**
 * Puts an encounter in the place of the one of the same code, or takes that one away. What somebody else does moves no question on the
 * screen. The transaction holds `T.own`.
 */
function put(
  { own, clock, peopleChanged }: Pick<Needs, 'own' | 'clock' | 'peopleChanged'>,
  tx: WriteTx,
  code: Uint8Array,
  next: StoredEncounter | undefined,
): void {
  const now = clock.now();
  const isThis = isOf(code);
  own.change(tx, ({ encounters = [], ...held }) => {
    const isNew = next !== undefined && !encounters.some(isThis);
    const kept = [...encounters, ...(isNew ? [next] : [])]
      .flatMap((one) => (isThis(one) ? (next ?? []) : isOver(one, now) ? [] : one))
      .slice(-KEPT);
    return kept.length === 0 ? held : { ...held, encounters: kept };
  });
  tx.after(() => peopleChanged());
}

/** This device shows a code. Gives the commitment that it carries. The transaction holds `T.own`, here and below. */
export function showCode(
  needs: Pick<Needs, 'own' | 'clock' | 'random' | 'peopleChanged'>,
  tx: WriteTx,
  shown: { readonly code: Uint8Array; readonly secret: Uint8Array; readonly expiresAt: number },
): OwnBytes {
  const { code, secret, expiresAt } = shown;
  const nonce = needs.random(NONCE_BYTES);
  put(needs, tx, code, { kind: 'shown', code, secret: copyBytes(secret), nonce, until: expiresAt });
  return encounterCommitment(nonce);
}

/** The code is put away. Whoever has answered it stays. */
export function hideCode(
  needs: Pick<Needs, 'own' | 'clock' | 'peopleChanged'>,
  tx: WriteTx,
  code: Uint8Array,
): void {
  const held = needs.own.value.encounters?.find(isOf(code));
  if (held?.kind === 'shown') put(needs, tx, code, undefined);
}

/**
 * This device has scanned a code and answers it; `accountKey` is the one that the code names. Gives the nonce of the answer, the same as
 * often as the code is scanned; `undefined` for an invite that is no such code, and for one that both know the number of.
 */
export function scanCode(
  needs: Pick<Needs, 'own' | 'clock' | 'random' | 'peopleChanged'>,
  tx: WriteTx,
  { code: name, secret, account, scan }: InviteAnswer,
  accountKey: Uint8Array,
): Uint8Array | undefined {
  if (scan === undefined) return undefined;
  const code = idBytes(name);
  const held = needs.own.value.encounters?.find(isOf(code));
  if (held !== undefined) return held.kind === 'waiting' ? held.answer : undefined;
  const until = needs.clock.now() + AGE_MS;
  const answer = needs.random(NONCE_BYTES);
  const sides = { code, secret, account, accountKey: copyBytes(accountKey), until };
  put(needs, tx, code, { kind: 'waiting', ...sides, commitment: scan, answer });
  return answer;
}

/**
 * The code that this device shows and that this answer knew the secret of; `undefined` for any other answer. Asked before the invite is
 * closed. Another own device may have closed it for the same person.
 */
export function answeredCode(
  { own, record, directory, clock }: Pick<Needs, 'own' | 'record' | 'directory' | 'clock'>,
  account: AccountId,
  { invite }: Profile,
): { readonly code: Uint8Array; readonly answer: Uint8Array } | undefined {
  const person = directory.get(account);
  if (invite?.nonce === undefined || person === undefined) return undefined;
  const shown = own.value.encounters?.find(isOf(invite.code));
  if (shown?.kind !== 'shown' || isOver(shown, clock.now())) return undefined;
  const known = record.value.invites.find(({ code }) => equalBytes(code, invite.code));
  const isHis = known?.by !== undefined && idOf<AccountId>(known.by) === account;
  if (known === undefined || (known.closedAt !== undefined && !isHis)) return undefined;
  const newcomer = keyed(account, person.stored.accountKey);
  const isMade = verifyInviteMac(keyFrom<InviteSecret>(shown.secret), newcomer, invite.mac);
  return isMade ? { code: shown.code, answer: invite.nonce } : undefined;
}

/**
 * Somebody has answered the code that this device shows by this nonce: the other one is told, and both make the number. The transaction
 * holds `T.outbox` too.
 */
export function meet(
  needs: Needs,
  tx: WriteTx,
  account: AccountId,
  { code, answer }: { readonly code: Uint8Array; readonly answer: Uint8Array },
): void {
  const { own, directory, clock } = needs;
  const shown = own.value.encounters?.find(isOf(code));
  const accountKey = directory.get(account)?.stored.accountKey;
  if (shown?.kind !== 'shown' || accountKey === undefined) return;
  const { secret, nonce } = shown;
  const asking: Asking = {
    kind: 'asking',
    code,
    secret,
    account,
    accountKey: copyBytes(accountKey),
    nonce,
    answer: copyBytes(answer),
    choices: [],
    confirmed: false,
    theirs: false,
    until: clock.now() + AGE_MS,
  };
  const choices = drawChoices(needs, encounterNumber(secretOf(asking), encounterOf(needs, asking)));
  put(needs, tx, code, { ...asking, choices });
  tell(needs, tx, account, { what: 'number', code, nonce });
}

/** What the other side says. From accepted people, under the key in force. */
export function hearEncounter(needs: HearingNeeds, tx: WriteTx, account: AccountId, told: Told): void {
  const held = needs.own.value.encounters?.find(isOf(told.code));
  if (held?.kind !== 'waiting' && held?.kind !== 'asking') return;
  if (held.account !== account || isOver(held, needs.clock.now()) || !isInForce(needs, held)) return;
  if (told.what === 'number') {
    // The one that the code was made with: another would have been looked for.
    if (held.kind !== 'waiting' || !equalBytes(encounterCommitment(told.nonce), held.commitment)) return;
    const { code, secret, accountKey, until, answer, early } = held;
    const nonce = copyBytes(told.nonce);
    const at = { code, secret, account, accountKey, until, nonce, answer };
    const asking = { kind: 'asking', ...at, confirmed: false, theirs: false } as const;
    const theirs = early !== undefined && isTheirs(needs, asking, early);
    put(needs, tx, code, { ...asking, theirs });
    return;
  }
  if (held.kind === 'waiting') put(needs, tx, held.code, { ...held, early: copyBytes(told.mac) });
  else if (!held.theirs && isTheirs(needs, held, told.mac)) settle(needs, tx, { ...held, theirs: true });
}

/**
 * The person says that the other one is there. `number`: what the screen that scanned the code shows. Gives `false` for another number:
 * then the encounter is over, and nobody is marked. Throws `CoreError` `too-late`, and `key-changed` where another key is in force than
 * the one behind the number.
 */
export async function confirmEncounter(needs: Services, id: string, number: string): Promise<boolean> {
  const said = await needs.db.write([...DIRECTORY_TABLES, T.outbox], async (tx) => {
    const held = find(needs, id);
    if (held?.kind === 'met' || (held?.kind === 'asking' && held.confirmed)) return true;
    if (held?.kind !== 'asking' || isOver(held, needs.clock.now())) return 'too-late';
    if (!isInForce(needs, held)) return 'key-changed';
    if (encounterNumber(secretOf(held), encounterOf(needs, held)) !== number) {
      end(needs, tx, held);
      return false;
    }
    const by = held.choices === undefined ? 'newcomer' : 'inviter';
    const mac = encounterMac(secretOf(held), encounterOf(needs, held), by);
    tell(needs, tx, held.account, { what: 'confirm', code: held.code, mac });
    settle(needs, tx, { ...held, confirmed: true });
    return true;
  });
  if (typeof said === 'string') throw new CoreError(said, 'nothing was marked');
  return said;
}

/** The person says no, or has seen what came of it. */
export async function endEncounter(needs: Services, id: string): Promise<void> {
  await needs.db.write([T.own], async (tx) => {
    const held = find(needs, id);
    if (held !== undefined && held.kind !== 'shown') end(needs, tx, held);
  });
}

/** Keeps of it only that it was, as long as the code may still be scanned. */
function end(
  needs: Needs,
  tx: WriteTx,
  { code, account }: Exclude<StoredEncounter, { kind: 'shown' }>,
): void {
  put(needs, tx, code, { kind: 'ended', code, account, until: needs.clock.now() + AGE_MS });
}

/** Whether this device has scanned a code and is through with it. */
export function wasEnded({ own, clock }: Pick<Needs, 'own' | 'clock'>, code: Uint8Array): boolean {
  const held = own.value.encounters?.find(isOf(code));
  return held?.kind === 'ended' && !isOver(held, clock.now());
}

/** Forgets the secrets of codes whose time is over. */
export async function forgetOver(
  needs: Pick<Services, 'db' | 'own' | 'clock' | 'peopleChanged'>,
): Promise<void> {
  const now = needs.clock.now();
  const over = needs.own.value.encounters?.find((one) => isOver(one, now));
  if (over !== undefined) await needs.db.write([T.own], async (tx) => put(needs, tx, over.code, undefined));
}

/** What is asked, oldest first. */
export function encountersOf(
  needs: Pick<Needs, 'own' | 'record' | 'directory' | 'clock'>,
  whoIs: (account: AccountId) => Pick<EncounterView, 'name' | 'username' | 'claims' | 'verified'>,
): readonly EncounterView[] {
  const { encounters } = needs.own.value;
  if (encounters === undefined) return NOBODY;
  const now = needs.clock.now();
  return encounters.flatMap((held): EncounterView[] => {
    if (held.kind === 'shown' || held.kind === 'ended' || isOver(held, now)) return [];
    const { account } = held;
    const at = { id: encodeB64u(held.code), account, ...whoIs(account) };
    const contact = needs.record.contact(account);
    if (contact?.state !== 'accepted') return [];
    if (held.kind === 'met') {
      // What was so when they met is not said once it is so no more.
      const isSo = contact.trust === 'verified' && !needs.directory.isBlocked(account);
      return isSo ? [{ ...at, kind: 'met' }] : [];
    }
    if (!isInForce(needs, held)) return [{ ...at, kind: 'changed' }];
    const { until } = held;
    if (held.kind === 'waiting') return [{ ...at, kind: 'waiting', until }];
    if (held.choices !== undefined && !held.confirmed) {
      return [{ ...at, kind: 'choosing', choices: held.choices, until }];
    }
    const number = encounterNumber(secretOf(held), encounterOf(needs, held));
    return [{ ...at, kind: held.confirmed ? 'confirmed' : 'asking', number, until }];
  });
}

/** Once both have said yes the key that was compared is marked. Nothing of the secret stays. */
function settle(needs: HearingNeeds, tx: WriteTx, held: Asking): void {
  const { code, account } = held;
  if (!held.confirmed || !held.theirs) return put(needs, tx, code, held);
  setTrust(needs, tx, account, 'verified');
  put(needs, tx, code, { kind: 'met', code, account });
}

function tell({ outbox, clock, random }: Needs, tx: WriteTx, to: AccountId, body: Told): void {
  const content = { kind: 'encounter', body } as const;
  outbox.add(tx, { to, content, id: idOf<MessageId>(random(16)), sentAt: clock.now() });
}

function find({ own }: Pick<Needs, 'own'>, id: string): StoredEncounter | undefined {
  return own.value.encounters?.find(({ code }) => encodeB64u(code) === id);
}
