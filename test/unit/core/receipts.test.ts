/** Receipts that come while others are being sent. */
import { randomBytes } from 'node:crypto';
import t from 'tap';
import { decodeCbor } from '@tacet/protocol/cbor';
import { idBytes, idOf, type MessageId } from '@tacet/protocol/ids';
import { T } from '../../../client/core/db/stores.ts';
import { Receipts } from '../../../client/core/messages/receipts.ts';
import { makeOfflineOutbox } from '../../support/offline-outbox.ts';

t.test('a receipt is sent once, also when another comes while it is on its way to the outbox', async (t) => {
  const timers: (() => void)[] = [];
  const clock = {
    now: () => 1,
    after: (_delayMs: number, run: () => void) => {
      timers.push(run);
      return () => undefined;
    },
  };
  const { db, outbox, background, ports, ben } = await makeOfflineOutbox(clock);
  const receipts = new Receipts(db, clock, ports.random, background, outbox);
  const fire = (): void => timers.splice(0).forEach((run) => run());
  const messages = [1, 2, 3].map(() => idOf<MessageId>(new Uint8Array(randomBytes(16))));
  const add = (message: MessageId): Promise<void> =>
    db.write([T.receipts], async (tx) => {
      receipts.add(tx, 'delivered', ben.id, message);
      // The time of the next ones is over as soon as it has begun.
      tx.after(fire);
    });
  await add(messages[0]!);
  await Promise.all([add(messages[1]!), add(messages[2]!)]);
  await background.settled();
  fire();
  await background.settled();
  const rows = await db.read([T.outbox], (tx) => tx.range(T.outbox, {}));
  const told = rows.flatMap(({ value }) => (decodeCbor(value.body) as { messages: Uint8Array[] }).messages);
  const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
  t.strictSame(told.map(hex).toSorted(), messages.map((id) => hex(idBytes(id))).toSorted());
});
