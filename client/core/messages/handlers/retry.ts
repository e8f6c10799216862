/**
 * Somebody could not read a content, or misses numbers, or has not heard of them at all. Sent again is only what went to that same device,
 * its key and the account key of today, at most three times and seven days back, and never to strangers: what was held back for a changed
 * key does not leave this way. The session is put aside only if the request names its current ratchet key, and a few times a day. Where
 * nothing is sent again for an envelope, that is said.
 */
import { encodeB64u, equalBytes } from '@tacet/protocol/bytes';
import type { Link } from '@tacet/protocol/content/frame';
import type { Retry } from '@tacet/protocol/content/retry';
import { idBytes, idOf, type DeviceId, type EnvelopeId, type MessageId } from '@tacet/protocol/ids';
import type { DbKey } from '../../ports.ts';
import { K, T } from '../../db/stores.ts';
import type { SentRecord } from '../../db/stored-sending.ts';
import { isWithinDay } from '../../people/within-day.ts';
import { countRenewal } from '../asking.ts';
import { copyDays, REPAIR_DAYS } from '../copies.ts';
import { noteNothing } from '../unreadable.ts';
import type { Handling } from './handling.ts';

const DAY_MS = 24 * 60 * 60_000;
const REPAIRS_MOST = 3;
/** How long a content that the server has taken may be on its way, while its recipient writes himself. */
const UNSEEN_AFTER_MS = 10 * 60_000;
/** Unseen numbers that one content makes this device send again, and look at. */
const UNSEEN_MOST = 16;
const LOOK_MOST = 3 * UNSEEN_MOST;

/** What sending again needs of what an incoming content is handled with. */
export type RepairNeeds = Pick<
  Handling,
  'tx' | 'db' | 'clock' | 'random' | 'own' | 'account' | 'device' | 'identityKey' | 'outbox' | 'directory'
>;

/**
 * What became of a wish to have something again. `refused`: it was sent often enough, is too old, or went under another key. `recent`: it
 * may still be on its way, and stays. `unkept`: there is no copy of it.
 */
type Repair = 'done' | 'refused' | 'recent' | 'unkept';

/** Sends something again within the bounds, unless it was last sent after `before`, ms. */
async function repair(handling: RepairNeeds, envelope: EnvelopeId, before = Infinity): Promise<Repair> {
  const { tx, db, clock, account, device, identityKey, outbox, directory } = handling;
  const accountKey = directory.keyOf(account);
  for (const day of await copyDays(tx, clock.now())) {
    const key: DbKey = K.sent(db, day, device, envelope);
    const record = await tx.get(T.sent, key);
    if (record === undefined) continue;
    const lastAt = Math.max(record.at, record.againAt ?? 0);
    // What a clock wrote that ran ahead is not recent.
    if (lastAt > before && lastAt <= clock.now()) return 'recent';
    const isSame =
      record.account === account &&
      record.device === device &&
      equalBytes(record.identityKey, identityKey) &&
      accountKey !== undefined &&
      equalBytes(record.accountKey ?? accountKey, accountKey);
    const isOld = record.at + REPAIR_DAYS * DAY_MS < clock.now();
    if (!isSame || isOld || record.count >= REPAIRS_MOST) return 'refused';
    tx.put(T.sent, key, { ...record, count: record.count + 1, againAt: clock.now() });
    outbox.addRepair(tx, record, envelope);
    return 'done';
  }
  return 'unkept';
}

/** The copy of what went to this device under a number of the own chain, if it is kept. */
export async function findSent(
  { tx, db, clock, account, device }: Pick<RepairNeeds, 'tx' | 'db' | 'clock' | 'account' | 'device'>,
  epoch: string,
  number: number,
): Promise<{ readonly envelope: EnvelopeId; readonly record: SentRecord } | undefined> {
  for (const day of await copyDays(tx, clock.now())) {
    const pointer = await tx.get(T.sentPointers, K.sentNumber(db, day, account, device, epoch, number));
    if (pointer === undefined) continue;
    const record = await tx.get(T.sent, K.sent(db, day, device, pointer.envelope));
    if (record !== undefined) return { envelope: pointer.envelope, record };
  }
  return undefined;
}

/** Sends what went to this device under a number of the own chain again, as `repair` does. */
export async function repairNumber(
  handling: RepairNeeds,
  epoch: string,
  number: number,
  before?: number,
): Promise<Repair> {
  const { tx, db, clock, account, device } = handling;
  for (const day of await copyDays(tx, clock.now())) {
    const pointer =
      (await tx.get(T.sentPointers, K.sentNumber(db, day, account, device, epoch, number))) ??
      (await tx.get(T.sentPointers, K.sentNumberBefore(db, day, device, epoch, number)));
    if (pointer !== undefined) return repair(handling, pointer.envelope, before);
  }
  return 'unkept';
}

