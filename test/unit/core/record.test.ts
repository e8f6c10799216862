/** The account record between memory, disk and server: changes that come while an upload is on its way, and answers that come late. */
import t from 'tap';
import { ready } from '@tacet/crypto';
import { generateKey, sealRecord, type LocalKey, type RecordKey } from '@tacet/crypto/vault';
import { encodeB64u } from '@tacet/protocol/bytes';
import { encodeCbor, parseCbor } from '@tacet/protocol/cbor';
import { AccountRecord, INVITES_MAX } from '@tacet/protocol/content/record';
import { idBytes, idOf, type AccountId } from '@tacet/protocol/ids';
import { RecordKeeper } from '../../../client/core/account/record.ts';
import { Background } from '../../../client/core/background.ts';
import { STORE_NAMES } from '../../../client/core/db/migrations.ts';
import { claimDatabase, SealedDb } from '../../../client/core/db/sealed.ts';
import { T } from '../../../client/core/db/stores.ts';
import type { HttpReply, HttpRequest } from '../../../client/core/ports.ts';
import { Rest } from '../../../client/core/transport/rest.ts';
import { openNodePorts } from '../../support/node-ports.ts';

await ready();

const account = idOf<AccountId>(new Uint8Array(16).fill(1));
const recordKey = generateKey<RecordKey>();
const first: AccountRecord = {
  v: 1,
  previous: new Uint8Array(32),
  list: { counter: 1, hash: new Uint8Array(32) },
  profileKey: new Uint8Array(32),
  profileVersion: 1,
  name: 'Ada',
  nameAt: 0,
  settings: { readReceipts: true, typing: true, changedAt: 0 },
  contacts: [],
  invites: [],
};

/** A keeper whose server is `serve`. */
async function open(
  serve: (request: HttpRequest) => Promise<HttpReply>,
  outdated: () => void = () => undefined,
): Promise<{ readonly db: SealedDb; readonly keeper: RecordKeeper }> {
  const ports = openNodePorts({ url: 'http://127.0.0.1:1' });
  const raw = await ports.openDatabase('tacet', 1, STORE_NAMES);
  const db = new SealedDb(raw, generateKey<LocalKey>(), await claimDatabase(raw), () => undefined);
  const keeper = new RecordKeeper(
    {
      db,
      rest: new Rest(serve, ports.clock),
      twoClocks: { earliest: 0 },
      clock: { now: () => 0, after: () => () => undefined },
      background: new Background(),
      account,
      recordKey: () => recordKey,
      isKeyCurrent: () => true,
      awaitsKey: async () => false,
      token: async () => '',
      changed: () => undefined,
      uploaded: () => undefined,
      taken: () => undefined,
      contradicted: () => undefined,
      mayBring: () => false,
      brought: () => undefined,
      keepReceipt: async () => undefined,
      receiptOf: async () => undefined,
      outdated,
    },
    { version: 1, hash: new Uint8Array(32), plain: encodeCbor(first), dirty: false },
  );
  return { db, keeper };
}

/** The answer to an upload. */
const TAKEN = { status: 200, body: JSON.stringify({ receipt: encodeB64u(new Uint8Array(32)) }) };

t.test(
  'a change whose write waited while an upload was answered is neither lost nor left here',
  async (t) => {
    const sent: number[] = [];
    const waiting: Promise<unknown>[] = [];
    const { db, keeper } = await open(async ({ body }) => {
      sent.push((JSON.parse(body ?? '{}') as { version: number }).version);
      if (sent.length === 1) {
        // Both are asked for before the answer is there; neither has begun when it is.
        waiting.push(
          db.write([T.record], async (tx) => {
            for (let i = 0; i < 200; i += 1) await tx.get(T.record, 'record');
          }),
          db.write([T.record], async (tx) => keeper.change(tx, (held) => ({ ...held, name: 'Third' }))),
        );
      }
      return TAKEN;
    });
    await db.write([T.record], async (tx) => keeper.change(tx, (held) => ({ ...held, name: 'Second' })));
    await keeper.flush();
    await Promise.all(waiting);
    t.equal(keeper.value.name, 'Third');
    t.strictSame(sent, [2, 3], 'it went up after the first');
    const stored = await db.read([T.record], (tx) => tx.get(T.record, 'record'));
    t.match(stored, { version: 3, dirty: false });
  },
);

