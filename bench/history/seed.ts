/**
 * Fills the database of a signed-in browser with a long history, by core's own code: contacts in the account record, conversations,
 * lines and words as the inbox would write them. Runs in a page of its own on the server's origin, while the app is closed; never part
 * of what is shipped.
 */
import { openBrowserPorts } from '../../client/workers/browser-ports.ts';
import { openLocalDatabase } from '../../client/core/account/local.ts';
import { Conversations } from '../../client/core/conversations/conversations.ts';
import { LINE_TABLES } from '../../client/core/conversations/lines.ts';
import { T } from '../../client/core/db/stores.ts';
import { ready } from '@tacet/crypto';
import { encodeCbor, parseCbor } from '@tacet/protocol/cbor';
import { AccountRecord, type Contact } from '@tacet/protocol/content/record';
import { idOf, type AccountId, type MessageId } from '@tacet/protocol/ids';
import type { SeedPlan } from './seeding.ts';

const STEMS =
  'lantern river copper winter garden window letter engine harvest paper bridge station morning evening market kettle violin island orchard candle'.split(
    ' ',
  );
const ENDS = ['', 's', 'ed', 'ing', 'er', 'less', 'ful', 'ward', 'like', 'way'];
const LINES_AT_ONCE = 400;

/** The same sequence each time. */
function makeNumbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

function bytesOf(n: number, length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  new DataView(bytes.buffer).setUint32(0, n + 1);
  return bytes;
}

/** The account of the contact of a number. */
function contactOf(i: number): Contact {
  const id = bytesOf(i, 16);
  id[15] = 1;
  return {
    account: id,
    accountKey: new Uint8Array([5, ...bytesOf(i, 32)]),
    trust: 'by-invite',
    state: 'accepted',
    believedAt: 1,
    changedAt: 1,
    list: { counter: 1, hash: bytesOf(i, 32) },
    keysAt: 1,
    name: `Contact ${i + 1}`,
    username: `contact${i + 1}`,
  };
}

/** Fills the database. `progress` hears of messages written. */
export async function seed(plan: SeedPlan, progress: (written: number) => void): Promise<readonly string[]> {
  const ports = openBrowserPorts(new MessageChannel().port1);
  await ready({ random: ports.random, now: () => ports.clock.now() });
  const fault: unknown[] = [];
  const found = await openLocalDatabase(ports, (error) => fault.push(error));
  if (found.kind !== 'device') throw new Error('nobody is signed in here');
  const { db, own } = found;
  const ids: AccountId[] = [];
  await db.write([T.record], async (tx) => {
    const stored = await tx.get(T.record, 'record');
    if (stored === undefined) throw new Error('no account record');
    const record = parseCbor(AccountRecord, stored.plain);
    const contacts = Array.from({ length: plan.conversations }, (_, i) => contactOf(i));
    ids.push(...contacts.map(({ account }) => idOf<AccountId>(account)));
    // Not marked as changed: the server is not asked to keep them.
    tx.put(T.record, 'record', {
      ...stored,
      plain: encodeCbor({ ...record, contacts: [...record.contacts, ...contacts] }),
    });
  });
  const nobody = { touched: () => undefined, lineChanged: () => undefined };
  const conversations = await Conversations.load(db, ports.clock, nobody);
  const number = makeNumbers(7);
  let written = 0;
  const each = Math.floor((plan.messages - plan.first) / plan.conversations);
  for (const [i, account] of ids.entries()) {
    const count = i === 0 ? each + plan.first : each;
    for (let from = 0; from < count; from += LINES_AT_ONCE) {
      await db.write(LINE_TABLES, async (tx) => {
        for (let n = from; n < Math.min(count, from + LINES_AT_ONCE); n += 1) {
          const mine = number(3) === 0;
          const at = plan.until - (count - n) * plan.everyMs - i * 1_000;
          const words = Array.from(
            { length: 3 + number(14) },
            () => `${STEMS[number(STEMS.length)]}${ENDS[number(ENDS.length)]}`,
          );
          await conversations.addMessage(tx, account, {
            id: idOf<MessageId>(bytesOf(i * 1_000_000 + n, 16)),
            author: mine ? own.account : account,
            mine,
            text: `${words.join(' ')} n${n}`,
            sentAt: at,
            receivedAt: at,
            delivery: mine ? { kind: 'read', at } : { kind: 'delivered', at },
          });
        }
        const isEnd = from + LINES_AT_ONCE >= count;
        const unread = i === 0 ? plan.unread : 0;
        if (isEnd)
          await conversations.markRead(
            tx,
            account,
            (conversations.get(account)?.nextOrder ?? 1) - 1 - unread,
          );
      });
      written += Math.min(LINES_AT_ONCE, count - from);
      progress(written);
    }
  }
  db.close();
  if (fault.length > 0) throw new Error(`the database failed: ${String(fault[0])}`);
  return ids;
}

Object.assign(globalThis, { seed });
