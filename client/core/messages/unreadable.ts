/**
 * The lines about contents that could not be read and were asked for again, each known by its envelope. One goes with its repair, which
 * names the envelope; or, where the sender has nothing to send again, once everything has come that it had numbered until then: what
 * could not be read was none of it. Where a number stays missing, the line stays with the gap. What gets no answer is asked for again, as the
 * request and the answer may be lost like anything else.
 */
import { idBytes, type AccountId, type DeviceId, type EnvelopeId } from '@tacet/protocol/ids';
import type { Conversations } from '../conversations/conversations.ts';
import type { SealedDb, WriteTx } from '../db/sealed.ts';
import { K, T } from '../db/stores.ts';
import type { Unreadable } from '../db/stored-people.ts';
import type { InChain } from '../db/stored-sending.ts';
import type { Directory } from '../people/directory.ts';
import type { Clock } from '../ports.ts';
import { isDueAgain, type Asking } from './asking.ts';
import { epochText } from './chain.ts';

/** A line that was stored before it was noted when it was asked for. */
const NEVER_ASKED = { at: 0, again: 0 } as const;
/** Lines that are waited for per person: what would be more stays as it is. */
const LINES_MOST = 64;

/** What is needed for it. */
export interface UnreadableNeeds {
  readonly db: SealedDb;
  readonly directory: Directory;
  readonly conversations: Conversations;
}

/** Notes the line about something of a device that was asked for again. */
export function noteUnreadable(
  { directory }: UnreadableNeeds,
  tx: WriteTx,
  account: AccountId,
  unreadable: Unreadable,
): void {
  directory.edit(tx, account, (stored) => ({
    ...stored,
    unreadable: [...(stored.unreadable ?? []), unreadable].slice(-LINES_MOST),
  }));
}

/** What a device has sent again for an envelope is here. */
export async function settleRepaired(
  needs: UnreadableNeeds,
  tx: WriteTx,
  account: AccountId,
  device: DeviceId,
  envelope: EnvelopeId,
): Promise<void> {
  await settle(needs, tx, account, (one) => one.device === device && one.envelope === envelope);
}

/** A device has nothing to send again for an envelope; until then it had numbered this much in this epoch. */
export async function noteNothing(
  needs: UnreadableNeeds,
  tx: WriteTx,
  account: AccountId,
  device: DeviceId,
  told: { readonly envelope: EnvelopeId; readonly epoch: Uint8Array; readonly number: number },
): Promise<void> {
  const { db, directory } = needs;
  const isIt = (one: Unreadable): boolean => one.device === device && one.envelope === told.envelope;
  if (!unreadableOf(needs, account).some(isIt)) return;
  const epoch = epochText(told.epoch);
  const chains = await tx.range(T.inChains, K.inChains(db, account));
  const own = chains.map(({ value }) => value).filter((chain) => chain.device === device);
  const chain = own.find((one) => epochText(one.epoch) === epoch);
  // The first number of an epoch tells what the one before it lacks; before that has come nothing is sure.
  const number = chain === undefined && own.length > 0 ? Math.max(told.number, 1) : told.number;
  if ((chain?.contiguous ?? 0) >= number) return settle(needs, tx, account, isIt);
  const until = { epoch, number };
  directory.edit(tx, account, (stored) => ({
    ...stored,
    unreadable: (stored.unreadable ?? []).map((one) => (isIt(one) ? { ...one, until } : one)),
  }));
}

/** A device was heard: what it was asked for on another day, and has neither sent again nor answered, is asked for again. */
export function askAgain(
  needs: UnreadableNeeds & { readonly clock: Clock },
  tx: WriteTx,
  account: AccountId,
  device: DeviceId,
  asking: Asking,
): void {
  const now = needs.clock.now();
  const isDue = ({ asked = NEVER_ASKED, until, ...one }: Unreadable): boolean =>
    one.device === device && until === undefined && isDueAgain(asked, now);
  const noted = unreadableOf(needs, account);
  if (!noted.some(isDue)) return;
  const unreadable = noted.map((one) => {
    if (!isDue(one) || !asking.mayAskAgain(tx, account)) return one;
    asking.ask(tx, account, device, { what: 'envelope', envelope: idBytes(one.envelope) });
    return { ...one, asked: { at: now, again: (one.asked ?? NEVER_ASKED).again + 1 } };
  });
  needs.directory.edit(tx, account, (stored) => ({ ...stored, unreadable }));
}

/** The numbering of a device has come further. */
export async function settleCounted(
  needs: UnreadableNeeds,
  tx: WriteTx,
  account: AccountId,
  device: DeviceId,
  { epoch, contiguous }: InChain,
): Promise<void> {
  const named = epochText(epoch);
  await settle(
    needs,
    tx,
    account,
    ({ until, ...one }) => one.device === device && until?.epoch === named && contiguous >= until.number,
  );
}

function unreadableOf({ directory }: UnreadableNeeds, account: AccountId): readonly Unreadable[] {
  return directory.get(account)?.stored.unreadable ?? [];
}

/** Takes away the lines of those that `isSettled`. */
async function settle(
  needs: UnreadableNeeds,
  tx: WriteTx,
  account: AccountId,
  isSettled: (one: Unreadable) => boolean,
): Promise<void> {
  const noted = unreadableOf(needs, account);
  const settled = noted.filter(isSettled);
  if (settled.length === 0) return;
  for (const { order } of settled) {
    const line = await needs.conversations.lines.lineIn(tx, account, order);
    if (line?.kind === 'event' && line.event.what === 'unreadable')
      needs.conversations.lines.removeEvent(tx, account, order);
  }
  needs.directory.edit(tx, account, ({ unreadable: _before, ...stored }) => {
    const left = noted.filter((one) => !settled.includes(one));
    return left.length === 0 ? stored : { ...stored, unreadable: left };
  });
}