t.test('an answer that comes after a later version was adopted lowers nothing', async (t) => {
  const theirs = encodeCbor({ ...first, name: 'Older', previous: new Uint8Array(32) });
  const sealed = sealRecord(recordKey, theirs, { account: idBytes(account), version: 2 });
  const waiting: Promise<unknown>[] = [];
  const newest = new Uint8Array(32).fill(3);
  const { db, keeper } = await open(async () => {
    waiting.push(
      db.write([T.record], async (tx) => {
        for (let i = 0; i < 200; i += 1) await tx.get(T.record, 'record');
      }),
      db.write([T.record], async (tx) =>
        keeper.adopt(tx, { version: 3, hash: newest }, (held) => ({ ...held, name: 'Newest' })),
      ),
    );
    return { status: 200, body: JSON.stringify({ version: 2, sealed: encodeB64u(sealed) }) };
  });
  await keeper.refresh();
  await Promise.all(waiting);
  t.equal(keeper.version, 3);
  t.equal(keeper.value.name, 'Newest');
});

/** A server whose record is `plain`, and what is put to it. */
function serving(plain: unknown, puts: number[]): (request: HttpRequest) => Promise<HttpReply> {
  const sealed = sealRecord(recordKey, encodeCbor(plain), { account: idBytes(account), version: 2 });
  return async ({ method, body }) => {
    if (method === 'GET')
      return { status: 200, body: JSON.stringify({ version: 2, sealed: encodeB64u(sealed) }) };
    const { version } = JSON.parse(body ?? '{}') as { version: number };
    puts.push(version);
    const refused = { code: 'version-mismatch' };
    return version === 2 ? { status: 409, body: JSON.stringify(refused) } : TAKEN;
  };
}

t.test(
  'a record of a newer build is told of, taken from in nothing, and nothing goes up over it',
  async (t) => {
    const puts: number[] = [];
    let told = 0;
    const { db, keeper } = await open(serving({ ...first, v: 2, name: 'Newer' }, puts), () => {
      told += 1;
    });
    await keeper.refresh();
    t.equal(keeper.isOutdated, true);
    await db.write([T.record], async (tx) => keeper.change(tx, (held) => ({ ...held, name: 'Mine' })));
    await t.rejects(keeper.flush(), { code: 'app-outdated' });
    t.strictSame(puts, [2], 'tried once, at the version that is taken');
    t.equal(told, 1, 'once');
    t.equal(keeper.version, 1);
    t.equal(keeper.value.name, 'Mine', 'and what was decided here is kept');
  },
);

t.test('what a device has written keeps nobody from removing it', async (t) => {
  const puts: number[] = [];
  const { db, keeper } = await open(serving({ ...first, v: 2 }, puts));
  await keeper.refresh();
  const version = await keeper.holding(async (newest) => newest.version);
  t.equal(version, 2, 'the removal goes over it');
  await db.write([T.record], async (tx) =>
    keeper.adopt(tx, { version: 3, hash: new Uint8Array(32) }, (held) => ({ ...held, name: 'After' })),
  );
  t.equal(keeper.version, 3);
  t.equal(keeper.isOutdated, false);
});

t.test('a record of the first form on the server is taken in', async (t) => {
  const old = {
    account: new Uint8Array(16).fill(2),
    accountKey: new Uint8Array(33),
    trust: 'verified',
    state: 'accepted',
    changedAt: 7,
    list: { counter: 1, hash: new Uint8Array(32) },
    keysAt: 3,
  };
  const { keeper } = await open(serving({ ...first, previous: new Uint8Array(32), contacts: [old] }, []));
  await keeper.refresh();
  t.equal(keeper.version, 2);
  t.match(keeper.contacts, [{ trust: 'verified', believedAt: 7 }]);
});

t.test('a record that could not be read again is refused before it is stored', async (t) => {
  const { db, keeper } = await open(async () => TAKEN);
  await db.write([T.record], async (tx) => keeper.change(tx, (held) => ({ ...held, name: 'Kept' })));
  const invite = { code: new Uint8Array(16), secret: new Uint8Array(32), expiresAt: 1 };
  const invites = Array.from({ length: INVITES_MAX + 1 }, () => invite);
  t.equal(
    keeper.fits((held) => ({ ...held, name: 'Countess' })),
    true,
  );
  t.equal(
    keeper.fits((held) => ({ ...held, invites })),
    false,
    'whoever asks before is told',
  );
  await t.rejects(
    db.write([T.record], async (tx) => keeper.change(tx, (held) => ({ ...held, invites }))),
    { code: 'record-full' },
  );
  t.match(keeper.value, { name: 'Kept', invites: [] });
  const stored = await db.read([T.record], (tx) => tx.get(T.record, 'record'));
  t.match(parseCbor(AccountRecord, stored?.plain ?? new Uint8Array()), { name: 'Kept', invites: [] });
});
