/** A clock that is set back must not lock anybody out, and must not let anybody through sooner either. */
import t from 'tap';
import { RATES } from '../../../protocol/limits.ts';
import { MemoryLimits } from '../../../server/limits/memory.ts';

const HOUR_MS = 3_600_000;
const START = 1_795_000_000_000;

t.test('after the clock was set back a subject is served as before it was', (t) => {
  let now = START;
  const limits = new MemoryLimits({ now: () => now }, 1);
  const take = () => limits.take('lookup', { kind: 'id', id: 'somebody' });
  t.same(take(), { kind: 'allowed' });
  now -= HOUR_MS;
  for (let i = 1; i < RATES.lookup.burst; i++)
    t.same(take(), { kind: 'allowed' }, `request ${String(i + 1)}`);
  t.same(take(), { kind: 'refused', retryAfterMs: RATES.lookup.everyMs }, 'no more than the burst');
  now -= HOUR_MS;
  t.same(take(), { kind: 'refused', retryAfterMs: RATES.lookup.everyMs }, 'nor after it was set back again');
  now += RATES.lookup.everyMs;
  t.same(take(), { kind: 'allowed' });
  t.end();
});
