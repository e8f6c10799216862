/** The directory's judgement of lists: what a contact's highest list, key and trust make of an entry that the server shows. */
import t from 'tap';
import { PrivateKey } from '@tacet/crypto';
import { sha256 } from '@tacet/crypto/vault';
import type { SignedBytes } from '../../../client/core/db/stores.ts';
import { DIRECTORY_TABLES, type Judgement } from '../../../client/core/directory.ts';
import { makeDirectoryScene, type DirectoryScene } from '../../support/directory-scene.ts';

/** The hash that the next list names. */
const hashOf = ({ bytes }: SignedBytes): Uint8Array<ArrayBuffer> => sha256(new Uint8Array(bytes));

/** Puts a judgement into force. */
const commit = ({ db, directory }: DirectoryScene, judgement: Judgement) =>
  db.write(DIRECTORY_TABLES, async (tx) => directory.commit(tx, judgement));

/** Lines about a changed key. */
async function keyLines({ conversations, ben }: DirectoryScene): Promise<number> {
  const lines = await conversations.page(ben.id, 1000);
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
    await db.write(DIRECTORY_TABLES, async (tx) => directory.believeChanged(tx, ben.id, 'unverified'));
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
    directory.onKeyChange = () => {
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
    t.equal(directory.isActive(ben.id, device(0)), true);
    t.equal(directory.isActive(ben.id, device(1)), false);
    t.equal(directory.isDoubtful(ben.id, device(1)), true);
    await db.write(DIRECTORY_TABLES, async (tx) =>
      directory.noteStatement(tx, ben.id, device(1), old.addedAt),
    );
    t.equal(directory.isDoubtful(ben.id, device(1)), false, 'asked today already');
    await db.write(DIRECTORY_TABLES, async (tx) => directory.noteHeard(tx, ben.id, device(1)));
    t.equal(directory.isActive(ben.id, device(1)), true);
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
