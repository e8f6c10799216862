/**
 * The search index on a real sealed database: it answers as a plain look through all lines would, whatever was added, edited and deleted
 * in whatever order, also when it was read before or after; and nothing of it can be read on the disk.
 */
import fc from 'fast-check';
import t from 'tap';
import { ready } from '@tacet/crypto';
import { generateKey, type LocalKey } from '@tacet/crypto/vault';
import type { AccountId, MessageId } from '@tacet/protocol/ids';
import { DATABASE_VERSION, STORE_NAMES } from '../../client/core/db/migrations.ts';
import { claimDatabase, SealedDb } from '../../client/core/db/sealed.ts';
import { K, T } from '../../client/core/db/stores.ts';
import { SearchIndex } from '../../client/core/search/search-index.ts';
import { termsOf } from '../../client/core/search/words.ts';
import type { Line } from '../../client/core/view.ts';
import { Disk, openNodePorts } from '../support/node-ports.ts';
import { seedProperties } from '../support/seed-properties.ts';

seedProperties(t);

await ready();

const ACCOUNTS = ['ada', 'ben', 'cleo'].map((name) => name.padEnd(22, 'A') as AccountId);
const WORDS = [
  'Apfel',
  'äpfel',
  'apfelmus',
  'École',
  'ecole',
  'x1',
  'x12',
  'Ζεύς',
  'lamp',
  'LAMPS',
  'the',
  'them',
];
const QUERIES = [
  'apf',
  'äpf',
  'ecole',
  'x1',
  'x12',
  'ζευς',
  'lamp',
  'the',
  'the lamp',
  'mus',
  'nothing',
  'a e',
];

interface Said {
  readonly account: AccountId;
  readonly order: number;
  readonly text: string;
}

/** The dull way: every word of every line, letter by letter. */
function lookThrough(said: readonly Said[], query: string): readonly string[] {
  const plain = (text: string): readonly string[] =>
    text
      .normalize('NFD')
      .replaceAll(/[\u0300-\u036f]/g, '')
      .toLowerCase()
      .replaceAll('ς', 'σ')
      .split(/[^\p{L}\p{N}]+/u)
      .filter((word) => word !== '');
  return said
    .filter(({ text }) => plain(query).every((term) => plain(text).some((word) => word.startsWith(term))))
    .toSorted((a, b) => b.order - a.order || (a.account < b.account ? -1 : 1))
    .map(({ account, order }) => `${account} ${order}`);
}

function lineOf({ order, text }: Said): Line {
  const id = `m${order}` as MessageId;
  const delivery = { kind: 'sent' } as const;
  // Everybody's lines of an order come at the same instant: then the order decides.
  return { kind: 'message', id, order, mine: false, text, sentAt: order, receivedAt: order, delivery };
}

async function open(): Promise<{ readonly db: SealedDb; readonly disk: Disk }> {
  const disk = new Disk();
  const ports = openNodePorts({ url: 'http://127.0.0.1:1', disk });
  const database = await ports.openDatabase('tacet', DATABASE_VERSION, STORE_NAMES);
  const fail = (error: unknown): void => {
    throw error;
  };
  return { db: new SealedDb(database, generateKey<LocalKey>(), await claimDatabase(database), fail), disk };
}

/** Writes or deletes lines as core does: line and words in one transaction. */
async function say(db: SealedDb, index: SearchIndex, batch: readonly Said[]): Promise<void> {
  await db.write([T.lines, T.search], async (tx) => {
    for (const one of batch) {
      const key = K.line(db, one.account, one.order);
      if (one.text === '') {
        tx.delete(T.lines, key);
        index.remove(tx, one.account, one.order);
      } else {
        tx.put(T.lines, key, { line: lineOf(one) });
        index.put(tx, one.account, lineOf(one));
      }
    }
  });
}

const saying = fc.record({
  account: fc.constantFrom(...ACCOUNTS),
  order: fc.integer({ min: 1, max: 150 }),
  text: fc.oneof(
    {
      weight: 4,
      arbitrary: fc
        .array(fc.constantFrom(...WORDS), { minLength: 1, maxLength: 5 })
        .map((all) => all.join(', ')),
    },
    { weight: 1, arbitrary: fc.constant('') },
  ),
});

function answers(index: SearchIndex, query: string, limit = 10_000): readonly string[] {
  return index
    .find(termsOf(query), limit, () => true)
    .toSorted((a, b) => b.order - a.order || (a.account < b.account ? -1 : 1))
    .map(({ account, order }) => `${account} ${order}`);
}

