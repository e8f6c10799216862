/** The outbox beside its transactions and locks: what is not committed does not leave, and nobody is left out for what happened meanwhile. */
import { randomBytes } from 'node:crypto';
import t, { type Test } from 'tap';
import { PrivateKey } from '@tacet/crypto';
import { T } from '../../../client/core/db/stores.ts';
import type { OutboxEntry } from '../../../client/core/db/stored-sending.ts';
import { DIRECTORY_TABLES } from '../../../client/core/people/directory.ts';
import { nameOfKey } from '../../../client/core/key-name.ts';
import { draftOf } from '../../../client/core/messages/frames.ts';
import { COMPOSE_TABLES } from '../../../client/core/messages/outbox.ts';
import { OutboxQueue } from '../../../client/core/messages/outbox-queue.ts';
import type { Outgoing, Passed } from '../../../client/core/messages/outgoing.ts';
import { ownEngine } from '../../../client/core/own-engine.ts';
import { SESSION_TABLES } from '../../../client/core/sessions/sessions.ts';
import { CONTENT_VERSION } from '@tacet/protocol/content/frame';
import { encodeBody, parseContent } from '@tacet/protocol/content/index';
import { idBytes, idOf, type EnvelopeId, type MessageId } from '@tacet/protocol/ids';
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

