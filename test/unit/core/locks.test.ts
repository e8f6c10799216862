/** Locks: one at a time for each key, in order, and never two that wait for each other. */
import t from 'tap';
import { KeyedLocks } from '../../../client/core/locks.ts';

/** A promise and what settles it. */
function gate(): { readonly passed: Promise<void>; readonly open: () => void } {
  let open: () => void = () => undefined;
  const passed = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { passed, open };
}

t.test('work under one key runs in the order in which it asked', async (t) => {
  const locks = new KeyedLocks();
  const first = gate();
  const ran: string[] = [];
  const runs = [
    locks.run(['a'], async () => {
      await first.passed;
      ran.push('one');
    }),
    locks.run(['a'], async () => {
      ran.push('two');
    }),
    locks.run(['b'], async () => {
      ran.push('other');
      first.open();
    }),
  ];
  await Promise.all(runs);
  t.strictSame(ran, ['other', 'one', 'two']);
});

t.test('two that want the same two keys in different order both finish', async (t) => {
  const locks = new KeyedLocks();
  let inside = 0;
  const work = async (): Promise<number> => {
    inside += 1;
    const now = inside;
    await Promise.resolve();
    inside -= 1;
    return now;
  };
  const most = await Promise.all([
    locks.run(['a', 'b'], work),
    locks.run(['b', 'a'], work),
    locks.run(['a', 'a'], work),
  ]);
  t.strictSame(most, [1, 1, 1], 'never two at a time');
});

t.test('a failure frees the key', async (t) => {
  const locks = new KeyedLocks();
  await t.rejects(locks.run(['a'], () => Promise.reject(new Error('failed'))));
  t.equal(await locks.run(['a'], async () => 'next'), 'next');
});

t.test('a key is held at once or not at all, and whoever asks meanwhile waits for it', async (t) => {
  const locks = new KeyedLocks();
  const release = locks.tryHold(['a', 'b']);
  t.ok(release, 'nobody had them');
  t.equal(locks.tryHold(['b', 'c']), undefined, 'one of them is held');
  const ran: string[] = [];
  const waiting = locks.run(['b'], async () => ran.push('after'));
  await new Promise(setImmediate);
  t.strictSame(ran, []);
  release?.();
  await waiting;
  t.strictSame(ran, ['after']);
  t.ok(locks.tryHold(['a', 'b', 'c']), 'all are free again');
});
