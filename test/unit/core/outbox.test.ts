/** The outbox beside its transactions and locks: what is not committed does not leave, and nobody is left out for what happened meanwhile. */
import { randomBytes } from 'node:crypto';
import t, { type Test } from 'tap';
import { T } from '../../../client/core/db/stores.ts';
import { COMPOSE_TABLES, type Outgoing } from '../../../client/core/messages/outbox.ts';
import { ownEngine } from '../../../client/core/own-engine.ts';
import { SESSION_TABLES } from '../../../client/core/sessions/sessions.ts';
import { idOf, type MessageId } from '@tacet/protocol/ids';
import { makeOfflineOutbox, type OfflineOutbox } from '../../support/offline-outbox.ts';

/** An outbox that has been let loose. */
async function makeOutbox(t: Test): Promise<OfflineOutbox> {
  const made = await makeOfflineOutbox();
  t.teardown(() => made.outbox.stop());
  made.outbox.kickAll();
  return made;
}

/** A text to Ben. */
function textTo({ ben, ports }: OfflineOutbox): Outgoing {
  return {
    to: ben.id,
    content: { kind: 'text', body: { text: 'to Ben' } },
    id: idOf<MessageId>(new Uint8Array(randomBytes(16))),
    sentAt: ports.clock.now(),
  };
}

t.test('nothing leaves of what its transaction has not committed, whoever looks meanwhile', async (t) => {
  const made = await makeOutbox(t);
  const { db, outbox, background, asked } = made;
  const rolledBack = db.write(COMPOSE_TABLES, async (tx) => {
    outbox.add(tx, textTo(made));
    // As a connection that has just come would do.
    outbox.kickAll();
    for (let i = 0; i < 50; i += 1) await tx.get(T.outbox, [i]);
    throw new Error('the disk is full');
  });
  await t.rejects(rolledBack);
  await background.settled();
  t.strictSame(asked, []);
});

t.test('what is committed is on its way at once', async (t) => {
  const made = await makeOutbox(t);
  const { db, outbox, background, asked } = made;
  await db.write(COMPOSE_TABLES, async (tx) => outbox.add(tx, textTo(made)));
  await background.settled();
  t.ok(asked.length > 0);
});

t.test('a device whose session goes while its lock is waited for is not left out', async (t) => {
  const made = await makeOutbox(t);
  const { db, outbox, background, asked, sessions, ben, device, directory } = made;
  const listed = directory.deviceOf(ben.id, device(0))!;
  const identity = ben.identities[0]!;
  const publicKey = ownEngine.PrivateKey.generate().getPublicKey().serialize();
  const kyber = ownEngine.KEMKeyPair.generate().getPublicKey().serialize();
  const stores = await sessions.open(listed.device, listed.identityKey);
  await sessions.start(stores, {
    device: listed,
    signed: { id: 1, publicKey, signature: identity.sign(publicKey) },
    kyber: { id: 1, publicKey: kyber, signature: identity.sign(kyber) },
  });
  await db.write(SESSION_TABLES, async (tx) => sessions.commit(tx, stores));

  // A message of that device is worked off and asks for the session to be put aside, while a text to it is about to be encrypted.
  await sessions.locks.run([listed.device], async () => {
    await db.write(COMPOSE_TABLES, async (tx) => outbox.add(tx, textTo(made)));
    stores.archive();
    await db.write(SESSION_TABLES, async (tx) => sessions.commit(tx, stores));
    t.strictSame(asked, [], 'the session was there when it was looked for');
  });
  await background.settled();
  t.ok(asked.length > 0, 'a bundle is asked for');
  const rows = await db.read([T.outbox], (tx) => tx.range(T.outbox, {}));
  t.equal(rows.length, 1, 'and the text waits for it');
  t.equal(rows[0]?.value.number, undefined, 'without having taken a number');
});