/**
 * Each durable content says how far its sender has read the own numbers. What he should have had long before he wrote goes to him again,
 * so that a server which drops one direction is found out by the next word in the other. The newest content of a device alone is believed.
 */
export async function repairUnseen(handling: Handling, { seen }: Link): Promise<void> {
  const { tx, db, clock, account, device, own, standing, frame } = handling;
  if (standing === 'stranger') return;
  const chain = await tx.get(T.outChains, K.outChain(db, account));
  const start = chain?.starts.find((each) => each.device === device);
  if (chain === undefined || start === undefined || !equalBytes(chain.epoch, own.value.epoch)) return;
  const told = seen.find(
    (each) => idOf<DeviceId>(each.device) === own.value.device && equalBytes(each.epoch, chain.epoch),
  );
  const first = Math.max(told?.number ?? 0, start.number - 1) + 1;
  const last = Math.min(chain.number, first + LOOK_MOST - 1);
  const before = Math.min(clock.now(), frame.sentAt) - UNSEEN_AFTER_MS;
  const epoch = encodeB64u(chain.epoch);
  let again = 0;
  for (let number = first; number <= last && again < UNSEEN_MOST; number += 1) {
    const repaired = await repairNumber(handling, epoch, number, before);
    if (repaired === 'recent') return;
    if (repaired === 'done') again += 1;
    if (repaired !== 'unkept') continue;
    // It was deleted or is too old, and may be missing there for ever. The newest alone shows him what is missing, and he asks for it:
    // once a day, as a number that nobody has any more is shown as unread with everything that he ever writes.
    const { nudgedAt = 0 } = start;
    if (number === chain.number || (nudgedAt > clock.now() - DAY_MS && nudgedAt <= clock.now())) return;
    if ((await repairNumber(handling, epoch, chain.number, before)) !== 'done') return;
    const starts = chain.starts.map((each) => (each === start ? { ...each, nudgedAt: clock.now() } : each));
    tx.put(T.outChains, K.outChain(db, account), { ...chain, starts });
    return;
  }
}

/** Handles a retry request, or the answer to one. */
export async function handleRetry(handling: Handling, body: Retry): Promise<void> {
  const { tx, account, device, standing, stores, sessions } = handling;
  if (standing === 'stranger') return;
  if (body.what === 'nothing') {
    const { epoch, number } = body;
    const envelope = idOf<EnvelopeId>(body.envelope);
    await noteNothing(handling, tx, account, device, { envelope, epoch, number });
    return;
  }
  if (body.what === 'envelope' && body.ratchetKey !== undefined) {
    const key = sessions.publicKey(body.ratchetKey);
    const isCurrent = key !== undefined && stores.currentRatchetKeyMatches(key);
    if (isCurrent && isWithinDay(handling, tx, account, 'repairs')) {
      stores.archive();
      countRenewal(handling, tx, account);
    }
  }
  await sendAgain(handling, body);
}

/** Sends again what a request asks for, within the bounds; the transaction holds `T.outChains` and `T.people`. */
export async function sendAgain(
  needs: RepairNeeds,
  body: Exclude<Retry, { readonly what: 'nothing' }>,
): Promise<void> {
  if (body.what === 'envelope') {
    const envelope = idOf<EnvelopeId>(body.envelope);
    if ((await repair(needs, envelope)) !== 'done') await sayNothing(needs, envelope);
    return;
  }
  const epoch = encodeB64u(body.epoch);
  for (const number of body.numbers) await repairNumber(needs, epoch, number);
}

/** Says that there is nothing to be sent again for an envelope, and how far the own numbering has come: a few times a day. */
async function sayNothing(needs: RepairNeeds, envelope: EnvelopeId): Promise<void> {
  const { tx, db, clock, random, account, device, own, outbox } = needs;
  if (!isWithinDay(needs, tx, account, 'nothings')) return;
  const { epoch } = own.value;
  const chain = await tx.get(T.outChains, K.outChain(db, account));
  const number = chain !== undefined && equalBytes(chain.epoch, epoch) ? chain.number : 0;
  outbox.add(tx, {
    to: account,
    content: { kind: 'retry', body: { what: 'nothing', envelope: idBytes(envelope), epoch, number } },
    id: idOf<MessageId>(random(16)),
    sentAt: clock.now(),
    only: device,
  });
}
