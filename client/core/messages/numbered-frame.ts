/** The frame that an entry of the outbox is encrypted as, with its number in the chain of what this device sent to an account. */
import { equalBytes } from '@tacet/protocol/bytes';
import type { DeviceId } from '@tacet/protocol/ids';
import type { SealedDb, Tx } from '../db/sealed.ts';
import { K, T } from '../db/stores.ts';
import type { OutboxEntry } from '../db/stored-sending.ts';
import type { OwnKeeper } from '../own.ts';
import type { Directory } from '../people/directory.ts';
import type { Person } from '../people/person.ts';
import type { RandomBytes } from '../ports.ts';
import { cameInAfter, hashLink, nextLink, startAt } from './chain.ts';
import { buildFrame, type Draft } from './frames.ts';

/** What a frame is made from. */
export interface NumberingNeeds {
  readonly db: SealedDb;
  readonly random: RandomBytes;
  readonly own: OwnKeeper;
  readonly directory: Directory;
}

/** A content as it is encrypted, with what its numbering has become. */
export interface Framed {
  readonly frame: Uint8Array;
  readonly number: number | undefined;
  readonly epoch: Uint8Array | undefined;
  readonly chain: (typeof T.outChains)['value'];
  /** What the numbering was before. */
  readonly after?: (typeof T.outChains)['value'];
}

/** Whether the numbering is not any more what a frame was numbered after. */
export async function isOvertaken(
  tx: Tx,
  db: SealedDb,
  { to }: OutboxEntry,
  { after, chain }: Framed,
): Promise<boolean> {
  if (chain === undefined || after === undefined) return false;
  const held = await tx.get(T.outChains, K.outChain(db, to));
  return held === undefined || !equalBytes(held.previous, after.previous);
}

/**
 * The frame of an entry, numbered if it is durable; the one that it has if it was framed before, unless that would be passed over by a
 * device that came in since. `devices`: whom it is made for now.
 */
export async function numberedFrame(
  needs: NumberingNeeds,
  entry: OutboxEntry,
  person: Person,
  devices: readonly DeviceId[],
  within: Tx | undefined,
): Promise<Framed> {
  const { db, own, directory, random } = needs;
  const inTx = <Value>(read: (tx: Tx) => Promise<Value>): Promise<Value> =>
    within === undefined ? db.read([T.outChains], read) : read(within);
  if (entry.frame !== undefined) {
    const { frame, number, epoch } = entry;
    if (number === undefined || entry.only !== undefined) return { frame, number, epoch, chain: undefined };
    const held = await inTx((tx) => tx.get(T.outChains, K.outChain(db, entry.to)));
    // What waited for a word of the person while later numbers left: nothing of it has been made for the list in force.
    const isPassed = entry.envelopes === undefined && cameInAfter(held, epoch, number, devices);
    if (!isPassed) return { frame, number, epoch, chain: startAt(held, epoch, number, devices), after: held };
  }
  const draft: Draft = entry;
  const parts = {
    id: entry.id,
    sentAt: entry.sentAt,
    from: own.value.account,
    device: own.value.device,
    ownList: directory.ownView,
    to: entry.to,
    theirList: { counter: person.list.counter, hash: person.list.hash },
  };
  if (!entry.durable) {
    const frame = buildFrame(draft, { ...parts, link: undefined });
    return { frame, number: undefined, epoch: undefined, chain: undefined };
  }
  const [held, incoming] = await inTx((tx) =>
    Promise.all([
      tx.get(T.outChains, K.outChain(db, entry.to)),
      tx.range(T.inChains, K.inChains(db, entry.to)),
    ]),
  );
  const salt = random(32);
  const listed = person.list.devices.map(({ device }) => device);
  const { link, chain } = nextLink(
    held,
    own.value.epoch,
    listed,
    incoming.map(({ value }) => value),
    salt,
  );
  const frame = buildFrame(draft, { ...parts, link });
  const { number, epoch } = link;
  return { frame, number, epoch, chain: { ...chain, previous: hashLink(salt, frame) }, after: held };
}
