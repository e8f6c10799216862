/** The directory's judgement of lists: what a contact's highest list, key and trust make of an entry that the server shows. */
import t from 'tap';
import { PrivateKey } from '@tacet/crypto';
import { sha256 } from '@tacet/crypto/vault';
import { withRestore } from '../../../client/core/account/restores.ts';
import type { SignedBytes } from '../../../client/core/db/stored-device.ts';
import { T } from '../../../client/core/db/stores.ts';
import { newContact } from '../../../client/core/people/contact-entry.ts';
import { DIRECTORY_TABLES } from '../../../client/core/people/directory.ts';
import type { Judgement } from '../../../client/core/people/judging.ts';
import { makeDirectoryScene, TestAccount, type DirectoryScene } from '../../support/directory-scene.ts';

/** The hash that the next list names. */
const hashOf = ({ bytes }: SignedBytes): Uint8Array<ArrayBuffer> => sha256(new Uint8Array(bytes));

/** Puts a judgement into force. */
const commit = ({ db, directory }: DirectoryScene, judgement: Judgement) =>
  db.write(DIRECTORY_TABLES, async (tx) => directory.commit(tx, judgement));

/** Lines about a changed key. */
async function keyLines({ conversations, ben }: DirectoryScene): Promise<number> {
  const lines = await conversations.lines.page(ben.id, 1000, 100);
  return lines.filter((line) => line.kind === 'event' && line.event.what === 'key-changed').length;
}

t.test('a newer list of the same key is taken, and the record’s counter rises with it', async (t) => {
  const { db, directory, record, ben, first, device } = await makeDirectoryScene('by-invite');
  const next = ben.list(4, 2, hashOf(first));
  const judgement = directory.judge(ben.entry(next), 'server');
  t.equal(judgement.kind, 'newer');
  await db.write(DIRECTORY_TABLES, async (tx) => directory.commit(tx, judgement));
  t.ok(directory.pairs(ben.id, device(1), ben.devices[1]!.identityKey));
  t.equal(record.contact(ben.id)?.list.counter, 4);
});

t.test(
  'rollbacks and forks are refused from the server, an older list in a message is passed over',
  async (t) => {
    const { directory, ben } = await makeDirectoryScene('by-invite');
    const older = ben.entry(ben.list(2, 1));
    t.throws(() => directory.judge(older, 'server'), { code: 'server-dishonest' });
    t.equal(directory.judge(older, 'message').kind, 'older');
    t.throws(() => directory.judge(ben.entry(ben.list(3, 2)), 'server'), { code: 'server-dishonest' });
    t.throws(() => directory.judge(ben.entry(ben.list(4, 2)), 'message'), { code: 'server-dishonest' });
  },
);

t.test(
  'the changed key of a verified contact is never taken, and the conversation says so once',
  async (t) => {
    const scene = await makeDirectoryScene('verified');
    const { db, directory, record, ben } = scene;
    const key = PrivateKey.generate();
    const changed = ben.entry(ben.list(4, 1, undefined, key), key);
    const judgement = directory.judge(changed, 'server');
    t.match(judgement, { kind: 'key-changed', blocks: true });
    for (let i = 0; i < 2; i += 1) {
      await db.write(DIRECTORY_TABLES, async (tx) => {
        t.equal(directory.commit(tx, judgement), undefined);
      });
    }
    t.equal(directory.isBlocked(ben.id), true);
    t.strictSame(record.contact(ben.id)?.accountKey, ben.key.getPublicKey().serialize());
    t.equal(record.contact(ben.id)?.trust, 'verified');
    t.equal(await keyLines(scene), 1);

    const third = PrivateKey.generate();
    const again = directory.judge(ben.entry(ben.list(5, 1, undefined, third), third), 'server');
    t.match(again, { kind: 'key-changed', blocks: true });
    await db.write(DIRECTORY_TABLES, async (tx) => {
      t.equal(directory.commit(tx, again), undefined);
    });
    t.equal(await keyLines(scene), 2, 'a third key has a line of its own');
    const back = directory.judge(ben.entry(scene.first), 'server');
    await db.write(DIRECTORY_TABLES, async (tx) => directory.commit(tx, back));
    t.equal(directory.isBlocked(ben.id), true, 'the key from before does not lift the block');
    await db.write(DIRECTORY_TABLES, async (tx) => directory.changedKeys.believe(tx, ben.id, 'unverified'));
    t.equal(directory.isBlocked(ben.id), false);
    t.strictSame(record.contact(ben.id)?.accountKey, third.getPublicKey().serialize());
    t.equal(record.contact(ben.id)?.trust, 'unverified');
  },
);

