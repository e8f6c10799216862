/** How this device's clock and the server's bound each other, and what of their difference is told. */
import t from 'tap';
import { TwoClocks } from '../../../client/core/two-clocks.ts';

const DAY_MS = 24 * 60 * 60_000;
const START = 1_800_000_000_000;

function makeClocks() {
  const time = { now: START };
  return { time, clocks: new TwoClocks({ now: () => time.now, after: () => () => undefined }) };
}

t.test('it is no later than by either clock, and no earlier than by either', async (t) => {
  const { clocks } = makeClocks();
  clocks.note(START - 3 * DAY_MS);
  t.equal(clocks.earliest, START - 3 * DAY_MS);
  t.equal(clocks.latest, START);
  clocks.note(START + 3 * DAY_MS);
  t.equal(clocks.earliest, START);
  t.equal(clocks.latest, START + 3 * DAY_MS);
});

t.test('on a connection that lasts the time of both goes on', async (t) => {
  const { clocks, time } = makeClocks();
  clocks.note(START);
  for (let hours = 0; hours < 24; hours += 1) {
    time.now += DAY_MS / 24;
    clocks.note(time.now - 1000);
  }
  t.equal(clocks.earliest, START + DAY_MS - 1000);
  // Both have slept.
  time.now += 8 * DAY_MS;
  clocks.note(time.now);
  t.equal(clocks.told, undefined);
  t.equal(clocks.earliest, time.now);
});

t.test('before the server has said its time, little is old', async (t) => {
  const { clocks } = makeClocks();
  t.equal(clocks.earliest, START - 400 * DAY_MS);
  t.equal(clocks.latest, START);
  t.equal(clocks.told, undefined);
});

t.test('a server that holds its time back, or runs ahead, moves nothing by more than 400 days', async (t) => {
  const { clocks } = makeClocks();
  clocks.note(0);
  t.equal(clocks.earliest, START - 400 * DAY_MS);
  clocks.note(8_640_000_000_000_000);
  t.equal(clocks.latest, START + 400 * DAY_MS);
});

t.test(
  'a difference of half an hour is told until it is seen, and again when it is another one',
  async (t) => {
    const { clocks, time } = makeClocks();
    clocks.note(START - 29 * 60_000);
    t.equal(clocks.told, undefined);
    clocks.note(START - 31 * 60_000);
    t.strictSame(clocks.told, { here: START, there: START - 31 * 60_000 });
    clocks.see();
    t.equal(clocks.told, undefined);
    time.now += DAY_MS;
    clocks.note(time.now - 32 * 60_000);
    t.equal(clocks.told, undefined, 'as much as was seen');
    const there = time.now;
    time.now += 365 * DAY_MS;
    clocks.note(there);
    const told = clocks.told;
    t.strictSame(told, { here: time.now, there });
    time.now += 25_000;
    clocks.note(there + 25_000);
    t.equal(clocks.told, told, 'one value while it lasts: what shows it is not drawn anew');
    time.now -= 365 * DAY_MS;
    clocks.note(time.now);
    t.equal(clocks.told, undefined);
  },
);
