/** The lines about what could not be read: each goes with its own repair, or when nothing that was numbered can have been lost with it. */
import { randomBytes } from 'node:crypto';
import t from 'tap';
import { parseContent } from '@tacet/protocol/content/index';
import { idBytes, idOf, type DeviceId, type EnvelopeId } from '@tacet/protocol/ids';
import { K, T } from '../../../client/core/db/stores.ts';
import type { InChain } from '../../../client/core/db/stored-sending.ts';
import { LINE_TABLES } from '../../../client/core/conversations/lines.ts';
import { Asking } from '../../../client/core/messages/asking.ts';
import { sendAgain } from '../../../client/core/messages/handlers/retry.ts';
import { epochText } from '../../../client/core/messages/chain.ts';
import {
  askAgain,
  noteNothing,
  noteUnreadable,
  settleCounted,
  settleRepaired,
} from '../../../client/core/messages/unreadable.ts';
import { makeOfflineOutbox } from '../../support/offline-outbox.ts';

const TABLES = [...LINE_TABLES, T.people, T.inChains, T.outChains, T.outbox, T.sent];

/** Ben's device, two envelopes of it that could not be read, and a chain that has come up to number 3. */
async function makeScene() {
  const made = await makeOfflineOutbox();
  const { db, conversations, directory, ben, outbox } = made;
  const device = directory.deviceOf(ben.id, made.device(0))!.device;
  const envelopes = [0, 1].map(() => idOf<EnvelopeId>(new Uint8Array(randomBytes(16))));
  const chain: InChain = {
    device,
    epoch: new Uint8Array(16).fill(7),
    contiguous: 3,
    highest: 3,
    missing: [],
    heads: [],
  };
  const orders: number[] = [];
  await db.write(TABLES, async (tx) => {
    for (const envelope of envelopes) {
      const order = conversations.addEvent(tx, ben.id, { what: 'unreadable', asked: true });
      orders.push(order);
      noteUnreadable(made, tx, ben.id, { device, order, envelope });
    }
    tx.put(T.inChains, K.inChain(db, ben.id, device, epochText(chain.epoch)), chain);
  });
  /** Which of the two lines are there. */
  const shown = (): Promise<readonly boolean[]> =>
    db.write(TABLES, (tx) =>
      Promise.all(
        orders.map(async (order) => (await conversations.lines.lineIn(tx, ben.id, order)) !== undefined),
      ),
    );
  const come = (contiguous: number, epoch = chain.epoch): Promise<void> =>
    db.write(TABLES, (tx) => settleCounted(made, tx, ben.id, device, { ...chain, epoch, contiguous }));
  /** Ben's device answers that it has nothing to send again, `number` being its last. */
  const sayNothing = (envelope: EnvelopeId, number: number, epoch = chain.epoch): Promise<void> =>
    db.write(TABLES, (tx) => noteNothing(made, tx, ben.id, device, { envelope, epoch, number }));
  return { ...made, device, envelopes, shown, come, sayNothing, stop: () => outbox.stop() };
}

t.test('a line goes with the repair of its own envelope and with nothing else', async (t) => {
  const { db, ben, device, envelopes, shown, come, stop, ...made } = await makeScene();
  const repaired = (from: typeof device, envelope: EnvelopeId): Promise<void> =>
    db.write(TABLES, (tx) => settleRepaired({ ...made, db }, tx, ben.id, from, envelope));
  await come(9);
  t.strictSame(await shown(), [true, true], 'numbers that come without a gap are other messages');
  await repaired(device, idOf<EnvelopeId>(new Uint8Array(randomBytes(16))));
  await repaired(idOf<DeviceId>(new Uint8Array(randomBytes(16))), envelopes[1]!);
  t.strictSame(await shown(), [true, true], 'of another envelope, or by another device');
  await repaired(device, envelopes[1]!);
  t.strictSame(await shown(), [true, false]);
  await repaired(device, envelopes[1]!);
  t.strictSame(await shown(), [true, false], 'twice is as once');
  stop();
});