t.test(
  'the changed key of another contact is taken with a line and without its trust, each time',
  async (t) => {
    const scene = await makeDirectoryScene('by-invite');
    const { db, directory, record, ben } = scene;
    let told = 0;
    directory.changedKeys.onChange = () => {
      told += 1;
    };
    const key = PrivateKey.generate();
    const there = directory.judge(ben.entry(ben.list(4, 1, undefined, key), key), 'server');
    await db.write(DIRECTORY_TABLES, async (tx) => directory.commit(tx, there));
    t.equal(record.contact(ben.id)?.trust, 'unverified');
    const back = directory.judge(ben.entry(ben.list(5, 1)), 'server');
    t.equal(back.kind, 'key-changed', 'changing back is a change');
    await db.write(DIRECTORY_TABLES, async (tx) => directory.commit(tx, back));
    t.equal(await keyLines(scene), 2);
    t.equal(told, 2);
    t.equal(record.contact(ben.id)?.trust, 'unverified', 'and brings no trust back');
  },
);

t.test('the account key of an accepted contact changes only together with a list that goes on', async (t) => {
  const { directory, ben } = await makeDirectoryScene('by-invite');
  const key = PrivateKey.generate();
  for (const counter of [1, 3]) {
    const swapped = ben.entry(ben.list(counter, 1, undefined, key), key);
    t.throws(() => directory.judge(swapped, 'server'), { code: 'server-dishonest' });
  }
});

t.test(
  'against a key that nobody has checked the directory’s word stands, a message’s does not',
  async (t) => {
    const { directory, own, db, ben } = await makeDirectoryScene('unverified');
    const key = PrivateKey.generate();
    const entry = ben.entry(ben.list(1, 1, undefined, key), key);
    t.match(directory.judge(entry, 'server'), { kind: 'key-changed', blocks: false });
    t.throws(() => directory.judge(entry, 'message'), { code: 'server-dishonest' });
    await db.write([T.own], async (tx) =>
      own.change(tx, (held) =>
        withRestore(held, { epoch: new Uint8Array(16), backedUpAt: 1, at: Date.now() }),
      ),
    );
    t.throws(() => directory.judge(entry, 'server'), { code: 'server-dishonest' }, 'it may not know better');
  },
);

t.test('against somebody who is not accepted yet the directory’s word stands', async (t) => {
  const { directory, ben } = await makeDirectoryScene('unverified', 'request');
  const key = PrivateKey.generate();
  t.equal(directory.judge(ben.entry(ben.list(1, 1, undefined, key), key), 'server').kind, 'key-changed');
});

t.test(
  'a device that nothing was heard of for thirty days is inactive until it is heard of again',
  async (t) => {
    const { db, directory, ben, first, device } = await makeDirectoryScene('by-invite');
    const old = { ...ben.devices[1]!, addedAt: Date.now() - 31 * 24 * 60 * 60_000 };
    ben.devices[1] = old;
    const judgement = directory.judge(ben.entry(ben.list(4, 2, hashOf(first))), 'server');
    await db.write(DIRECTORY_TABLES, async (tx) => directory.commit(tx, judgement));
    t.equal(directory.signs.isActive(ben.id, device(0)), true);
    t.equal(directory.signs.isActive(ben.id, device(1)), false);
    t.equal(directory.signs.isDoubtful(ben.id, device(1)), true);
    await db.write(DIRECTORY_TABLES, async (tx) =>
      directory.signs.noteStatement(tx, ben.id, device(1), old.addedAt),
    );
    t.equal(directory.signs.isDoubtful(ben.id, device(1)), false, 'asked today already');
    await db.write(DIRECTORY_TABLES, async (tx) => directory.signs.noteHeard(tx, ben.id, device(1)));
    t.equal(directory.signs.isActive(ben.id, device(1)), true);
  },
);

