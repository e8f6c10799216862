/**
 * What was encrypted goes into one transaction with what it has changed: ratchet states, numbering, ciphertexts, the copies kept for
 * repairs, and the mark of a line whose session began without a one-time prekey.
 */
import type { EnvelopeId } from '@tacet/protocol/ids';
import type { OwnBytes } from '../bytes.ts';
import type { SealedDb, WriteTx } from '../db/sealed.ts';
import { K, T } from '../db/stores.ts';
import type { OutboxEntry, OutgoingEnvelope } from '../db/stored-sending.ts';
import type { ListedDevice } from '../device-lists.ts';
import type { OwnKeeper } from '../own.ts';
import type { Directory } from '../people/directory.ts';
import type { Person } from '../people/person.ts';
import type { Clock } from '../ports.ts';
import type { Sessions } from '../sessions/sessions.ts';
import type { BufferedStores } from '../sessions/stores.ts';
import { epochText } from './chain.ts';
import { noteCopies } from './copies.ts';
import type { Framed } from './numbered-frame.ts';

const DAY_MS = 24 * 60 * 60_000;

/** What storing needs. */
export interface CommitNeeds {
  readonly db: SealedDb;
  readonly clock: Clock;
  readonly own: OwnKeeper;
  readonly directory: Directory;
  readonly sessions: Sessions;
}

/** Who keeps the entry that envelopes are made for. */
export interface EntryKeeper {
  /** Whether the entry still is to be sent. */
  holds(entry: OutboxEntry): boolean;
  /** The entry as it is now. */
  current(entry: OutboxEntry): OutboxEntry | undefined;
  replace(tx: WriteTx, entry: OutboxEntry): void;
}

/** One device's part, with the session as it is afterwards. */
export interface Made {
  readonly target: ListedDevice;
  readonly stores: BufferedStores;
  readonly id: EnvelopeId;
  readonly body: OwnBytes;
}

/** What was encrypted and is not on disk yet. */
export interface Sealed {
  readonly framed: Framed;
  readonly made: readonly Made[];
  readonly envelopes: readonly OutgoingEnvelope[];
}

/** Whether the line of a message is to say that a session of it began without a one-time prekey. */
export function isMarked(entry: OutboxEntry, sealed: Sealed): boolean {
  return entry.line === true && sealed.made.some(({ stores }) => stores.isReduced);
}

/** Puts ratchet states, numbering and ciphertexts into a transaction that holds `ENCRYPT_TABLES`, or `MARK_TABLES` for a line that says more. */
export async function commitSealed(
  needs: CommitNeeds,
  tx: WriteTx,
  entry: OutboxEntry,
  person: Person,
  sealed: Sealed,
  keeper: EntryKeeper | undefined,
): Promise<void> {
  const { framed, made, envelopes } = sealed;
  const { sessions, db } = needs;
  for (const { stores } of made) sessions.commit(tx, stores);
  const { chain, number, epoch } = framed;
  if (chain !== undefined) tx.put(T.outChains, K.outChain(db, entry.to), chain);
  if (keeper === undefined) return;
  const next: OutboxEntry = {
    ...entry,
    frame: framed.frame,
    ...(number === undefined || epoch === undefined ? {} : { number, epoch }),
    listHash: person.list.hash,
    envelopes,
    ...(keeper.current(entry)?.erased === true ? { erased: true } : {}),
    ...(keeper.current(entry)?.gone === true ? { gone: true } : {}),
  };
  keeper.replace(tx, next);
  if (number !== undefined) keepSent(needs, tx, next, made);
  if (isMarked(entry, sealed)) await markReduced(needs, tx, entry);
}

/** Notes on the line of a message how its session began. */
async function markReduced(needs: CommitNeeds, tx: WriteTx, { id }: OutboxEntry): Promise<void> {
  const { db, own } = needs;
  const place = await tx.get(T.messages, K.message(db, own.value.account, id));
  if (place === undefined) return;
  const key = K.line(db, place.account, place.order);
  const stored = await tx.get(T.lines, key);
  if (stored === undefined) return;
  tx.put(T.lines, key, { ...stored, marks: { ...stored.marks, reduced: true } });
}

/** Keeps what was sent for repairs, and notes which message's words the copies hold; of what was erased it only notes that it was made. */
function keepSent(
  needs: CommitNeeds,
  tx: WriteTx,
  entry: OutboxEntry,
  made: readonly { readonly target: ListedDevice; readonly id: EnvelopeId }[],
): void {
  const { db, clock, directory } = needs;
  const accountKey = directory.keyOf(entry.to);
  if (entry.frame === undefined || entry.number === undefined || entry.epoch === undefined) return;
  const now = clock.now();
  const day = Math.floor(now / DAY_MS);
  const kept = entry.erased === true ? [] : made;
  for (const { target, id } of kept) {
    const { device, identityKey } = target;
    tx.put(T.sent, K.sent(db, day, device, id), {
      account: entry.to,
      ...(accountKey === undefined ? {} : { accountKey }),
      device,
      identityKey,
      frame: entry.frame,
      id: entry.id,
      ...(entry.about === undefined ? {} : { about: entry.about }),
      at: now,
      count: 0,
    });
    const key = K.sentNumber(db, day, entry.to, device, epochText(entry.epoch), entry.number);
    tx.put(T.sentPointers, key, { envelope: id });
  }
  const message = entry.about ?? (entry.line === true ? entry.id : undefined);
  if (message === undefined) return;
  const [first] = made;
  if (first === undefined) return;
  const copies = kept.map(({ target, id }) => ({ device: target.device, envelope: id }));
  const own = entry.to === needs.own.value.account ? { own: true } : {};
  noteCopies(tx, db, now, message, first.id, { copies, ...own });
}
