/** Requests to send again: to whom something goes, and to whom no more. */
import { randomBytes } from 'node:crypto';
import t from 'tap';
import { PrivateKey } from '@tacet/crypto';
import { encodeB64u } from '@tacet/protocol/bytes';
import { idBytes, idOf, type AccountId, type EnvelopeId, type MessageId } from '@tacet/protocol/ids';
import { K, T } from '../../../client/core/db/stores.ts';
import { DIRECTORY_TABLES } from '../../../client/core/people/directory.ts';
import { Asking } from '../../../client/core/messages/asking.ts';
import { sendAgain } from '../../../client/core/messages/handlers/retry.ts';
import { makeOfflineOutbox } from '../../support/offline-outbox.ts';

const DAY_MS = 24 * 60 * 60_000;

/** Something that went to a device of Ben's, and Ben asking for it again: gives how many repairs wait then. */
async function makeSent(
  scene: Awaited<ReturnType<typeof makeOfflineOutbox>>,
): Promise<() => Promise<number>> {
  const { db, directory, ben, device, ports } = scene;
  const { clock } = ports;
  const envelope = idOf<EnvelopeId>(new Uint8Array(randomBytes(16)));
  const listed = directory.deviceOf(ben.id, device(0))!;
  const { identityKey } = listed;
  const accountKey = directory.keyOf(ben.id)!;
  await db.write([T.sent], async (tx) =>
    tx.put(T.sent, K.sent(db, Math.floor(clock.now() / DAY_MS), listed.device, envelope), {
      account: ben.id,
      accountKey,
      device: listed.device,
      identityKey,
      frame: new Uint8Array(10),
      id: idOf<MessageId>(new Uint8Array(randomBytes(16))),
      at: clock.now(),
      count: 0,
    }),
  );
  return () =>
    db.write([T.sent, T.outbox, T.outChains, T.people], async (tx) => {
      const { random } = ports;
      const handling = { ...scene, clock, random, tx, account: ben.id, device: listed.device, identityKey };
      const body = { what: 'envelope', envelope: idBytes(envelope) } as const;
      await sendAgain(handling, body);
      const rows = await tx.range(T.outbox, {});
      const repairs = rows.filter(({ value }) => value.kind === 'repair');
      if (!repairs.every(({ value }) => value.repairs === envelope)) throw new Error('a repair of nothing');
      return repairs.length;
    });
}

t.test('the same thing is sent again three times and no more, however often it is asked for', async (t) => {
  const scene = await makeOfflineOutbox();
  const ask = await makeSent(scene);
  const waiting: number[] = [];
  for (let i = 0; i < 6; i += 1) waiting.push(await ask());
  t.strictSame(waiting, [1, 2, 3, 3, 3, 3]);
  scene.outbox.stop();
});

t.test(
  'who lists a device under the name of another’s gets and hides nothing of what went to that one',
  async (t) => {
    const scene = await makeOfflineOutbox();
    const { db, directory, ben, device, ports } = scene;
    const { clock } = ports;
    const listed = directory.deviceOf(ben.id, device(0))!;
    const day = Math.floor(clock.now() / DAY_MS);
    const epoch = new Uint8Array(randomBytes(16));
    const mallory = {
      account: idOf<AccountId>(new Uint8Array(randomBytes(16))),
      identityKey: PrivateKey.generate().getPublicKey().serialize(),
    };
    const envelopes = [ben.id, mallory.account].map((account) => ({
      account,
      envelope: idOf<EnvelopeId>(new Uint8Array(randomBytes(16))),
    }));
    // The same number of one epoch went to both, under one name of a device.
    await db.write([T.sent, T.sentPointers], async (tx) => {
      for (const { account, envelope } of envelopes) {
        tx.put(T.sent, K.sent(db, day, listed.device, envelope), {
          account,
          device: listed.device,
          identityKey: account === ben.id ? listed.identityKey : mallory.identityKey,
          frame: new Uint8Array(10),
          id: idOf<MessageId>(new Uint8Array(randomBytes(16))),
          at: clock.now(),
          count: 0,
        });
        const key = K.sentNumber(db, day, account, listed.device, encodeB64u(epoch), 1);
        tx.put(T.sentPointers, key, { envelope });
      }
    });
    const ask = (account: AccountId, identityKey: Uint8Array): Promise<readonly AccountId[]> =>
      db.write([T.sent, T.outbox], async (tx) => {
        const { random } = ports;
        const handling = { ...scene, clock, random, tx, account, device: listed.device, identityKey };
        const body: Parameters<typeof sendAgain>[1] = { what: 'missing', epoch, numbers: [1] };
        await sendAgain(handling, body);
        return (await tx.range(T.outbox, {})).map(({ value }) => value.to);
      });
    t.strictSame(await ask(mallory.account, mallory.identityKey), [], 'a key that nobody knows gets nothing');
    t.strictSame(await ask(ben.id, listed.identityKey), [ben.id], 'and Ben what is his');
    scene.outbox.stop();
  },
);

t.test('twenty repairs a day are asked of one person, and as many the next day', async (t) => {
  const scene = await makeOfflineOutbox();
  const { db, outbox, directory, ports, ben } = scene;
  let skew = 0;
  const clock = { ...ports.clock, now: () => 1_000 * DAY_MS + skew };
  const asking = new Asking({ clock, random: ports.random, directory, outbox });
  const granted = (): Promise<number> =>
    db.write(
      [T.people],
      async (tx) => Array.from({ length: 30 }, () => asking.mayAsk(tx, ben.id)).filter(Boolean).length,
    );
  t.equal(await granted(), 20);
  t.equal(await granted(), 0);
  skew = DAY_MS;
  t.equal(await granted(), 20);
  outbox.stop();
});

t.test('what went out under one account key is not sent again under another', async (t) => {
  const scene = await makeOfflineOutbox();
  const { db, outbox, directory, record, ben } = scene;
  const ask = await makeSent(scene);
  t.equal(await ask(), 1, 'to the same device and keys it goes again');

  // The same device goes on under a new account key, as after a reset.
  const key = PrivateKey.generate();
  const changed = directory.judge(ben.entry(ben.list(4, 1, undefined, key), key), 'server');
  await db.write(DIRECTORY_TABLES, async (tx) => directory.commit(tx, changed));
  t.strictSame(record.contact(ben.id)?.accountKey, key.getPublicKey().serialize());
  t.equal(await ask(), 1, 'and then no more');
  outbox.stop();
});
