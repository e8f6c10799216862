/** How often somebody may ring, by when he rang and what became of it. */
import t from 'tap';
import { idOf, type AccountId } from '@tacet/protocol/ids';
import { RecentCalls } from '../../../client/core/calls/recent-calls.ts';

const MINUTE_MS = 60_000;
const ben = idOf<AccountId>(new Uint8Array(16).fill(2));
const eve = idOf<AccountId>(new Uint8Array(16).fill(5));

function makeRecent() {
  const time = { now: 1_800_000_000_000 };
  return { time, recent: new RecentCalls({ now: () => time.now, after: () => () => undefined }) };
}

t.test('six rings in a minute count, and more once one was answered', async (t) => {
  const { time, recent } = makeRecent();
  for (let i = 0; i < 6; i += 1) t.ok(recent.mayCome(ben));
  t.notOk(recent.mayCome(ben), 'a seventh');
  t.ok(recent.mayCome(eve), 'what others ring is their own');
  recent.answered(eve);
  t.notOk(recent.mayCome(ben));
  recent.answered(ben);
  for (let i = 0; i < 6; i += 1) t.ok(recent.mayCome(ben));
  t.notOk(recent.mayCome(ben));
  time.now += MINUTE_MS;
  t.ok(recent.mayCome(ben), 'a minute later');
});

t.test('three that nobody takes sound in ten minutes', async (t) => {
  const { time, recent } = makeRecent();
  for (let i = 0; i < 3; i += 1) {
    t.ok(recent.maySound(ben));
    recent.sounded(ben);
    time.now += MINUTE_MS;
  }
  t.notOk(recent.maySound(ben), 'a fourth');
  t.ok(recent.maySound(eve));
  time.now += 7 * MINUTE_MS - 1;
  t.notOk(recent.maySound(ben));
  time.now += 1;
  t.ok(recent.maySound(ben), 'the first of them is ten minutes old');
  recent.sounded(ben);
  t.notOk(recent.maySound(ben));
  recent.answered(ben);
  t.ok(recent.maySound(ben));
});