t.test('a list that another own device has seen first is taken here as well', async (t) => {
  const scene = await makeDirectoryScene('by-invite');
  const { db, directory, record, ben, first, device } = scene;
  const next = ben.list(4, 2, hashOf(first));
  // The other device put its counter and hash into the record; its bytes have not come here.
  await db.write(DIRECTORY_TABLES, async (tx) =>
    record.changeContact(tx, ben.id, (held) => ({ ...held!, list: { counter: 4, hash: hashOf(next) } })),
  );
  t.equal(directory.get(ben.id)?.list.counter, 3);
  await commit(scene, directory.judge(ben.entry(next), 'server'));
  t.equal(directory.get(ben.id)?.list.counter, 4);
  t.ok(directory.pairs(ben.id, device(1), ben.devices[1]!.identityKey));
});

t.test('a judgement that waited for its turn lowers no list that came into force meanwhile', async (t) => {
  const scene = await makeDirectoryScene('by-invite');
  const { directory, ben, first } = scene;
  const [fourth, fifth] = [ben.list(4, 2, hashOf(first)), ben.list(5, 3)];
  const waiting = directory.judge(ben.entry(fourth), 'server');
  await commit(scene, directory.judge(ben.entry(fifth), 'server'));
  const person = await commit(scene, waiting);
  t.equal(person?.list.counter, 5, 'what is in force is given');
  t.equal(directory.get(ben.id)?.list.counter, 5);
});

t.test('a judgement that waited for its turn takes no changed key back and lifts no block', async (t) => {
  const verified = await makeDirectoryScene('verified');
  const others = PrivateKey.generate();
  const list = verified.ben.list(4, 1, hashOf(verified.first));
  const waiting = verified.directory.judge(verified.ben.entry(list), 'server');
  const swapped = verified.ben.entry(verified.ben.list(4, 1, undefined, others), others);
  await commit(verified, verified.directory.judge(swapped, 'server'));
  await commit(verified, waiting);
  t.equal(verified.directory.isBlocked(verified.ben.id), true);

  const scene = await makeDirectoryScene('by-invite');
  const { directory, record, ben } = scene;
  const late = directory.judge(ben.entry(ben.list(4, 1, hashOf(scene.first))), 'server');
  const key = PrivateKey.generate();
  const changed = directory.judge(ben.entry(ben.list(5, 1, undefined, key), key), 'server');
  await commit(scene, changed);
  await commit(scene, late);
  t.strictSame(record.contact(ben.id)?.accountKey, key.getPublicKey().serialize());
  t.strictSame(directory.get(ben.id)?.stored.accountKey, key.getPublicKey().serialize());
  await commit(scene, changed);
  t.equal(await keyLines(scene), 1, 'and the same change is told once');
});

t.test('what is noted of somebody while a judgement waits is kept', async (t) => {
  const scene = await makeDirectoryScene('by-invite');
  const { db, directory, ben, first, device } = scene;
  const waiting = directory.judge(ben.entry(ben.list(4, 2, hashOf(first))), 'server');
  await db.write(DIRECTORY_TABLES, async (tx) => {
    directory.noteKnown(tx, ben.id, device(0), directory.ownView);
    directory.edit(tx, ben.id, (stored) => ({ ...stored, repairs: { day: 1, count: 7 } }));
  });
  await commit(scene, waiting);
  const stored = directory.get(ben.id)?.stored;
  t.equal(directory.get(ben.id)?.list.counter, 4);
  t.equal(stored?.repairs?.count, 7);
  t.strictSame(stored?.proven, [{ device: device(0), hash: directory.ownView.hash }]);
});