/** A text to Ben that was written under another key than his, and waits unless told otherwise. `more`: what it is besides. */
async function holdOne(made: OfflineOutbox, more: Partial<OutboxEntry> = {}): Promise<OutboxEntry> {
  const { to, content, id, sentAt } = textTo(made);
  const entry: OutboxEntry = {
    seq: 1,
    to,
    ...draftOf(content),
    id,
    sentAt,
    line: true,
    held: true,
    under: new Uint8Array(33),
    ...more,
  };
  await made.db.write([T.outbox], async (tx) => tx.put(T.outbox, [entry.seq], entry));
  await made.outbox.load();
  return entry;
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

t.test('what has its number leaves first, and what a person has written passes what has none', async (t) => {
  const made = await makeOfflineOutbox();
  const { db, ben } = made;
  const { id, sentAt, to } = textTo(made);
  const waiting = (seq: number, kind: string, number?: number): OutboxEntry => ({
    seq,
    to,
    id,
    sentAt,
    kind,
    body: new Uint8Array(0),
    durable: number !== undefined,
    critical: false,
    ...(number === undefined ? {} : { number }),
  });
  /** The entries that leave until nothing is left that may: their places in the queue. */
  const order = async (
    passed: Passed | undefined,
    entries: readonly OutboxEntry[],
  ): Promise<readonly number[]> => {
    const queue = new OutboxQueue();
    return db.write([T.outbox], async (tx) => {
      for (const entry of entries) queue.push(tx, entry, () => undefined);
      const left: number[] = [];
      for (let next = queue.next(ben.id, passed); next; next = queue.next(ben.id, passed)) {
        left.push(next.seq);
        queue.remove(tx, next);
      }
      return left;
    });
  };
  const receipts = [waiting(1, 'delivered'), waiting(2, 'read')];
  t.strictSame(await order('unwritten', receipts), [], 'nobody has written any of it');
  t.strictSame(await order('unwritten', [...receipts, waiting(3, 'text'), waiting(4, 'delivered')]), [3]);
  const numbered = [
    waiting(1, 'delivered'),
    waiting(2, 'profile', 7),
    waiting(3, 'text'),
    waiting(4, 'edit'),
  ];
  t.strictSame(await order('unwritten', numbered), [2, 3, 4], 'nothing shows as missing');
  t.strictSame(await order('unwritten', numbered.slice(0, 2)), [], 'and is not carried for nothing');
  const tried = [waiting(1, 'delivered'), waiting(2, 'text', 8), waiting(3, 'profile')];
  t.strictSame(
    await order(undefined, tried),
    [2, 1, 3],
    'what was tried goes before what would get a later number',
  );
  t.strictSame(await order('receipts', tried), [2, 3], 'receipts that wait keep nothing else waiting');
  t.strictSame(await order('receipts', receipts), []);
});

t.test('what is tried while the connection comes is tried again over it', async (t) => {
  // No time passes: nothing is tried again for having waited.
  const made = await makeOfflineOutbox({ now: () => Date.now(), after: () => () => undefined });
  const { db, outbox, background, asked } = made;
  t.teardown(() => outbox.stop());
  await db.write(COMPOSE_TABLES, async (tx) => outbox.add(tx, textTo(made)));
  outbox.kickAll();
  await background.settled();
  const { length: once } = asked;
  t.ok(once > 0);
  outbox.kickAll();
  outbox.kickAll();
  // The second follows the first.
  for (let i = 0; i < 2; i += 1) await background.settled();
  t.equal(asked.length, 3 * once);
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

t.test('a held message that was made ready is not held any more once it is deleted', async (t) => {
  const made = await makeOfflineOutbox();
  const { db, outbox, ben } = made;
  t.teardown(() => outbox.stop());
  const { id } = await holdOne(made, { frame: new Uint8Array(8), envelopes: [] });
  t.equal(outbox.held.of(ben.id).length, 1);
  await db.write(COMPOSE_TABLES, async (tx) => outbox.erase(tx, ben.id, id));
  t.strictSame(outbox.held.of(ben.id), [], 'no later word of the person sends it');
  t.strictSame(await db.read([T.outbox], (tx) => tx.range(T.outbox, {})), []);
});

t.test('a held reply whose quoted words are erased stays held, without them', async (t) => {
  const made = await makeOfflineOutbox();
  const { db, outbox, ben } = made;
  t.teardown(() => outbox.stop());
  const message = new Uint8Array(randomBytes(16));
  const reply = { author: idBytes(ben.id), message, text: 'quoted words' };
  const body = encodeBody({ kind: 'text', body: { text: 'hello', reply } });
  const { id } = await holdOne(made, { body });
  await db.write(COMPOSE_TABLES, (tx) => outbox.unquote(tx, ben.id, id));
  const [held] = outbox.held.of(ben.id);
  t.equal(held?.id, id);
  const content = parseContent({ v: CONTENT_VERSION, kind: 'text', critical: true, body: held!.body });
  t.match(content, { kind: 'text', body: { text: 'hello', reply: { message, text: '' } } });
});

/** An edit of a message to Ben. */
function editOf(made: OfflineOutbox, id: MessageId): Outgoing {
  return {
    ...textTo(made),
    content: { kind: 'edit', body: { message: idBytes(id), revision: 1, text: 'edited' } },
    about: id,
    amends: true,
  };
}

t.test('an edit of a held message waits with it, and leaves only with the same word', async (t) => {
  const made = await makeOutbox(t);
  const { db, outbox, ben, background, directory } = made;
  const { id } = await holdOne(made);
  const edit = editOf(made, id);
  await db.write(COMPOSE_TABLES, async (tx) => outbox.addReady(tx, edit));
  await background.settled();
  t.match(outbox.held.of(ben.id), [{ id }, { id: edit.id, about: id }], 'both wait');
  await outbox.recheck(ben.id);
  await background.settled();
  t.equal(outbox.held.of(ben.id).length, 2, 'a look at what waits is no word of the person');
  outbox.stop();
  t.equal(await outbox.held.send(ben.id, nameOfKey(directory.keyOf(ben.id)!), id), true);
  t.strictSame(outbox.held.of(ben.id), [], 'and both go');
});

t.test(
  'an edit is for the key of its message though nobody has marked the message as held yet',
  async (t) => {
    const made = await makeOfflineOutbox();
    const { db, outbox } = made;
    t.teardown(() => outbox.stop());
    const under = new Uint8Array(33).fill(7);
    const { id } = await holdOne(made, { under, held: false });
    await db.write(COMPOSE_TABLES, async (tx) => outbox.add(tx, editOf(made, id)));
    const rows = await db.read([T.outbox], (tx) => tx.range(T.outbox, {}));
    t.strictSame(
      rows.map(({ value }) => value.under),
      [under, under],
    );
  },
);

t.test('the word to send counts for the key that was shown alone', async (t) => {
  const made = await makeOfflineOutbox();
  const { db, outbox, ben, directory } = made;
  t.teardown(() => outbox.stop());
  await holdOne(made);
  const shown = nameOfKey(directory.keyOf(ben.id)!);
  // Between the picture and the press the server puts another key in its place.
  const key = PrivateKey.generate();
  const changed = directory.judge(ben.entry(ben.list(4, 1, undefined, key), key), 'server');
  await db.write(DIRECTORY_TABLES, async (tx) => directory.commit(tx, changed));
  t.equal(await outbox.held.send(ben.id, shown, undefined), false);
  t.equal(outbox.held.of(ben.id).length, 1, 'it waits on');
  t.equal(await outbox.held.send(ben.id, nameOfKey(key.getPublicKey().serialize()), undefined), true);
  t.strictSame(outbox.held.of(ben.id), []);
});

t.test('what goes after a key change keeps its number, and nothing that was encrypted before', async (t) => {
  const made = await makeOfflineOutbox();
  const { db, outbox, ben, directory } = made;
  t.teardown(() => outbox.stop());
  const ready = {
    frame: new Uint8Array(8).fill(1),
    number: 5,
    epoch: new Uint8Array(16).fill(2),
    listHash: new Uint8Array(32).fill(3),
    envelopes: [
      {
        device: made.device(0),
        id: idOf<EnvelopeId>(new Uint8Array(randomBytes(16))),
        body: new Uint8Array(9),
      },
    ],
  };
  await holdOne(made, ready);
  await outbox.held.send(ben.id, nameOfKey(directory.keyOf(ben.id)!), undefined);
  const [row] = await db.read([T.outbox], (tx) => tx.range(T.outbox, {}));
  const { frame, number, epoch } = ready;
  t.match(row?.value, { frame, number, epoch, under: directory.keyOf(ben.id) });
  t.equal(row?.value.envelopes, undefined);
  t.equal(row?.value.listHash, undefined);

  await db.write(COMPOSE_TABLES, async (tx) => outbox.erase(tx, ben.id, row!.value.id));
  const left = await db.read([T.outbox], (tx) => tx.range(T.outbox, {}));
  t.strictSame(left, [], 'and deleted before it was encrypted it does not leave');
});
