/** The adapters of `client/platform` in a worker of real Chromium: database, keyring, lock, requests, sockets, randomness. */
import { join } from 'node:path';
import { expect, test } from '@playwright/test';
import { openWorkerPage, type WorkerPage } from '../support/worker-page.ts';

declare const ask: (question: string) => Promise<unknown>;

/** What each scenario answers. */
const EXPECTED: Readonly<Record<string, unknown>> = {
  'what was written is read': ['one', { two: Uint8Array.of(2) }, 'bytes', 'list', true],
  'a transaction reads its own writes': ['first', true],
  'a throw rolls everything back': ['RangeError', 0],
  'ranges are bounded, limited and in order both ways': [
    [
      [['c', 2], 2],
      [['c', 3], 3],
    ],
    [
      [['c', 6], 6],
      [['c', 5], 5],
    ],
    10,
    11,
    [],
    [],
  ],
  'writers of one store take turns': 20,
  'what is committed outlives the connection, and new stores come with a version': ['kept', true],
  'a database of a higher version is refused by a name of its own, and can be deleted': [
    'VersionError',
    'InvalidStateError',
  ],
  'a closed database refuses': 'InvalidStateError',
  'the keyring seals, opens after a restart, and refuses what was changed': [
    28,
    true,
    true,
    'OperationError',
    'OperationError',
  ],
  'the keyring follows what another tab has wiped and made anew': [[1, 2], 'OperationError', 3, 64],
  'no key of the keyring can be taken out': [
    ['Ed25519', false, 'InvalidAccessError'],
    ['AES-GCM', false, 'InvalidAccessError'],
  ],
  'the session key signs as its public half says': [32, true, true],
  'without Ed25519 in the browser the session key is made by software': [true, 1, false],
  'one owner at a time, until it lets go or is robbed': [
    [true, false],
    'AbortError',
    [false, true],
    [true, false],
    ['first'],
  ],
  'a lifeline breaks when it is let go, and not before': ['held', 'broken'],
  'a channel reaches the others of its name and not itself': [['two', { kind: 'hello' }]],
  'requests answer with status and text, and refuse when nobody answers': [200, true, 404, 'TimeoutError'],
  'a socket that cannot open is closed exactly once': [[1006], 4000],
  'random bytes come in any length': [0, 200_000, true],
};

let served: WorkerPage;

// One worker takes all: they have one page in common.
test.describe.configure({ mode: 'default' });

test.beforeAll(async () => {
  served = await openWorkerPage(join(import.meta.dirname, 'platform', 'worker.ts'));
});
test.afterAll(async () => {
  await served.close();
});

test('every scenario of the worker is expected here', async ({ page }) => {
  await page.goto(served.url);
  expect(await page.evaluate(() => ask('which'))).toEqual(Object.keys(EXPECTED));
});

for (const [name, expected] of Object.entries(EXPECTED)) {
  test(name, async ({ page }) => {
    await page.route('**/slow', () => undefined);
    await page.goto(served.url);
    expect(await page.evaluate((question) => ask(question), name)).toEqual(expected);
  });
}