t.test('an entry judged before the record brought a verified key is not believed over it', async (t) => {
  const scene = await makeDirectoryScene('by-invite');
  const { db, directory, record } = scene;
  const eve = new TestAccount();
  const others = PrivateKey.generate();
  const waiting = directory.judge(eve.entry(eve.list(7, 1, undefined, others), others), 'server');
  t.equal(waiting.kind, 'first');
  // Another own device has verified her, and the record with it comes now.
  const hers = directory.judge(eve.entry(eve.list(2, 1)), 'server');
  await db.write(DIRECTORY_TABLES, async (tx) =>
    record.changeContact(tx, eve.id, () => newContact(hers.person, 'accepted', 'verified', 1)),
  );
  t.equal(await commit(scene, waiting), undefined);
  t.equal(directory.get(eve.id), undefined);
  t.strictSame(directory.keyOf(eve.id), eve.key.getPublicKey().serialize());
  t.match(directory.judge(eve.entry(eve.list(2, 1)), 'server').kind, 'newer', 'her own list still comes');
  t.match(directory.judge(eve.entry(eve.list(7, 1, undefined, others), others), 'server'), {
    kind: 'key-changed',
    blocks: true,
  });
});

t.test(
  'a forged introduction pins no counter: accepted or not, the directory’s word about the key stands',
  async (t) => {
    const scene = await makeDirectoryScene('by-invite');
    const { db, directory, record } = scene;
    const eve = new TestAccount();
    const forger = PrivateKey.generate();
    const forged = directory.judge(eve.entry(eve.list(1_000, 1, undefined, forger), forger), 'message');
    await db.write(DIRECTORY_TABLES, async (tx) => {
      const person = directory.commit(tx, forged);
      record.changeContact(tx, eve.id, () => newContact(person!, 'accepted', 'unverified', 1));
    });
    const hers = directory.judge(eve.entry(eve.list(3, 1)), 'server');
    t.match(hers, { kind: 'key-changed', blocks: false });
    await commit(scene, hers);
    t.match(record.contact(eve.id), { list: { counter: 3 } });
    t.strictSame(directory.keyOf(eve.id), eve.key.getPublicKey().serialize());
    t.equal(directory.judge(eve.entry(eve.list(3, 1)), 'server').kind, 'same');
    t.throws(
      () => directory.judge(eve.entry(eve.list(2, 1, undefined, forger), forger), 'server'),
      { code: 'server-dishonest' },
      'once the directory has shown a key, no other one may soon come under a lower counter',
    );
  },
);

t.test('a list that is still held under another key says nothing about the key in force', async (t) => {
  const { db, directory, record, ben } = await makeDirectoryScene('by-invite');
  const other = PrivateKey.generate();
  const list = ben.list(2, 1, undefined, other);
  // Another own device has believed the other key; what is held here is still the list before, with a higher counter.
  await db.write(DIRECTORY_TABLES, async (tx) =>
    record.changeContact(tx, ben.id, (held) => ({
      ...held!,
      accountKey: other.getPublicKey().serialize(),
      list: { counter: 2, hash: hashOf(list) },
    })),
  );
  t.equal(directory.judge(ben.entry(list, other), 'server').kind, 'newer');
});

t.test(
  'who is accepted on a device that knows only the record is not unreachable for a forged request',
  async (t) => {
    const { db, directory, record } = await makeDirectoryScene('by-invite');
    const eve = new TestAccount();
    const forger = PrivateKey.generate();
    const forged = directory.judge(eve.entry(eve.list(1_000, 1, undefined, forger), forger), 'message');
    const contact = newContact(forged.person, 'accepted', 'unverified', 1);
    await db.write(DIRECTORY_TABLES, async (tx) => record.changeContact(tx, eve.id, () => contact));
    const hers = await directory.settle(
      eve.entry(eve.list(3, 1)),
      DIRECTORY_TABLES,
      async (_tx, person) => person,
    );
    t.equal(hers?.list.counter, 3);
    t.match(record.contact(eve.id), { list: { counter: 3 } });
    t.equal(record.contact(eve.id)?.hearsay, undefined);
  },
);

