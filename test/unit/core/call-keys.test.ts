// A way that stands without the other side's keys is not a call: they are asked for, and it is said.

import t from 'tap';
import { KeyWatch } from '../../../client/core/calls/key-watch.ts';
import { ManualClock } from '../../support/manual-clock.ts';

function open() {
  const clock = new ManualClock();
  const said: string[] = [];
  const watch = new KeyWatch(clock, {
    connected: () => said.push('connected'),
    ask: () => said.push('ask'),
  });
  return { clock, said, watch };
}

t.test('keys that are there connect with the way, in either order, once', async (t) => {
  const { clock, said, watch } = open();
  watch.up();
  t.strictSame(said, []);
  watch.keyed();
  watch.keyed();
  t.strictSame(said, ['connected']);
  clock.advance(10_000);
  t.strictSame(said, ['connected'], 'nobody is asked');
  const other = open();
  other.watch.keyed();
  t.strictSame(other.said, []);
  other.watch.up();
  t.strictSame(other.said, ['connected']);
});

t.test('keys that do not come are asked for every two seconds, and only then are they missing', async (t) => {
  const { clock, said, watch } = open();
  watch.up();
  clock.advance(1_999);
  t.notOk(watch.isWithout);
  clock.advance(1);
  t.ok(watch.isWithout);
  clock.advance(2_000);
  t.strictSame(said, ['ask', 'ask']);
  watch.keyed();
  t.notOk(watch.isWithout);
  clock.advance(10_000);
  t.strictSame(said, ['ask', 'ask', 'connected']);
});

t.test(
  'a way that is lost asks for nothing, and keys that were told stay until it is another way',
  async (t) => {
    const { clock, said, watch } = open();
    watch.up();
    clock.advance(2_000);
    watch.down();
    t.notOk(watch.isWithout, 'the way is what is missing');
    clock.advance(10_000);
    t.strictSame(said, ['ask']);
    watch.keyed();
    watch.up();
    t.strictSame(said, ['ask', 'connected']);
    watch.moved();
    watch.up();
    t.strictSame(said, ['ask', 'connected'], 'the keys were of the way before');
    clock.advance(2_000);
    t.ok(watch.isWithout);
  },
);
