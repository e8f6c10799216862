/**
 * The lines about contents that could not be read and were asked for again: each goes when its repair has come. What could not be read
 * shows no number, so that the sender's numbering decides: once a numbered content leaves nothing missing, what was lost before it is here.
 */
import type { AccountId, DeviceId } from '@tacet/protocol/ids';
import type { Conversations } from '../conversations/conversations.ts';
import type { WriteTx } from '../db/sealed.ts';
import type { InChain } from '../db/stores.ts';
import type { Directory } from '../people/directory.ts';
import { missingCount, type LinkVerdict } from './chain.ts';

/** Lines that are waited for per person: what would be more stays as it is. */
const LINES_MOST = 64;

/** What is needed for it. */
export interface UnreadableNeeds {
  readonly directory: Directory;
  readonly conversations: Conversations;
}

/** Notes the line about something of a device that was asked for again. */
export function noteUnreadable(
  { directory }: UnreadableNeeds,
  tx: WriteTx,
  account: AccountId,
  device: DeviceId,
  order: number,
): void {
  directory.edit(tx, account, (stored) => ({
    ...stored,
    unreadable: [...(stored.unreadable ?? []), { device, order }].slice(-LINES_MOST),
  }));
}

/**
 * A numbered content of a device has come. Where nothing is missing any more, the lines of what came late go together; one that is simply
 * the next may be the repair of the oldest, whose number nobody else can have.
 */
export async function settleUnreadable(
  { directory, conversations }: UnreadableNeeds,
  tx: WriteTx,
  account: AccountId,
  device: DeviceId,
  { kind, chain }: { readonly kind: LinkVerdict['kind']; readonly chain: InChain },
): Promise<void> {
  const noted = directory.get(account)?.stored.unreadable ?? [];
  const own = noted.filter((one) => one.device === device);
  if (own.length === 0 || kind === 'repeated' || kind === 'fork' || missingCount(chain) > 0) return;
  const settled = kind === 'late' ? own : own.slice(0, 1);
  for (const { order } of settled) {
    const line = await conversations.lines.lineIn(tx, account, order);
    if (line?.kind === 'event' && line.event.what === 'unreadable')
      conversations.lines.removeEvent(tx, account, order);
  }
  directory.edit(tx, account, ({ unreadable: _before, ...stored }) => {
    const left = noted.filter((one) => !settled.includes(one));
    return left.length === 0 ? stored : { ...stored, unreadable: left };
  });
}
