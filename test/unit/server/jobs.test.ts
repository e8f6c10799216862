import { randomBytes } from 'node:crypto';
import { test, type Test } from 'tap';
import { idBytes, type DeviceId } from '../../../protocol/ids.ts';
import { ClockWatch } from '../../../server/jobs/clock-watch.ts';
import { expireEnvelopes } from '../../../server/jobs/expire-envelopes.ts';
import { Scheduler, type Job } from '../../../server/jobs/scheduler.ts';
import { buildEnvelopeStore } from '../../../server/store/envelopes.ts';
import { noteClock, openServerState } from '../../../server/store/server-state.ts';
import { makeId, openSqliteStore, storeAccount } from '../../support/open-store.ts';

/** The scheduler alone keeps no process alive; a test needs one. */
function stayAlive(t: Test): void {
  const timer = setInterval(() => undefined, 1000);
  t.teardown(() => clearInterval(timer));
}

/** A job that tells each run and ends when it is let go. */
function makeJob(): { job: Job; started: () => Promise<void>; letGo: () => void; runs: () => number } {
  let runs = 0;
  let tell: (() => void) | undefined;
  let letGo: (() => void) | undefined;
  let next = new Promise<void>((resolve) => (tell = resolve));
  const job: Job = {
    name: 'test',
    everyMs: 1,
    async run() {
      runs += 1;
      const held = new Promise<void>((resolve) => (letGo = resolve));
      tell?.();
      await held;
    },
  };
  return {
    job,
    started: async () => {
      await next;
      next = new Promise<void>((resolve) => (tell = resolve));
    },
    letGo: () => letGo?.(),
    runs: () => runs,
  };
}

test('a job runs again only after it has ended', async (t) => {
  stayAlive(t);
  const { job, started, letGo, runs } = makeJob();
  const scheduler = new Scheduler([job], (error) => t.fail(String(error)), 1);
  await started();
  t.equal(runs(), 1);
  letGo();
  await started();
  t.equal(runs(), 2);
  letGo();
  await scheduler.close();
});

test('a job that fails is reported and gets its next turn', async (t) => {
  stayAlive(t);
  const failures: unknown[] = [];
  let runs = 0;
  let second: (() => void) | undefined;
  const again = new Promise<void>((resolve) => (second = resolve));
  const scheduler = new Scheduler(
    [
      {
        name: 'fails',
        everyMs: 1,
        run() {
          runs += 1;
          if (runs === 2) second?.();
          return Promise.reject(new Error(String(runs)));
        },
      },
    ],
    (...failure) => failures.push(failure),
    1,
  );
  await again;
  await scheduler.close();
  t.match(failures[0], [{ message: '1' }, { job: 'fails' }]);
});

test('closing waits for the job that runs, tells it to stop, and starts no other', async (t) => {
  stayAlive(t);
  let aborted = false;
  let started: (() => void) | undefined;
  const running = new Promise<void>((resolve) => (started = resolve));
  const scheduler = new Scheduler(
    [
      {
        name: 'waits',
        everyMs: 1,
        async run(signal) {
          started?.();
          await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
          aborted = true;
        },
      },
    ],
    (error) => t.fail(String(error)),
    1,
  );
  await running;
  await scheduler.close();
  t.ok(aborted);
});

test('envelopes older than the queue age go, younger ones stay', async (t) => {
  const engine = await openSqliteStore(t);
  const store = buildEnvelopeStore(engine);
  const { devices } = await storeAccount(engine, 1);
  const [device = makeId<DeviceId>()] = devices;
  for (const receivedAt of [1000, 2000, 3000]) {
    const to = { device, key: idBytes(device), id: randomBytes(16), body: randomBytes(5) };
    await store.send([to], receivedAt, 'contact');
  }
  let expired = 0;
  const watch = new ClockWatch({
    clock: { now: () => 7500 },
    before: undefined,
    note: () => Promise.resolve(),
    onJump: () => t.fail('no jump'),
  });
  const job = expireEnvelopes(store, watch, 5000, (count) => (expired += count));
  await job.run(new AbortController().signal);
  t.equal(expired, 2);
  t.same(
    (await store.page(device, 0, 10, 1e6)).map((envelope) => envelope.receivedAt),
    [3000],
  );
});

const DAY_MS = 86_400_000;
const YEAR_MS = 365 * DAY_MS;
const QUEUE_AGE_MS = 90 * DAY_MS;
const START = 1_795_000_000_000;

