/** Work that is asked for again and again. */
import t from 'tap';
import { oneAtATime } from '../../../client/core/one-at-a-time.ts';

/** Work whose runs the test ends. */
function makeWork(): { readonly ask: () => Promise<void>; readonly runs: PromiseWithResolvers<void>[] } {
  const runs: PromiseWithResolvers<void>[] = [];
  const ask = oneAtATime(() => {
    const run = Promise.withResolvers<void>();
    runs.push(run);
    return run.promise;
  });
  return { ask, runs };
}

t.test('any number of askings while it runs make one more run, which begins after it', async (t) => {
  const { ask, runs } = makeWork();
  const first = ask();
  const others = Array.from({ length: 1000 }, () => ask());
  t.equal(runs.length, 1);
  runs[0]!.resolve();
  await first;
  await Promise.resolve();
  t.equal(runs.length, 2);
  let isOver = false;
  const all = Promise.all(others).then(() => {
    isOver = true;
  });
  t.notOk(isOver, 'whoever asked later waits for the later run');
  runs[1]!.resolve();
  await all;
  const last = ask();
  t.equal(runs.length, 3);
  runs[2]!.resolve();
  await last;
});

t.test('a run that fails is told to whoever asked for it and stops no later one', async (t) => {
  const { ask, runs } = makeWork();
  const first = ask();
  const second = ask();
  runs[0]!.reject(new Error('no'));
  await t.rejects(first, { message: 'no' });
  await new Promise((resolve) => setImmediate(resolve));
  runs[1]!.resolve();
  await second;
  t.equal(runs.length, 2);
});
