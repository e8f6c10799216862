/** Receipts that come while others are being sent, or wait in the outbox. */
import { randomBytes } from 'node:crypto';
import t from 'tap';
import { decodeCbor } from '@tacet/protocol/cbor';
import { RECEIPT_MAX } from '@tacet/protocol/content/receipt';
import { idOf, type MessageId } from '@tacet/protocol/ids';
import { T } from '../../../client/core/db/stores.ts';
import { COMPOSE_TABLES } from '../../../client/core/messages/outbox.ts';
import { Receipts } from '../../../client/core/messages/receipts.ts';
import { makeOfflineOutbox } from '../../support/offline-outbox.ts';

/** Receipts for Ben over an outbox that nothing leaves but by `leave`. */
async function makeReceipts() {
  const timers: (() => void)[] = [];
  const clock = {
    now: () => 1,
    after: (_delayMs: number, run: () => void) => {
      timers.push(run);
      return () => undefined;
    },
  };
  const { db, outbox, background, ports, ben } = await makeOfflineOutbox(clock);
  const open = (): Receipts => new Receipts(db, clock, ports.random, background, outbox);
  let receipts = open();
  /** The time of what is gathered is over. */
  const fire = (): void => timers.splice(0).forEach((run) => run());

  async function add(message: MessageId, after: () => void = () => undefined): Promise<void> {
    await db.write([T.receipts], async (tx) => {
      receipts.add(tx, 'delivered', ben.id, message);
      tx.after(after);
    });
  }

  async function pass(): Promise<void> {
    fire();
    await background.settled();
  }

  /** The messages of each entry that waits. */
  async function waiting(): Promise<readonly (readonly MessageId[])[]> {
    const rows = await db.read([T.outbox], (tx) => tx.range(T.outbox, {}));
    return rows.map(({ value }) =>
      (decodeCbor(value.body) as { messages: Uint8Array[] }).messages.map((id) => idOf<MessageId>(id)),
    );
  }

  /** Everything that waits goes. */
  const leave = (): Promise<void> => db.write(COMPOSE_TABLES, (tx) => outbox.withdraw(tx, ben.id));

  /** Lets entry after entry leave until none is left; gives the messages of each. */
  async function leaveAll(): Promise<readonly (readonly MessageId[])[]> {
    const left: (readonly MessageId[])[] = [];
    for (;;) {
      const entries = await waiting();
      if (entries.length === 0) return left;
      left.push(...entries);
      await leave();
      await pass();
    }
  }

  async function restart(): Promise<void> {
    receipts.stop();
    receipts = open();
    await receipts.load();
  }

  return { restart, add, fire, pass, waiting, leaveAll };
}

function newIds(count: number): readonly MessageId[] {
  return Array.from({ length: count }, () => idOf<MessageId>(new Uint8Array(randomBytes(16))));
}

t.test('a receipt is sent once, also when another comes while it is on its way to the outbox', async (t) => {
  const { add, fire, pass, leaveAll } = await makeReceipts();
  const messages = newIds(3);
  // The time of the next ones is over as soon as it has begun.
  await add(messages[0]!, fire);
  await Promise.all([add(messages[1]!, fire), add(messages[2]!, fire)]);
  await pass();
  const told = (await leaveAll()).flat();
  t.strictSame(told.toSorted(), messages.toSorted());
});

t.test('however many come while nothing leaves, one entry waits, and all of them leave', async (t) => {
  const { add, pass, waiting, leaveAll } = await makeReceipts();
  const messages = newIds(RECEIPT_MAX + 12);
  for (const message of messages.slice(0, 10)) {
    await add(message);
    await pass();
  }
  t.equal((await waiting()).length, 1);
  await Promise.all(messages.slice(10).map((message) => add(message)));
  await pass();
  t.equal((await waiting()).length, 1);
  const left = await leaveAll();
  t.strictSame(
    left.map(({ length }) => length),
    [1, RECEIPT_MAX, 11],
  );
  t.strictSame(left.flat().toSorted(), messages.toSorted());
});

t.test('what waits behind an entry when the device stops leaves after the next start', async (t) => {
  const { restart, add, pass, waiting, leaveAll } = await makeReceipts();
  const messages = newIds(2);
  for (const message of messages) {
    await add(message);
    await pass();
  }
  t.equal((await waiting()).length, 1);
  await restart();
  await pass();
  t.equal((await waiting()).length, 1);
  t.strictSame((await leaveAll()).flat().toSorted(), messages.toSorted());
});
