/** What every adapter of the queue store does. Bound to engines in store-envelopes.test.ts. */
import { randomBytes } from 'node:crypto';
import { test, type Test } from 'tap';
import type { DeviceId } from '../../protocol/ids.ts';
import { LIMITS } from '../../protocol/limits.ts';
import type { Addressee, EnvelopeStore } from '../../server/store/envelope-port.ts';
import { buildEnvelopeStore, type Quotas } from '../../server/store/envelopes.ts';
import { first, run } from '../../server/store/transaction.ts';
import type { StoreEngine } from '../../server/store/writer.ts';
import { idBytes } from '../../protocol/ids.ts';
import { makeId, storeAccount } from '../support/open-store.ts';

const ALL = [1000, Number.MAX_SAFE_INTEGER] as const;

function addressee(device: DeviceId, size = 100): Addressee {
  return { device, key: idBytes(device), id: randomBytes(16), body: randomBytes(size) };
}

/** Small quotas, so that queues fill up. */
const SMALL = { envelopes: 5, bytes: 1000, strangers: 2 };

async function ids(store: EnvelopeStore, device: DeviceId, after = 0): Promise<readonly Uint8Array[]> {
  return (await store.page(device, after, ...ALL)).map((envelope) => new Uint8Array(envelope.id));
}