/** A queue with an envelope received at `START`, and the expiry job under a clock that a test sets. */
async function openQueue(t: Test) {
  const engine = await openSqliteStore(t);
  const store = buildEnvelopeStore(engine);
  const { devices } = await storeAccount(engine, 1);
  const [device = makeId<DeviceId>()] = devices;
  const send = (receivedAt: number) =>
    store.send(
      [{ device, key: idBytes(device), id: randomBytes(16), body: randomBytes(5) }],
      receivedAt,
      'contact',
    );
  await send(START);
  const time = { passed: 0, set: 0 };
  const jumps: number[] = [];
  /** The server starts; what comes before the job's first turn comes under the clock of then. */
  const start = async () => {
    const { clock } = await openServerState(engine, randomBytes(32));
    const newest = await store.newestAt();
    const watch = new ClockWatch({
      clock: { now: () => START + time.passed + time.set },
      before: clock ?? (newest === undefined ? undefined : { at: newest, heldMs: undefined }),
      note: (note) => noteClock(engine, note),
      onJump: (byMs) => jumps.push(byMs),
      passed: () => time.passed,
    });
    return expireEnvelopes(store, watch, QUEUE_AGE_MS, () => undefined);
  };
  const waiting = async () => (await store.page(device, 0, 10, 1e6)).length;
  /** An hour passes, and the job has its turn. */
  const turn = async (job: Job, hours = 1) => {
    time.passed += hours * 3_600_000;
    await job.run(new AbortController().signal);
  };
  return { start, send, time, jumps, waiting, turn };
}

test('a clock that jumps a year ahead deletes nothing that waits, and what waits is there when it is right again', async (t) => {
  const { start, time, jumps, waiting, turn } = await openQueue(t);
  const job = await start();
  await turn(job);
  time.set = YEAR_MS;
  for (let hours = 0; hours < 100; hours += 1) await turn(job);
  t.equal(await waiting(), 1);
  t.same(jumps, [YEAR_MS]);
  time.set = 0;
  for (let hours = 0; hours < 10; hours += 1) await turn(job);
  t.equal(await waiting(), 1);
  t.same(jumps, [YEAR_MS, -YEAR_MS]);
  for (let days = 0; days < 89; days += 1) await turn(job, 24);
  t.equal(await waiting(), 0, 'after its time it goes all the same');
});

test('a clock that jumps a year back deletes nothing, then or when it is right again', async (t) => {
  const { start, send, time, waiting, turn } = await openQueue(t);
  const job = await start();
  await turn(job);
  time.set = -YEAR_MS;
  await turn(job);
  await send(START + time.passed + time.set);
  await turn(job);
  t.equal(await waiting(), 2);
  time.set = 0;
  for (let hours = 0; hours < 100; hours += 1) await turn(job);
  t.equal(await waiting(), 2, 'neither what came before nor what came meanwhile');
});

test('a server that starts under a wrong clock deletes nothing for a week', async (t) => {
  const { start, time, jumps, waiting, turn } = await openQueue(t);
  time.set = YEAR_MS;
  const job = await start();
  for (let days = 0; days < 7; days += 1) await turn(job, 24);
  t.equal(await waiting(), 1);
  t.equal(jumps.length, 1);
  await turn(job, 24);
  t.equal(await waiting(), 0);
});

test('a start under a wrong clock is noticed although something has come since', async (t) => {
  const { start, send, time, jumps, waiting, turn } = await openQueue(t);
  await turn(await start());
  time.set = YEAR_MS;
  const job = await start();
  await send(START + time.passed + time.set);
  await turn(job);
  t.equal(await waiting(), 2);
  t.equal(jumps.length, 1);
});

test('a server that is started again under a clock that had jumped goes on holding what waits', async (t) => {
  const { start, send, time, waiting, turn } = await openQueue(t);
  const job = await start();
  await turn(job);
  time.set = YEAR_MS;
  await turn(job);
  await send(START + time.passed + time.set);
  for (let days = 0; days < 6; days += 1) {
    const again = await start();
    for (let hours = 0; hours < 24; hours += 1) await turn(again);
  }
  t.equal(await waiting(), 2, 'for six days and as many starts');
  time.set = 0;
  await turn(await start());
  t.equal(await waiting(), 2, 'and when it is right again');
});

test('after a week under one clock it is believed, however often the server was started', async (t) => {
  const { start, time, waiting, turn } = await openQueue(t);
  await turn(await start());
  time.set = YEAR_MS;
  for (let days = 0; days < 9; days += 1) {
    const job = await start();
    for (let hours = 0; hours < 24; hours += 1) await turn(job);
  }
  t.equal(await waiting(), 0);
});