t.test('a line goes once everything has come that was numbered before the sender had nothing', async (t) => {
  const { envelopes, shown, come, sayNothing, stop } = await makeScene();
  await sayNothing(envelopes[0]!, 3);
  t.strictSame(await shown(), [false, true], 'all three are here');
  await sayNothing(envelopes[1]!, 5);
  t.strictSame(await shown(), [false, true], 'two of five are missing');
  await come(4);
  t.strictSame(await shown(), [false, true], 'one of five is');
  await come(5);
  t.strictSame(await shown(), [false, false]);
  stop();
});

t.test(
  'who is asked for what he has not kept says so, and how far his numbering has come, a few times a day',
  async (t) => {
    const { device, envelopes, own, ports, stop, ...made } = await makeScene();
    const { db, ben } = made;
    const { epoch } = own.value;
    const { identityKey } = made.directory.deviceOf(ben.id, device)!;
    const ask = (envelope: EnvelopeId): Promise<void> =>
      db.write(TABLES, (tx) => {
        const needs = { ...made, ...ports, own, tx, account: ben.id, device, identityKey };
        return sendAgain(needs, { what: 'envelope', envelope: idBytes(envelope) });
      });
    await db.write(TABLES, async (tx) =>
      tx.put(T.outChains, K.outChain(db, ben.id), { epoch, number: 4, previous: epoch, starts: [] }),
    );
    await ask(envelopes[0]!);
    const rows = await db.read([T.outbox], (tx) => tx.range(T.outbox, {}));
    t.match(rows, [{ value: { kind: 'retry', only: device, durable: false } }]);
    const told = parseContent({ v: 1, kind: 'retry', critical: false, body: rows[0]!.value.body });
    t.same(told, {
      kind: 'retry',
      body: { what: 'nothing', envelope: idBytes(envelopes[0]!), epoch, number: 4 },
    });
    for (let more = 0; more < 30; more += 1) await ask(idOf<EnvelopeId>(new Uint8Array(randomBytes(16))));
    t.equal((await db.read([T.outbox], (tx) => tx.range(T.outbox, {}))).length, 20);
    stop();
  },
);

t.test(
  'in an epoch of which nothing has come nothing is sure: its first number tells what the one before lacks',
  async (t) => {
    const { envelopes, shown, come, sayNothing, stop } = await makeScene();
    const next = new Uint8Array(16).fill(8);
    await sayNothing(envelopes[0]!, 0, next);
    t.strictSame(await shown(), [true, true]);
    await come(1, next);
    t.strictSame(await shown(), [false, true]);
    stop();
  },
);

t.test(
  'what gets no answer is asked for again on other days, seven times, and leaves room for what is new',
  async (t) => {
    const { db, ben, device, envelopes, sayNothing, ports, stop, ...made } = await makeScene();
    const { clock, random } = ports;
    let days = 0;
    const then = { ...clock, now: (): number => clock.now() + days * 25 * 60 * 60_000 };
    const asking = new Asking({ ...made, random, clock: then });
    const asked = async (): Promise<number> =>
      (await db.read([T.outbox], (tx) => tx.keys(T.outbox, {}))).length;
    const hear = async (from = device): Promise<number> => {
      const before = await asked();
      await db.write(TABLES, async (tx) => askAgain({ ...made, db, clock: then }, tx, ben.id, from, asking));
      return (await asked()) - before;
    };
    t.equal(await hear(idOf<DeviceId>(new Uint8Array(randomBytes(16)))), 0, 'of another device');
    t.equal(await hear(), envelopes.length, 'stored before it was noted when');
    t.equal(await hear(), 0, 'once a day');
    await sayNothing(envelopes[0]!, 5);
    for (days = 1; days < 7; days += 1) t.equal(await hear(), 1, 'what was answered waits for its numbers');
    t.equal(await hear(), 0, 'as long as copies are kept');

    days = 20;
    await db.write(TABLES, async (tx) => {
      for (let more = 0; more < 30; more += 1) {
        const envelope = idOf<EnvelopeId>(new Uint8Array(randomBytes(16)));
        const order = made.conversations.addEvent(tx, ben.id, { what: 'unreadable', asked: true });
        noteUnreadable({ ...made, db }, tx, ben.id, { device, order, envelope });
      }
    });
    t.equal(await hear(), 10);
    await db.write(TABLES, async (tx) => {
      for (let more = 0; more < 10; more += 1) t.ok(asking.mayAsk(tx, ben.id));
      t.notOk(asking.mayAsk(tx, ben.id));
    });
    stop();
  },
);
