/** The app without a network, installed, and when a newer version of it comes. */
import { appendFile, cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { en } from '../../client/ui/text/en.ts';
import { expect, test as base } from './fixtures.ts';
import type { Host } from './host.ts';
import { Person } from './pages/person.page.ts';

const DIST = join(import.meta.dirname, '..', '..', 'client', 'dist');

const test = base.extend<{
  /** From now on the server has another build of the client: the same one, with something added to the files named. */
  readonly publish: (host: Host, changed: Readonly<Record<string, string>>) => Promise<void>;
}>({
  // Playwright reads the names of the fixtures from the pattern.
  // oxlint-disable-next-line no-empty-pattern
  publish: async ({}, use) => {
    const folder = await mkdtemp(join(tmpdir(), 'tacet-build-'));
    await use(async (host, changed) => {
      await cp(DIST, folder, { recursive: true });
      for (const [name, added] of Object.entries(changed)) {
        await appendFile(join(folder, name), added);
        for (const form of ['br', 'gz']) await rm(join(folder, `${name}.${form}`), { force: true });
      }
      await host.stop();
      await host.startAgain(folder);
    });
    await rm(folder, { recursive: true });
  },
});

test.use({ serviceWorkers: 'allow' });

test('without a network the list and the conversations open, and what is written waits', async ({
  ada,
  bob,
  host,
}) => {
  await bob.send('kept for the tunnel');
  await bob.expectDelivery('kept for the tunnel', 'sent');
  await bob.expectAppKept();
  await host.stop();
  await bob.page.context().setOffline(true);
  await bob.page.reload();
  await bob.expectOnce('kept for the tunnel');
  await expect(bob.page.getByText(en.connection.offlineDevice).filter({ visible: true })).toBeVisible();
  await bob.send('written without a network');
  await bob.page.goto(`${host.origin}/settings`);
  await expect(bob.page.getByRole('heading', { name: en.settings.title })).toBeVisible();
  await bob.page.context().setOffline(false);
  await host.startAgain();
  await ada.open('Bob');
  await ada.expectOnce('written without a network');
});

test('nothing is kept of the server’s answers, and a newcomer keeps nothing at all', async ({
  bob,
  host,
  newBrowser,
}) => {
  await bob.expectAppKept();
  const kept = await bob.page.evaluate(async () => {
    const names = await caches.keys();
    const lists = await Promise.all(names.map(async (name) => (await caches.open(name)).keys()));
    return lists.flat().map(({ url }) => new URL(url).pathname);
  });
  expect(kept).toContain('/index.html');
  expect(kept.filter((path) => /core\.worker|libsodium/.test(path))).toHaveLength(2);
  expect(kept.filter((path) => /^\/(?:v1|health|metrics)|passphrase-strength/.test(path))).toEqual([]);
  const answer = await bob.page.request.get(`${host.origin}/service-worker.js`);
  expect(answer.headers()['cache-control']).toBe('no-cache');
  const page = await newBrowser();
  await page.goto(host.origin);
  await expect(page.getByRole('heading', { name: en.welcome.title })).toBeVisible();
  expect(await page.evaluate(async () => (await navigator.serviceWorker.getRegistrations()).length)).toBe(0);
});

test('a newer version is offered, waits while somebody writes, and comes when it is taken', async ({
  bob,
  host,
  publish,
  watch,
}) => {
  await bob.send('before the update');
  await bob.expectAppKept();
  const second = new Person(await bob.page.context().newPage(), bob.origin, bob);
  await watch(second.page);
  await second.page.goto(bob.page.url());
  await second.composer.fill('in the middle of a sentence');
  await publish(host, { 'service-worker.js': '// another build' });
  await bob.page.evaluate(async () => (await navigator.serviceWorker.ready).update());
  await expect(bob.page.getByText(en.update.ready).first()).toBeVisible();
  await expect(second.page.getByText(en.update.ready).first()).toBeVisible();
  await second.page.evaluate(() => Object.assign(globalThis, { isTheSamePage: true }));
  await bob.button(en.update.take).click();
  await expect(bob.page.getByText(en.update.ready).first()).toBeHidden();
  await bob.expectOnce('before the update');
  expect(await second.page.evaluate(() => 'isTheSamePage' in globalThis), 'nobody was interrupted').toBe(
    true,
  );
  await expect(second.composer).toHaveValue('in the middle of a sentence');
  await second.button(en.update.take).click();
  await second.page.waitForFunction(() => !('isTheSamePage' in globalThis));
  await expect(second.composer).toHaveValue('in the middle of a sentence');
});

test('an app that is too old for what is stored is offered the newer version, and takes it', async ({
  bob,
  host,
  publish,
}) => {
  const { page } = bob;
  await bob.expectAppKept();
  const empty = `${host.origin}/empty.html`;
  await page.route(empty, (route) =>
    route.fulfill({ contentType: 'text/html', body: '<title>Empty</title>' }),
  );
  await page.goto(empty);
  await page.evaluate(async () => {
    await new Promise<void>((resolve, reject) => {
      const request = indexedDB.open('tacet', 1_000);
      request.addEventListener('success', () => {
        request.result.close();
        resolve();
      });
      request.addEventListener('error', () => reject(new Error('not opened')));
    });
  });
  await publish(host, { 'service-worker.js': '// another build' });
  await page.goto(host.origin);
  await expect(page.getByRole('heading', { name: en.broken.outdatedTitle })).toBeVisible();
  await bob.button(en.update.take).click();
  // The version that was taken is the one at work; this one is too old as well, and has nothing newer to offer.
  await expect(bob.button(en.common.reload)).toBeVisible();
  await expect
    .poll(() => page.evaluate(async () => (await navigator.serviceWorker.ready).waiting === null))
    .toBe(true);
});

test('a file that is not the one that the build made is not kept', async ({ bob, host, publish }) => {
  await bob.expectAppKept();
  await publish(host, { 'service-worker.js': '// another build', 'index.html': '<!-- by somebody else -->' });
  const left = await bob.page.evaluate(async () => {
    const registration = await navigator.serviceWorker.ready;
    for (const name of await caches.keys()) await (await caches.open(name)).delete('/index.html');
    const failed = await registration.update().then(
      (next) =>
        new Promise<string>((resolve) => {
          const worker = next.installing;
          if (worker === null) return resolve('not installing');
          worker.addEventListener('statechange', () => resolve(worker.state));
          return undefined;
        }),
    );
    return [failed, (await caches.match('/index.html')) === undefined];
  });
  expect(left).toEqual(['redundant', true]);
});

test('browsers find everything that installing needs', async ({ bob }) => {
  await bob.expectAppKept();
  const devtools = await bob.page.context().newCDPSession(bob.page);
  const { installabilityErrors } = await devtools.send('Page.getInstallabilityErrors');
  // Test contexts are private windows, which alone never install.
  expect(installabilityErrors.filter(({ errorId }) => errorId !== 'in-incognito')).toEqual([]);
  const { errors, data } = await devtools.send('Page.getAppManifest');
  expect(errors).toEqual([]);
  const { icons } = JSON.parse(data ?? '{}') as {
    readonly icons: readonly { readonly src: string; readonly sizes: string; readonly purpose?: string }[];
  };
  expect(icons.some(({ purpose }) => purpose === 'maskable')).toBe(true);
  const sizes = await bob.page.evaluate(
    async (sources) =>
      Promise.all(
        sources.map(async (src) => {
          const image = new Image();
          image.src = src;
          await image.decode();
          return `${String(image.naturalWidth)}x${String(image.naturalHeight)}`;
        }),
      ),
    icons.filter(({ sizes: named }) => named !== 'any').map(({ src }) => src),
  );
  expect(sizes).toEqual(icons.map(({ sizes: named }) => named).filter((named) => named !== 'any'));
});
