/** The lock of an app where nobody is: after its time, never before, and whatever becomes of the clock. */
import t from 'tap';
import { IdleLock } from '../../../client/core/account/idle-lock.ts';

const FIVE_MIN = 5 * 60_000;

/** A clock that a test moves; what is due is called in its order. */
function makeClock() {
  let now = 1_000_000;
  let timers: { readonly at: number; readonly run: () => void }[] = [];
  return {
    now: () => now,
    after(delayMs: number, run: () => void) {
      const timer = { at: now + delayMs, run };
      timers.push(timer);
      return () => {
        timers = timers.filter((other) => other !== timer);
      };
    },
    /** Time goes by, and timers are called when they are due. */
    pass(ms: number) {
      const until = now + ms;
      for (;;) {
        const next = timers.filter(({ at }) => at <= until).toSorted((a, b) => a.at - b.at)[0];
        if (next === undefined) break;
        timers = timers.filter((other) => other !== next);
        now = Math.max(now, next.at);
        next.run();
      }
      now = until;
    },
    /** The machine sleeps: time goes by, and nothing is called. */
    sleep(ms: number) {
      now += ms;
    },
    /** Calls what is due, late. */
    wake() {
      this.pass(0);
    },
    /** Somebody sets the clock. */
    set(ms: number) {
      now = ms;
      timers = timers.map(({ run }) => ({ at: now, run }));
    },
  };
}

function makeLock() {
  const clock = makeClock();
  let locked = 0;
  const idle = new IdleLock(clock, () => {
    locked += 1;
  });
  return { clock, idle, locked: () => locked };
}

t.test('after the time that was set without anybody it locks, once, and not a moment before', (t) => {
  const { clock, idle, locked } = makeLock();
  idle.set(FIVE_MIN);
  clock.pass(FIVE_MIN - 1);
  t.equal(locked(), 0);
  clock.pass(1);
  t.equal(locked(), 1);
  clock.pass(10 * FIVE_MIN);
  t.equal(locked(), 1);
  t.end();
});

t.test('whoever is there puts it off, by the whole time from then on', (t) => {
  const { clock, idle, locked } = makeLock();
  idle.set(FIVE_MIN);
  for (let i = 0; i < 20; i += 1) {
    clock.pass(FIVE_MIN - 1_000);
    idle.active();
  }
  t.equal(locked(), 0);
  clock.pass(FIVE_MIN - 1);
  t.equal(locked(), 0);
  clock.pass(1);
  t.equal(locked(), 1);
  t.end();
});

t.test('it is set again after it was opened, changed while it waits, and stopped', (t) => {
  const { clock, idle, locked } = makeLock();
  idle.set(FIVE_MIN);
  clock.pass(FIVE_MIN);
  t.equal(locked(), 1);
  idle.set(FIVE_MIN);
  clock.pass(FIVE_MIN);
  t.equal(locked(), 2, 'as the unlocking does');
  idle.set(6 * FIVE_MIN);
  clock.pass(FIVE_MIN);
  idle.set(60_000);
  clock.pass(60_000);
  t.equal(locked(), 3, 'a shorter time counts from when it is set');
  idle.set(FIVE_MIN);
  idle.set(undefined);
  idle.active();
  clock.pass(100 * FIVE_MIN);
  t.equal(locked(), 3);
  t.end();
});

t.test('a machine that slept locks when it wakes, before anybody is there', (t) => {
  const { clock, idle, locked } = makeLock();
  idle.set(FIVE_MIN);
  clock.pass(60_000);
  clock.sleep(8 * 60 * 60_000);
  clock.wake();
  t.equal(locked(), 1);
  t.end();
});

t.test('a clock that is set back or forward does not keep it open', (t) => {
  for (const set of [0, 1_000_000 + 365 * 24 * 60 * 60_000]) {
    const { clock, idle, locked } = makeLock();
    idle.set(FIVE_MIN);
    clock.pass(60_000);
    clock.set(set);
    clock.wake();
    t.equal(locked(), 1);
  }
  t.end();
});