t.test('an old key of somebody who is known from the record is not taken for hearsay', async (t) => {
  const { db, directory, record } = await makeDirectoryScene('by-invite');
  const eve = new TestAccount();
  const before = PrivateKey.generate();
  const now = directory.judge(eve.entry(eve.list(5, 1)), 'server');
  const contact = newContact(now.person, 'accepted', 'unverified', 1);
  await db.write(DIRECTORY_TABLES, async (tx) => record.changeContact(tx, eve.id, () => contact));
  // Her first message here proves her by the list itself.
  const proved = directory.judge(eve.entry(eve.list(5, 1)), 'message');
  await db.write(DIRECTORY_TABLES, async (tx) => directory.commit(tx, proved));
  t.ok(directory.get(eve.id));
  t.throws(() => directory.judge(eve.entry(eve.list(4, 1, undefined, before), before), 'message'), {
    code: 'server-dishonest',
  });
});

t.test('a key that waits for a decision goes when another one was decided for', async (t) => {
  const scene = await makeDirectoryScene('verified');
  const { db, directory, record, ben } = scene;
  const [waiting, decided] = [PrivateKey.generate(), PrivateKey.generate()];
  await commit(scene, directory.judge(ben.entry(ben.list(4, 1, undefined, waiting), waiting), 'server'));
  t.equal(directory.isBlocked(ben.id), true);
  const list = ben.list(5, 1, undefined, decided);
  await db.write(DIRECTORY_TABLES, async (tx) => {
    record.changeContact(tx, ben.id, (held) => ({
      ...held!,
      accountKey: decided.getPublicKey().serialize(),
      list: { counter: 5, hash: hashOf(list) },
      judgedAt: Date.now(),
    }));
    directory.changedKeys.followRecord(tx);
  });
  t.equal(directory.isBlocked(ben.id), false);
  t.equal(record.contact(ben.id)?.trust, 'verified');
  t.equal(await keyLines(scene), 2, 'each change has its line');
});

t.test('a change that was judged against another key than the one in force is not believed', async (t) => {
  const scene = await makeDirectoryScene('by-invite');
  const { directory, record, ben } = scene;
  const [stale, newer] = [PrivateKey.generate(), PrivateKey.generate()];
  const waiting = directory.judge(ben.entry(ben.list(7, 1, undefined, stale), stale), 'server');
  await commit(scene, directory.judge(ben.entry(ben.list(6, 1, undefined, newer), newer), 'server'));
  await commit(scene, waiting);
  t.strictSame(record.contact(ben.id)?.accountKey, newer.getPublicKey().serialize());
  t.equal(await keyLines(scene), 1);
});

t.test('staying with the key from before is a word that outlasts one for the changed key', async (t) => {
  const scene = await makeDirectoryScene('verified');
  const { db, directory, record, ben } = scene;
  const changed = PrivateKey.generate();
  await commit(scene, directory.judge(ben.entry(ben.list(4, 1, undefined, changed), changed), 'server'));
  const before = record.contact(ben.id)?.judgedAt ?? 0;
  await db.write(DIRECTORY_TABLES, async (tx) => directory.changedKeys.disbelieve(tx, ben.id));
  t.ok((record.contact(ben.id)?.judgedAt ?? 0) > before);
  t.equal(record.contact(ben.id)?.trust, 'verified');
});

t.test('a list that an own device has seen a successor of is not gone by', async (t) => {
  const scene = await makeDirectoryScene('by-invite');
  const { db, directory, record, ben, first } = scene;
  t.equal(directory.isBehind(ben.id), false);
  t.equal(directory.current(ben.id)?.list.counter, 3);
  const next = ben.list(4, 2, hashOf(first));
  await db.write(DIRECTORY_TABLES, async (tx) =>
    record.changeContact(tx, ben.id, (held) => ({ ...held!, list: { counter: 4, hash: hashOf(next) } })),
  );
  t.equal(directory.isBehind(ben.id), true);
  t.equal(directory.current(ben.id), undefined);
  await commit(scene, directory.judge(ben.entry(next), 'server'));
  t.equal(directory.current(ben.id)?.list.counter, 4);
});
