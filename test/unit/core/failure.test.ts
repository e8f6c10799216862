/** Parts of the program that are fetched when they are wanted: what is said when one does not come, and when it does not come again. */
import t from 'tap';
import { fetchPart, isPassing } from '../../../client/core/failure.ts';
import { isRepeatable } from '../../../client/core/transport/rest.ts';

t.test(
  'a part that does not come is a matter of the connection once, and of the page from then on',
  async (t) => {
    let isThere = false;
    const load = async (): Promise<string> => {
      if (!isThere) throw new TypeError('Failed to fetch dynamically imported module');
      return 'the part';
    };
    await t.rejects(fetchPart(load), { code: 'offline' });
    const error: unknown = await fetchPart(load).catch((cause: unknown) => cause);
    t.match(error, { code: 'part-missing' });
    t.ok(
      isPassing(error) && isRepeatable(error),
      'another page may have it: what waits for it goes on waiting',
    );
    await t.rejects(fetchPart(load), { code: 'part-missing' });

    isThere = true;
    t.equal(await fetchPart(load), 'the part');
    isThere = false;
    await t.rejects(fetchPart(load), { code: 'offline' }, 'what has come since counts anew');
  },
);

t.test('each part is counted for itself, wherever it is asked for from', async (t) => {
  const fail = (): Promise<never> => Promise.reject(new TypeError('no such module'));
  await t.rejects(
    fetchPart(async () => [await fail(), 'one']),
    { code: 'offline' },
  );
  await t.rejects(
    fetchPart(async () => [await fail(), 'another']),
    { code: 'offline' },
  );
  for (const code of ['offline', 'part-missing']) {
    await t.rejects(
      fetchPart(async () => [await fail(), 'asked for in a loop']),
      { code },
      'a fresh function with the same words is the same part',
    );
  }
});
