import t from 'tap';
import { WayWatch } from '../../../client/core/calls/way-watch.ts';
import { ManualClock } from '../../support/manual-clock.ts';

/** What is done of a call whose descriptions are told, by the time at which it is done, ms. */
function open(mayConnect: () => boolean, { hasRelay = true }: { readonly hasRelay?: boolean } = {}) {
  const clock = new ManualClock();
  const done: string[] = [];
  const note = (what: string) => () => done.push(`${what} at ${clock.now()}`);
  const watch = new WayWatch(clock, 'caller', {
    lookAgain: note('again'),
    goRelayed() {
      done.push(`relayed at ${clock.now()}`);
      return hasRelay;
    },
    giveUp: note('given up'),
    restart: note('restart'),
    enterAnew: note('enter'),
  });
  watch.begin(mayConnect);
  return { clock, watch, done };
}

function pass(clock: ManualClock, ms: number): void {
  for (let passed = 0; passed < ms; passed += 100) clock.advance(100);
}

t.test('a direct way has three seconds where both sides have named addresses', (t) => {
  const { clock, done } = open(() => true);
  pass(clock, 10_000);
  t.strictSame(done, ['relayed at 3000']);
  t.end();
});

t.test('where one side has named none within a second, it is not waited for', (t) => {
  const { clock, done } = open(() => false);
  pass(clock, 10_000);
  t.strictSame(done, ['relayed at 1000']);
  t.end();
});

t.test('an address that comes within the second counts', (t) => {
  let mayConnect = false;
  const { clock, watch, done } = open(() => mayConnect);
  pass(clock, 900);
  mayConnect = true;
  pass(clock, 1_000);
  watch.heard('connected');
  pass(clock, 10_000);
  t.strictSame(done, []);
  t.end();
});

t.test(
  'without a media server a direct way has all the time there is, and is given up where the browser does',
  (t) => {
    const { clock, watch, done } = open(() => true, { hasRelay: false });
    pass(clock, 20_000);
    t.strictSame(done, ['relayed at 3000'], 'it is waited for');
    watch.heard('failed');
    t.strictSame(done.slice(1), ['relayed at 20000', 'given up at 20000']);
    t.end();
  },
);

t.test('without a media server a way that was lost is looked for again and again', (t) => {
  const { clock, watch, done } = open(() => true, { hasRelay: false });
  watch.heard('connected');
  watch.heard('interrupted');
  pass(clock, 18_000);
  t.strictSame(done, [
    'again at 2000',
    'relayed at 7000',
    'again at 7000',
    'relayed at 12000',
    'again at 12000',
    'relayed at 17000',
    'again at 17000',
  ]);
  watch.heard('connected');
  pass(clock, 20_000);
  t.equal(done.length, 7);
  t.end();
});
