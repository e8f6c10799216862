import { test } from 'tap';
import { RATES } from '../../../protocol/limits.ts';
import { LeakyBucket, MemoryLimits } from '../../../server/limits/memory.ts';

const RULE = { burst: 3, everyMs: 100 };
const DAY_MS = 86_400_000;

test('a bucket lets a burst through, then one per interval, and says when', (t) => {
  const bucket = new LeakyBucket(RULE, 1);
  for (let i = 0; i < 3; i++) t.same(bucket.take(1000), { kind: 'allowed' });
  t.same(bucket.take(1000), { kind: 'refused', retryAfterMs: 100 });
  t.same(bucket.take(1099), { kind: 'refused', retryAfterMs: 1 });
  t.same(bucket.take(1100), { kind: 'allowed' });
  t.same(bucket.take(1100), { kind: 'refused', retryAfterMs: 100 });
  t.end();
});

test('a refused request takes nothing', (t) => {
  const bucket = new LeakyBucket(RULE, 1);
  for (let i = 0; i < 50; i++) bucket.take(1000);
  t.same(bucket.take(1100), { kind: 'allowed' });
  t.end();
});

test('a bucket that was left alone is full again and no fuller', (t) => {
  const bucket = new LeakyBucket(RULE, 1);
  bucket.take(1000);
  t.notOk(bucket.isEmpty(1050));
  t.ok(bucket.isEmpty(1100));
  for (let i = 0; i < 3; i++) t.equal(bucket.take(1_000_000).kind, 'allowed');
  t.equal(bucket.take(1_000_000).kind, 'refused');
  t.end();
});

test('a request that costs more than the burst passes an empty bucket and fills it for long', (t) => {
  const bucket = new LeakyBucket(RULE, 1);
  t.equal(bucket.take(1000, 10).kind, 'allowed');
  t.same(bucket.take(1000), { kind: 'refused', retryAfterMs: 800 });
  t.end();
});

test('the rate factor multiplies the burst and divides the interval', (t) => {
  const bucket = new LeakyBucket(RULE, 2);
  for (let i = 0; i < 6; i++) t.equal(bucket.take(1000).kind, 'allowed');
  t.same(bucket.take(1000), { kind: 'refused', retryAfterMs: 50 });
  t.end();
});

test('classes, ids and addresses are counted apart; the same address with a name is another subject', (t) => {
  const limits = new MemoryLimits({ now: () => 5 }, 1);
  const address = { kind: 'address', address: '192.0.2.1' } as const;
  for (let i = 0; i < RATES.login.burst; i++) limits.take('login', address);
  t.equal(limits.take('login', address).kind, 'refused');
  t.equal(limits.take('public', address).kind, 'allowed');
  t.equal(limits.take('login', { ...address, name: 'alice' }).kind, 'allowed');
  t.equal(limits.take('login', { kind: 'address', address: '192.0.2.2' }).kind, 'allowed');
  t.equal(limits.take('login', { kind: 'id', id: '192.0.2.1' }).kind, 'allowed');
  t.end();
});

test('an address is unrecognisable after midnight UTC', (t) => {
  let now = DAY_MS - 1;
  const limits = new MemoryLimits({ now: () => now }, 1);
  const address = { kind: 'address', address: '192.0.2.1' } as const;
  for (let i = 0; i < RATES.login.burst; i++) limits.take('login', address);
  t.equal(limits.take('login', address).kind, 'refused');
  now += 1;
  t.equal(limits.take('login', address).kind, 'allowed');
  t.end();
});

test('subjects that have been quiet are forgotten', (t) => {
  let now = 0;
  const limits = new MemoryLimits({ now: () => now }, 1);
  for (let i = 0; i < 10_000; i++) limits.take('public', { kind: 'id', id: String(i) });
  t.equal(limits.size, 10_000);
  now = DAY_MS;
  limits.take('public', { kind: 'id', id: 'new' });
  t.equal(limits.size, 1);
  t.end();
});
