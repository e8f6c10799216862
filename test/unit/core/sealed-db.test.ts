/** The sealed local database: what lies there tells nothing, cannot be exchanged, and is written whole or not at all. */
import t from 'tap';
import { ready } from '@tacet/crypto';
import { generateKey, type LocalKey } from '@tacet/crypto/vault';
import { claimDatabase, SealedDb, type Table } from '../../../client/core/db/sealed.ts';
import { Disk, openNodePorts } from '../../support/node-ports.ts';

await ready();

const notes: Table<{ readonly text: string; readonly maybe?: string | undefined }> = { store: 'lines' };
const others: Table<{ readonly text: string }> = { store: 'messages' };

async function open(
  disk = new Disk(),
  key = generateKey<LocalKey>(),
): Promise<{
  db: SealedDb;
  disk: Disk;
  faults: unknown[];
}> {
  const ports = openNodePorts({ url: 'http://127.0.0.1:1', disk });
  const faults: unknown[] = [];
  const database = await ports.openDatabase('tacet', 1, ['lines', 'messages', 'vault']);
  const owner = await claimDatabase(database);
  return { db: new SealedDb(database, key, owner, (error) => faults.push(error)), disk, faults };
}

t.test('values come back as they were, without what was undefined', async (t) => {
  const { db } = await open();
  await db.write([notes], async (tx) => tx.put(notes, [1], { text: 'hello', maybe: undefined }));
  t.strictSame(await db.read([notes], (tx) => tx.get(notes, [1])), { text: 'hello' });
});

t.test('nothing of a value or of a hidden name is on the disk', async (t) => {
  const { db, disk } = await open();
  const key = db.hide('account of somebody');
  await db.write([notes], async (tx) => tx.put(notes, key, { text: 'a telltale word' }));
  const rows = [...disk.databases.get('tacet')!.get('lines')!.values()];
  const everything = JSON.stringify(rows, (_, value: unknown) =>
    value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : value,
  );
  t.notMatch(everything, 'telltale');
  t.notMatch(everything, 'somebody');
  t.equal(key.length, 16);
});

t.test('a value that was moved to another key or store, or changed, does not open', async (t) => {
  const { db, disk } = await open();
  await db.write([notes, others], async (tx) => {
    tx.put(notes, [1], { text: 'one' });
    tx.put(notes, [2], { text: 'two' });
    tx.put(others, [1], { text: 'other' });
  });
  const stores = disk.databases.get('tacet')!;
  const lines = new Map(stores.get('lines'));
  const [first, second] = [...lines.entries()];
  lines.set(first![0], { ...first![1], value: second![1].value });
  stores.set('lines', lines);
  await t.rejects(
    db.read([notes], (tx) => tx.get(notes, [1])),
    { code: 'storage-damaged' },
  );
  const [other] = [...stores.get('messages')!.values()];
  lines.set(first![0], { ...first![1], value: other!.value });
  await t.rejects(
    db.read([notes], (tx) => tx.get(notes, [1])),
    { code: 'storage-damaged' },
  );
  t.strictSame(await db.read([notes], (tx) => tx.get(notes, [2])), { text: 'two' });
});

t.test('another key opens nothing', async (t) => {
  const { db, disk } = await open();
  await db.write([notes], async (tx) => tx.put(notes, [1], { text: 'one' }));
  const { db: stranger } = await open(disk);
  await t.rejects(
    stranger.read([notes], (tx) => tx.get(notes, [1])),
    { code: 'storage-damaged' },
  );
});

t.test('a write that fails leaves nothing, is told as a fault, and runs nothing afterwards', async (t) => {
  const { db, faults } = await open();
  const ran: string[] = [];
  await t.rejects(
    db.write([notes], async (tx) => {
      tx.put(notes, [1], { text: 'half' });
      tx.after(() => ran.push('after'));
      throw new Error('power');
    }),
    { code: 'storage-unavailable' },
  );
  t.equal(await db.read([notes], (tx) => tx.get(notes, [1])), undefined);
  t.equal(faults.length, 1);
  t.strictSame(ran, []);
});

t.test('after a write that failed nothing more is written, whatever was waiting for its turn', async (t) => {
  const { db, faults } = await open();
  let count = 0;
  const next = async (): Promise<void> =>
    db.write([notes], async (tx) => {
      // As core does: in memory first.
      count += 1;
      tx.put(notes, ['count'], { text: String(count) });
      if (count === 2) throw new Error('power');
    });
  const results = await Promise.allSettled([next(), next(), next()]);
  t.match(
    results.map(({ status }) => status),
    ['fulfilled', 'rejected', 'rejected'],
  );
  await t.rejects(next(), { code: 'storage-unavailable' });
  t.strictSame(await db.read([notes], (tx) => tx.get(notes, ['count'])), { text: '1' });
  t.equal(count, 2, 'what came after did not even begin');
  t.equal(faults.length, 1, 'told once');
});

t.test('what follows a write and fails takes neither the write nor the rest with it', async (t) => {
  const { db, faults } = await open();
  const ran: string[] = [];
  await db.write([notes], async (tx) => {
    tx.put(notes, [1], { text: 'kept' });
    tx.after(() => {
      throw new Error('a view that does not take it');
    });
    tx.after(() => ran.push('after'));
  });
  t.strictSame(await db.read([notes], (tx) => tx.get(notes, [1])), { text: 'kept' });
  t.strictSame(ran, ['after']);
  t.equal(faults.length, 1);
});

t.test('writes run one after the other, and what follows them in their order', async (t) => {
  const { db } = await open();
  const ran: number[] = [];
  await Promise.all(
    [1, 2, 3].map((n) =>
      db.write([notes], async (tx) => {
        const held = await tx.get(notes, ['sum']);
        tx.put(notes, ['sum'], { text: `${held?.text ?? ''}${n}` });
        tx.after(() => ran.push(n));
      }),
    ),
  );
  t.strictSame(await db.read([notes], (tx) => tx.get(notes, ['sum'])), { text: '123' });
  t.strictSame(ran, [1, 2, 3]);
});

t.test('once another tab has claimed the database, the one before can write nothing', async (t) => {
  const key = generateKey<LocalKey>();
  const { db: before, disk, faults } = await open(new Disk(), key);
  await before.write([notes], async (tx) => tx.put(notes, [1], { text: 'mine' }));
  const { db: after } = await open(disk, key);
  await t.rejects(
    before.write([notes], async (tx) => tx.put(notes, [1], { text: 'still mine?' })),
    { code: 'cancelled' },
  );
  t.equal(faults.length, 1);
  t.strictSame(await after.read([notes], (tx) => tx.get(notes, [1])), { text: 'mine' });
  await after.write([notes], async (tx) => tx.put(notes, [1], { text: 'yours' }));
});

t.test('a transaction that waits for anything else is over, as in a browser', async (t) => {
  const { db } = await open();
  await t.rejects(
    db.write([notes], async (tx) => {
      await new Promise((resolve) => setImmediate(resolve));
      tx.put(notes, [1], { text: 'too late' });
    }),
    { code: 'storage-unavailable', cause: { name: 'TransactionInactiveError' } },
  );
});