t.test('the index answers as a look through all lines, after any adding, editing and deleting', async (t) => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(saying, { minLength: 1, maxLength: 12 }), { maxLength: 12 }),
      fc.nat(12),
      async (batches, readAfter) => {
        const { db } = await open();
        const index = new SearchIndex(db);
        const held = new Map<string, Said>();
        for (const [i, batch] of batches.entries()) {
          // Reading while a change is being written must not lose it.
          const reading = i === readAfter ? index.load() : undefined;
          await say(db, index, batch);
          await reading;
          for (const one of batch) {
            if (one.text === '') held.delete(`${one.account} ${one.order}`);
            else held.set(`${one.account} ${one.order}`, one);
          }
        }
        await index.load();
        const again = new SearchIndex(db);
        await again.load();
        const said = [...held.values()];
        for (const query of QUERIES) {
          const wanted = lookThrough(said, query);
          for (const each of [index, again]) {
            const found = answers(each, query);
            if (found.join() !== wanted.join())
              throw new Error(`${query}: ${found.join()} for ${wanted.join()}`);
          }
        }
      },
    ),
    { numRuns: 60 },
  );
  t.pass('every query is answered alike');
});

t.test('the newest finds come first and the limit keeps those', async (t) => {
  const { db } = await open();
  const index = new SearchIndex(db);
  const said = Array.from({ length: 200 }, (_, i) => ({
    account: ACCOUNTS[i % 3]!,
    order: i + 1,
    text: 'lamp',
  }));
  await say(db, index, said);
  await index.load();
  t.strictSame(
    index.find(termsOf('lam'), 5, () => true).map(({ order }) => order),
    [200, 199, 198, 197, 196],
  );
  t.ok(
    index
      .find(termsOf('lam'), 500, (account) => account === ACCOUNTS[1])
      .every(({ account }) => account === ACCOUNTS[1]),
  );
});

t.test(
  'an index built over old lines answers like one that was kept, also when it was stopped on the way',
  async (t) => {
    const { db } = await open();
    const kept = new SearchIndex(db);
    const said = Array.from({ length: 1_300 }, (_, i) => ({
      account: ACCOUNTS[0]!,
      order: i + 1,
      text: `${WORDS[i % WORDS.length]} ${i}`,
    }));
    await say(db, kept, said);
    // As a database from before there was an index.
    await db.write([T.search], async (tx) => {
      for (const key of await tx.keys(T.search, {})) tx.delete(T.search, key);
    });
    const index = new SearchIndex(db);
    await index.load();
    t.notOk(index.isComplete);
    t.strictSame(answers(index, 'lamp'), []);
    const conversations = [
      { account: ACCOUNTS[0]!, nextOrder: 1_301, unread: 0, readTo: 0, draft: '', activityAt: 0 },
    ];
    const steps: number[] = [];
    const stopped = await index.build(conversations, (done) => {
      steps.push(done);
      index.stop();
    });
    t.notOk(stopped, 'it was stopped');
    t.equal(steps.length, 1);
    t.notOk(index.isComplete);
    t.ok(await index.build(conversations, () => undefined));
    t.ok(index.isComplete);
    t.strictSame(answers(index, 'lamp'), lookThrough(said, 'lamp'));
    const again = new SearchIndex(db);
    await again.load();
    t.ok(again.isComplete, 'and stays complete');
  },
);

t.test('no word of any message is on the disk, and a deleted one leaves no chunk behind', async (t) => {
  const { db, disk } = await open();
  const index = new SearchIndex(db);
  const canary = 'quizzicalcanary';
  await say(db, index, [{ account: ACCOUNTS[0]!, order: 1, text: `the ${canary} sings` }]);
  await index.load();
  t.equal(answers(index, 'quizz').length, 1);
  const everything = (): string =>
    JSON.stringify(
      [...disk.databases.get('tacet')!.values()].map((rows) => [...rows]),
      (_, value: unknown) => (value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : value),
    );
  t.notMatch(everything(), canary);
  t.notMatch(everything(), canary.slice(0, 6));
  t.notMatch(everything(), ACCOUNTS[0]!.slice(0, 4));
  await say(db, index, [{ account: ACCOUNTS[0]!, order: 1, text: '' }]);
  t.strictSame(answers(index, 'quizz'), []);
  t.equal(disk.databases.get('tacet')!.get('search')!.size, 0);
});