/** Runs the suite against an engine. */
export function envelopeStoreContract(name: string, open: (t: Test) => Promise<StoreEngine>): void {
  async function openOne(
    t: Test,
    quotas?: Quotas,
  ): Promise<{
    engine: StoreEngine;
    store: EnvelopeStore;
    device: DeviceId;
    waiting: () => Promise<number>;
  }> {
    const engine = await open(t);
    const { account, devices } = await storeAccount(engine, 1);
    const [device = makeId<DeviceId>()] = devices;
    const store = buildEnvelopeStore(engine, quotas);
    const waiting = async () => (await store.connect(account, device, 0))?.queued ?? 0;
    return { engine, store, device, waiting };
  }

  test(`${name}: envelopes wait in the order in which they were sent, with their bytes`, async (t) => {
    const { store, device } = await openOne(t);
    const sent = Array.from({ length: 5 }, (_, i) => addressee(device, i + 1));
    const outcomes = await Promise.all(sent.map((to, i) => store.send([to], 1000 + i, 'contact')));
    t.ok(outcomes.every((outcome) => outcome.kind === 'stored' && outcome.queued.length === 1));
    const page = await store.page(device, 0, ...ALL);
    t.same(
      page.map(({ receivedAt }) => receivedAt),
      [1000, 1001, 1002, 1003, 1004],
    );
    t.ok(page.every((envelope, i) => i === 0 || envelope.sequence > (page[i - 1]?.sequence ?? 0)));
    for (const [i, envelope] of page.entries()) {
      t.ok(Buffer.from(sent[i]?.id ?? []).equals(envelope.id));
      t.ok(Buffer.from(sent[i]?.body ?? []).equals(envelope.body));
    }
  });

  test(`${name}: what the send reports as queued is what a page reads`, async (t) => {
    const { store, device } = await openOne(t);
    const outcome = await store.send([addressee(device)], 5, 'contact');
    const [read] = await store.page(device, 0, ...ALL);
    t.ok(outcome.kind === 'stored');
    if (outcome.kind !== 'stored') return;
    const [queued] = outcome.queued;
    t.equal(queued?.envelope.sequence, read?.sequence);
    t.equal(queued?.envelope.receivedAt, read?.receivedAt);
    t.ok(Buffer.from(queued?.envelope.id ?? []).equals(read?.id ?? randomBytes(1)));
  });

  test(`${name}: a repeat of an envelope that waits is accepted and stored once`, async (t) => {
    const { store, device, waiting } = await openOne(t);
    const to = addressee(device);
    await store.send([to], 1, 'contact');
    t.same(await store.send([to], 2, 'contact'), { kind: 'stored', queued: [] });
    t.equal((await ids(store, device)).length, 1);
    t.equal(await waiting(), 1);
  });

  test(`${name}: two repeats in one commit store one envelope`, async (t) => {
    const { store, device } = await openOne(t);
    const to = addressee(device);
    await Promise.all([store.send([to], 1, 'contact'), store.send([to], 1, 'contact')]);
    t.equal((await ids(store, device)).length, 1);
  });

  test(`${name}: the same envelope id for two devices is two envelopes`, async (t) => {
    const engine = await open(t);
    const store = buildEnvelopeStore(engine);
    const { devices } = await storeAccount(engine, 2);
    const id = randomBytes(16);
    const outcome = await store.send(
      devices.map((device) => ({ ...addressee(device), id })),
      1,
      'contact',
    );
    t.ok(outcome.kind === 'stored' && outcome.queued.length === 2);
    for (const device of devices) t.equal((await ids(store, device)).length, 1);
  });

  test(`${name}: a send to an unknown device stores nothing for anybody`, async (t) => {
    const { store, device } = await openOne(t);
    const outcome = await store.send([addressee(device), addressee(makeId<DeviceId>())], 1, 'contact');
    t.same(outcome, { kind: 'no-device' });
    t.same(await ids(store, device), []);
  });

  test(`${name}: a send that does not fit into one queue stores nothing for anybody`, async (t) => {
    const engine = await open(t);
    const store = buildEnvelopeStore(engine, SMALL);
    const [roomy = makeId<DeviceId>(), full = makeId<DeviceId>()] = (await storeAccount(engine, 2)).devices;
    const both = (size: number) => store.send([addressee(roomy, size), addressee(full, size)], 1, 'contact');
    await store.send([addressee(full, 800)], 1, 'contact');
    t.same(await both(201), { kind: 'queue-full' }, 'too many bytes');
    t.same(await ids(store, roomy), []);
    for (let i = 0; i < 4; i++) await store.send([addressee(full, 1)], 1, 'contact');
    t.same(await both(1), { kind: 'queue-full' }, 'too many envelopes');
    t.same(await ids(store, roomy), []);
    t.equal((await ids(store, full)).length, 5);
  });

  test(`${name}: a full queue takes as much as was acknowledged, to the byte`, async (t) => {
    const { store, device } = await openOne(t, SMALL);
    const sent = Array.from({ length: 4 }, () => addressee(device, 250));
    for (const to of sent) await store.send([to], 1, 'contact');
    t.same(await store.send([addressee(device, 1)], 1, 'contact'), { kind: 'queue-full' });
    await store.acknowledge(device, [sent[2]?.id ?? randomBytes(16)]);
    t.same(await store.send([addressee(device, 251)], 1, 'contact'), { kind: 'queue-full' });
    t.match(await store.send([addressee(device, 250)], 1, 'contact'), { kind: 'stored' });
  });

  test(`${name}: what fills a queue is known to a store that opens later`, async (t) => {
    const { engine, store, device } = await openOne(t, SMALL);
    await store.send([addressee(device, 900)], 1, 'stranger');
    await store.send([addressee(device, 1)], 1, 'stranger');
    const later = buildEnvelopeStore(engine, SMALL);
    t.same(await later.send([addressee(device, 100)], 1, 'contact'), { kind: 'queue-full' });
    t.same(await later.send([addressee(device, 1)], 1, 'stranger'), { kind: 'queue-full' });
    t.match(await later.send([addressee(device, 99)], 1, 'contact'), { kind: 'stored' });
  });

  test(`${name}: a repeat is accepted even when the queue has filled up meanwhile`, async (t) => {
    const { store, device } = await openOne(t, SMALL);
    const to = addressee(device, 10);
    await store.send([to], 1, 'contact');
    for (let i = 0; i < 4; i++) await store.send([addressee(device, 10)], 1, 'contact');
    t.same(await store.send([addressee(device, 10)], 2, 'contact'), { kind: 'queue-full' });
    t.same(await store.send([to], 2, 'contact'), { kind: 'stored', queued: [] });
  });

  test(`${name}: strangers fill their share and no more, contacts still get through`, async (t) => {
    const { store, device } = await openOne(t, SMALL);
    const stranger = addressee(device, 10);
    t.match(await store.send([stranger], 1, 'stranger'), { kind: 'stored' });
    t.match(await store.send([addressee(device, 10)], 1, 'stranger'), { kind: 'stored' });
    t.same(await store.send([addressee(device, 10)], 1, 'stranger'), { kind: 'queue-full' });
    t.match(await store.send([addressee(device, 10)], 1, 'contact'), { kind: 'stored' });
    await store.acknowledge(device, [stranger.id]);
    t.match(await store.send([addressee(device, 10)], 1, 'stranger'), { kind: 'stored' });
  });

  test(`${name}: the quotas are those of the limits`, async (t) => {
    const { store, device } = await openOne(t);
    for (let i = 0; i < LIMITS.queueStrangerEnvelopes; i++) {
      await store.send([addressee(device, 1)], 1, 'stranger');
    }
    t.same(await store.send([addressee(device, 1)], 1, 'stranger'), { kind: 'queue-full' });
    const left = LIMITS.queueMaxEnvelopes - LIMITS.queueStrangerEnvelopes;
    await Promise.all(Array.from({ length: left }, () => store.send([addressee(device, 1)], 1, 'contact')));
    t.same(await store.send([addressee(device, 1)], 1, 'contact'), { kind: 'queue-full' });
    t.equal(
      (await store.page(device, 0, LIMITS.queueMaxEnvelopes + 1, 1e9)).length,
      LIMITS.queueMaxEnvelopes,
    );
  });

  test(`${name}: a transaction that fails leaves no trace in what is known of queues`, async (t) => {
    const { engine, store, device, waiting } = await openOne(t, SMALL);
    await store.send([addressee(device, 10)], 1, 'contact');
    const fails = engine.write(function* () {
      yield { sql: 'insert into no_such_table values (1)', parameters: [] };
    });
    const sends = Array.from({ length: 4 }, () => store.send([addressee(device, 10)], 1, 'contact'));
    await t.rejects(fails);
    const outcomes = await Promise.all(sends);
    t.ok(outcomes.every((outcome) => outcome.kind === 'stored'));
    t.equal(await waiting(), 5);
    t.same(await store.send([addressee(device, 10)], 1, 'contact'), { kind: 'queue-full' });
  });

  test(`${name}: acknowledging deletes exactly what it names`, async (t) => {
    const { store, device, waiting } = await openOne(t);
    const sent = Array.from({ length: 4 }, () => addressee(device, 50));
    for (const [i, to] of sent.entries()) await store.send([to], 1, i === 3 ? 'stranger' : 'contact');
    await store.acknowledge(device, [
      sent[1]?.id ?? randomBytes(16),
      sent[3]?.id ?? randomBytes(16),
      randomBytes(16),
    ]);
    t.same(await ids(store, device), [new Uint8Array(sent[0]?.id ?? []), new Uint8Array(sent[2]?.id ?? [])]);
    t.equal(await waiting(), 2);
  });

  test(`${name}: acknowledgements given one by one in one turn are all deleted`, async (t) => {
    const { store, device, waiting } = await openOne(t);
    const sent = Array.from({ length: 5 }, () => addressee(device, 50));
    for (const to of sent) await store.send([to], 1, 'contact');
    await Promise.all(sent.slice(1).map(({ id }) => store.acknowledge(device, [id])));
    t.same(await ids(store, device), [new Uint8Array(sent[0]?.id ?? [])]);
    t.equal(await waiting(), 1);
  });

  test(`${name}: a device that was removed and came back has a queue that is acknowledged like any other`, async (t) => {
    const { engine, store, device } = await openOne(t);
    const [before, after] = [addressee(device), addressee(device)];
    await store.send([before], 1, 'contact');
    await store.acknowledge(device, [before.id]);
    const row = await engine.read(() =>
      first(engine.build.selectFrom('devices').selectAll().where('id', '=', idBytes(device))),
    );
    t.ok(row !== undefined);
    if (row === undefined) return;
    await engine.write(() => run(engine.build.deleteFrom('devices').where('id', '=', idBytes(device))));
    await engine.write(() => run(engine.build.insertInto('devices').values(row)));
    await store.send([after], 1, 'contact');
    await store.acknowledge(device, [after.id]);
    t.same(await ids(store, device), []);
  });

  test(`${name}: one device cannot acknowledge another’s envelope`, async (t) => {
    const engine = await open(t);
    const store = buildEnvelopeStore(engine);
    const [mine, other] = (await storeAccount(engine, 2)).devices;
    t.ok(mine !== undefined && other !== undefined);
    if (mine === undefined || other === undefined) return;
    const to = addressee(other);
    await store.send([to, addressee(mine)], 1, 'contact');
    await store.acknowledge(mine, [to.id]);
    t.equal((await ids(store, other)).length, 1);
    t.equal((await ids(store, mine)).length, 1);
  });

  test(`${name}: a sequence is never given twice, though its envelope is gone`, async (t) => {
    const { store, device } = await openOne(t);
    const to = addressee(device);
    await store.send([to], 1, 'contact');
    await store.acknowledge(device, [to.id]);
    await store.send([addressee(device)], 1, 'contact');
    t.equal((await store.page(device, 0, ...ALL))[0]?.sequence, 2);
  });

  test(`${name}: pages go on after a sequence and are bounded by count and bytes`, async (t) => {
    const { store, device } = await openOne(t);
    for (let i = 0; i < 6; i++) await store.send([addressee(device, 1000)], 1, 'contact');
    const sequences = async (after: number, most: number, bytes: number): Promise<number[]> =>
      (await store.page(device, after, most, bytes)).map(({ sequence }) => sequence);
    t.same(await sequences(0, 2, 1e6), [1, 2]);
    t.same(await sequences(2, 100, 1e6), [3, 4, 5, 6]);
    t.same(await sequences(0, 100, 1500), [1, 2]);
    t.same(await sequences(0, 100, 0), [1]);
    t.same(await sequences(6, 100, 1e6), []);
  });

  test(`${name}: a fresh envelope names the one queued before it for the same device`, async (t) => {
    const engine = await open(t);
    const store = buildEnvelopeStore(engine);
    const [one = makeId<DeviceId>(), two = makeId<DeviceId>()] = (await storeAccount(engine, 2)).devices;
    const fresh = async (device: DeviceId) => {
      const outcome = await store.send([addressee(device)], 1, 'contact');
      return outcome.kind === 'stored' ? outcome.queued[0]?.envelope : undefined;
    };
    const [a, b, c] = [await fresh(one), await fresh(two), await fresh(one)];
    t.same([a?.previous, b?.previous, c?.previous], [0, 0, a?.sequence]);
    await store.acknowledge(one, [c?.id ?? randomBytes(16)]);
    t.equal((await fresh(one))?.previous, c?.sequence, 'though it is gone');
  });

  test(`${name}: a queue goes with its device and with its account`, async (t) => {
    const engine = await open(t);
    const store = buildEnvelopeStore(engine);
    const { account, devices } = await storeAccount(engine, 2);
    const count = async (table: 'queues' | 'envelopes'): Promise<number | undefined> =>
      (
        await engine.read(() =>
          first(engine.build.selectFrom(table).select((row) => row.fn.countAll<number>().as('n'))),
        )
      )?.n;
    await store.send(
      devices.map((device) => addressee(device)),
      1,
      'contact',
    );
    const [gone = makeId<DeviceId>()] = devices;
    await engine.write(() => run(engine.build.deleteFrom('devices').where('id', '=', idBytes(gone))));
    t.same([await count('queues'), await count('envelopes')], [1, 1]);
    t.same(await store.send([addressee(gone)], 1, 'contact'), { kind: 'no-device' });
    await engine.write(() => run(engine.build.deleteFrom('accounts').where('id', '=', idBytes(account))));
    t.same([await count('queues'), await count('envelopes')], [0, 0]);
  });

  test(`${name}: connecting keeps the highest start counter, tells the one before it and says what waits`, async (t) => {
    const engine = await open(t);
    const store = buildEnvelopeStore(engine);
    const { account, devices } = await storeAccount(engine, 1);
    const [device = makeId<DeviceId>()] = devices;
    t.match(await store.connect(account, device, 7), { counter: 0, queued: 0, newest: 0, listCounter: 1 });
    await store.send([addressee(device)], 1, 'contact');
    t.match(await store.connect(account, device, 3), { counter: 7, queued: 1, newest: 1 });
    t.match(await store.connect(account, device, 8), { counter: 7 });
    t.equal(await store.connect(account, makeId<DeviceId>(), 9), undefined);
    const other = await storeAccount(engine, 1);
    t.equal(await store.connect(other.account, device, 9), undefined);
    t.match(await store.connect(account, device, 1), { counter: 8 });
  });

  test(`${name}: expiry deletes what is older than an instant, in every queue, and keeps the sums`, async (t) => {
    const engine = await open(t);
    const store = buildEnvelopeStore(engine);
    const { devices } = await storeAccount(engine, 3);
    for (const receivedAt of [10, 20, 30]) {
      for (const device of devices) await store.send([addressee(device)], receivedAt, 'contact');
    }
    t.same(await store.expire(20, 0), { deleted: 3, next: undefined });
    t.same(await store.expire(31, 8), { deleted: 1, next: undefined });
    const left = [2, 2, 1];
    for (const [i, device] of devices.entries()) {
      t.equal((await ids(store, device)).length, left[i]);
    }
  });

  test(`${name}: expiry goes on where a step ended until nothing old is left`, async (t) => {
    const { store, device } = await openOne(t);
    await Promise.all(Array.from({ length: 1100 }, () => store.send([addressee(device, 1)], 10, 'contact')));
    let deleted = 0;
    let steps = 0;
    for (let next: number | undefined = 0; next !== undefined; steps++) {
      const step = await store.expire(11, next);
      deleted += step.deleted;
      next = step.next;
    }
    t.equal(deleted, 1100);
    t.ok(steps > 1);
    t.same(await ids(store, device), []);
  });
}
