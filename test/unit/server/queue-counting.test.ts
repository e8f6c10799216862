/** Counting what waits in a queue takes time with its length, so nobody may be able to have it counted again and again. */
import { randomBytes } from 'node:crypto';
import { test, type Test } from 'tap';
import { idBytes, type DeviceId } from '../../../protocol/ids.ts';
import { buildEnvelopeStore, type Quotas } from '../../../server/store/envelopes.ts';
import { first, run, type Answer, type Transaction } from '../../../server/store/transaction.ts';
import type { StoreEngine } from '../../../server/store/writer.ts';
import { makeId, openSqliteStore, storeAccount } from '../../support/open-store.ts';

const QUOTAS: Quotas = { envelopes: 100, bytes: 1_000, strangers: 10 };

/** An engine that tells every statement before it runs it. */
function watched(engine: StoreEngine, tell: (sql: string) => void): StoreEngine {
  function* watch<Result>(work: Transaction<Result>): Transaction<Result> {
    let step = work.next();
    while (step.done !== true) {
      tell(step.value.sql);
      let answer: Answer;
      try {
        answer = yield step.value;
      } catch (error) {
        step = work.throw(error);
        continue;
      }
      step = work.next(answer);
    }
    return step.value;
  }
  return {
    dialect: engine.dialect,
    build: engine.build,
    write: (work) => engine.write(() => watch(work())),
    writeSoon: (work) => engine.writeSoon(() => watch(work())),
    erase: (work) => engine.erase(() => watch(work())),
    read: (work) => engine.read(() => watch(work())),
    check: () => engine.check(),
    onUndone: (forget) => engine.onUndone(forget),
    close: () => engine.close(),
  };
}

async function openCounted(t: Test) {
  const engine = await openSqliteStore(t);
  const counted = { times: 0 };
  const store = buildEnvelopeStore(
    watched(engine, (sql) => {
      if (sql.includes('count(*)')) counted.times += 1;
    }),
    QUOTAS,
  );
  const { account, devices } = await storeAccount(engine, 1);
  const [device = makeId<DeviceId>()] = devices;
  const send = async (size: number, from: 'contact' | 'stranger' = 'contact') => {
    const id = randomBytes(16);
    const { kind } = await store.send(
      [{ device, key: idBytes(device), id, body: randomBytes(size) }],
      1,
      from,
    );
    return { id, kind };
  };
  return { engine, store, account, device, counted, send };
}

test('a full queue refuses without being counted each time, however often its device makes room', async (t) => {
  const { store, device, counted, send } = await openCounted(t);
  const waiting: Uint8Array[] = [];
  for (let i = 0; i < 10; i++) waiting.push((await send(100)).id);
  for (let i = 0; i < 20; i++) {
    t.equal((await send(100)).kind, 'queue-full');
    t.equal((await send(1)).kind, 'queue-full');
    await store.acknowledge(device, waiting.splice(0, 1));
    const { kind, id } = await send(100);
    t.equal(kind, 'stored');
    waiting.push(id);
  }
  t.ok(counted.times <= 2, `counted ${String(counted.times)} times`);
});

test('strangers who find their share full do not have the queue counted each time', async (t) => {
  const { store, device, counted, send } = await openCounted(t);
  const waiting: Uint8Array[] = [(await send(1)).id];
  for (let i = 0; i < 10; i++) waiting.push((await send(1, 'stranger')).id);
  for (let i = 0; i < 20; i++) {
    t.equal((await send(1, 'stranger')).kind, 'queue-full');
    await store.acknowledge(device, waiting.splice(1, 1));
    const { kind, id } = await send(1, 'stranger');
    t.equal(kind, 'stored');
    waiting.push(id);
  }
  t.ok(counted.times <= 2, `counted ${String(counted.times)} times`);
});

test('what was acknowledged while there was much room makes room in the end', async (t) => {
  const { store, device, send } = await openCounted(t);
  await send(100);
  for (let i = 0; i < 40; i++) {
    const { kind, id } = await send(100);
    t.equal(kind, 'stored', `message ${String(i + 2)}`);
    await store.acknowledge(device, [id]);
  }
  t.same((await store.page(device, 0, 10, 1e6)).length, 1);
});

test('a device that connects again and again is not counted each time', async (t) => {
  const { store, account, device, counted, send } = await openCounted(t);
  for (let i = 0; i < 5; i++) await send(100);
  for (let i = 1; i <= 20; i++) t.equal((await store.connect(account, device, i))?.queued, 5);
  t.ok(counted.times <= 1, `counted ${String(counted.times)} times`);
});

test('a device that was removed and came back finds its new queue, not what is remembered of the old one', async (t) => {
  const { engine, store, account, device, send } = await openCounted(t);
  for (let i = 0; i < 10; i++) await send(100);
  const devices = engine.build.selectFrom('devices').selectAll().where('id', '=', idBytes(device));
  const row = await engine.read(() => first(devices));
  if (row === undefined) throw new Error('the device is not stored');
  await engine.write(() => run(engine.build.deleteFrom('devices').where('id', '=', idBytes(device))));
  await engine.write(() => run(engine.build.insertInto('devices').values(row)));
  t.match(await store.connect(account, device, 1), { queued: 0 });
  t.equal((await send(100)).kind, 'stored', 'the old queue was full');
  t.match(await store.connect(account, device, 2), { queued: 1 });
  t.equal((await store.page(device, 0, 100, 1e6)).length, 1);
});
