/** What has to be fetched before a person sees something: the budgets of transfer. Times are measured by benchmarks, never here. */
import { expect, test, testEmpty } from './fixtures.ts';
import { askForGzip, measureStart, noteAppearance } from '../support/measure-start.ts';

testEmpty('the first screen needs at most 100 kB', async ({ host, newBrowser }) => {
  const page = await newBrowser();
  await askForGzip(page.context());
  await noteAppearance(page, 'main h1');
  const cost = await measureStart(page, () => page.goto(host.origin), { untilPaint: true });
  expect(cost.responses.join('\n')).toMatch(/\.js \d+/);
  expect(cost.responses.join('\n')).not.toMatch(/worker/);
  expect(cost.kilobytes, cost.responses.join('\n')).toBeLessThan(100);
});

test('from a signed-in start to a readable conversation at most 300 kB are fetched', async ({ bob }) => {
  await bob.send('to be read again');
  const address = bob.page.url();
  const context = bob.page.context();
  await askForGzip(context);
  const page = await context.newPage();
  await bob.page.close();
  const devtools = await context.newCDPSession(page);
  await devtools.send('Network.clearBrowserCache');
  await noteAppearance(page, '[data-message]');
  const cost = await measureStart(page, () => page.goto(address), { untilPaint: false });
  expect(cost.responses.join('\n')).toMatch(/core\.worker\S+ \d{5,}/);
  expect(cost.fileKilobytes, cost.responses.join('\n')).toBeLessThan(300);
});

testEmpty(
  'the words and the estimator of passphrases are fetched only when they are needed',
  async ({ host, newBrowser }) => {
    const page = await newBrowser();
    const paths: string[] = [];
    page.on('request', (request) => paths.push(new URL(request.url()).pathname));
    await page.goto(host.firstInvite);
    await page.getByRole('button', { name: 'Create account' }).click();
    await page.getByLabel('Name', { exact: true }).fill('Ada');
    expect(paths.filter((path) => /words|strength/.test(path))).toEqual([]);
    await page.getByRole('button', { name: 'Continue' }).click();
    await expect(page.getByRole('listitem').last()).not.toBeEmpty();
    expect(paths.filter((path) => /words/.test(path))).toHaveLength(1);
    expect(paths.filter((path) => /strength/.test(path))).toEqual([]);
    await page.getByLabel('Passphrase', { exact: true }).fill('kV7#pQ9z!mT2xW4r,uH6');
    await expect(page.getByText('Strong enough.')).toBeVisible();
    expect(paths.filter((path) => /strength/.test(path))).toHaveLength(1);
    expect(paths.every((path) => path.startsWith('/'))).toBe(true);
  },
);
