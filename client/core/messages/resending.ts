/**
 * After a restore of the server: what this device has sent since the backup and was not told to have arrived goes again, under the numbers
 * that it has. Who has it already recognises the number; the bounds of every repair hold.
 */
import { encodeB64u, equalBytes } from '@tacet/protocol/bytes';
import { idOf, type AccountId } from '@tacet/protocol/ids';
import { LINE_TABLES } from '../conversations/lines.ts';
import type { WriteTx } from '../db/sealed.ts';
import { K, T } from '../db/stores.ts';
import type { OutChain } from '../db/stored-sending.ts';
import type { ListedDevice } from '../device-lists.ts';
import type { Services } from '../services.ts';
import { findSent, repairNumber } from './handlers/retry.ts';

/** Clocks differ, and what was on its way when the backup was made is not in it either. */
const BEFORE_MS = 60 * 60_000;
/** Contents of one device that are looked at, the newest first: a busy day. */
const LOOK_MOST = 1_000;

/** Sends again what was sent after `since`, ms, by the server's clock. */
export async function resendUnconfirmed(services: Services, since: number): Promise<void> {
  const { record, own } = services;
  const contacts = record.contacts
    .filter(({ state }) => state === 'accepted')
    .map(({ account }) => idOf<AccountId>(account));
  for (const account of [own.value.account, ...contacts]) await resendTo(services, account, since);
}

async function resendTo(services: Services, account: AccountId, since: number): Promise<void> {
  const { db, own, directory } = services;
  const tables = [T.sent, T.outbox, T.outChains, ...LINE_TABLES];
  await db.write(tables, async (tx) => {
    const chain = await tx.get(T.outChains, K.outChain(db, account));
    if (chain === undefined || !equalBytes(chain.epoch, own.value.epoch)) return;
    for (const { device, number } of chain.starts) {
      const listed = directory.deviceOf(account, device);
      if (listed === undefined || device === own.value.device) continue;
      await resendToDevice(services, tx, account, listed, chain, { first: number, since });
    }
  });
}

async function resendToDevice(
  services: Services,
  tx: WriteTx,
  account: AccountId,
  { device, identityKey }: ListedDevice,
  chain: OutChain,
  { first, since }: { readonly first: number; readonly since: number },
): Promise<void> {
  const needs = { ...services, tx, account, device, identityKey };
  const epoch = encodeB64u(chain.epoch);
  const open: number[] = [];
  const least = Math.max(first, chain.number - LOOK_MOST + 1);
  for (let number = chain.number; number >= least; number -= 1) {
    const found = await findSent(needs, epoch, number);
    if (found === undefined) continue;
    if (found.record.at < since - BEFORE_MS) break;
    const { conversations, own } = services;
    const place = await conversations.lines.placeOf(tx, own.value.account, found.record.id);
    const line =
      place === undefined ? undefined : await conversations.lines.storedIn(tx, place.account, place.order);
    if (line?.heard?.some((heard) => heard.device === device) !== true) open.push(number);
  }
  for (const number of open.reverse()) await repairNumber(needs, epoch, number);
}
