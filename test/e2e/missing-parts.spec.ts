/**
 * Parts of the client that cannot be fetched: it is said, and a new page is offered where this one cannot get them any more. Nothing that
 * was begun is lost by it.
 */
import type { BrowserContext } from '@playwright/test';
import { en } from '../../client/ui/text/en.ts';
import { expect, test, testAlone, testEmpty } from './fixtures.ts';

// What the service worker keeps is never missing.
test.use({ serviceWorkers: 'block' });

/** Keeps a file of the build from coming, by the beginning of its name. Gives what lets it come again. */
async function hold(
  context: BrowserContext,
  name: string,
  how: 'aborted' | 'not there' = 'aborted',
): Promise<() => Promise<void>> {
  const pattern = `**/assets/${name}-*.js`;
  await context.route(pattern, (route) =>
    how === 'aborted' ? route.abort() : route.fulfill({ status: 404, body: '' }),
  );
  return () => context.unroute(pattern);
}

test('a screen that does not come is tried again once; then a new page is offered, and a draft is still there', async ({
  ada,
  bob,
}) => {
  await bob.send('Before');
  await ada.open('Bob');
  await ada.composer.fill('Half a thought');
  await expect(ada.item('Bob')).toContainText('Half a thought');
  const { page } = ada;
  const release = await hold(page.context(), 'settings');
  await page.getByRole('link', { name: en.list.settings }).click();
  await expect(page.getByText(en.common.partMissing)).toBeVisible();
  await expect(ada.button(en.common.reload)).toHaveCount(0);
  await ada.button(en.common.retry).click();
  await expect(page.getByText(en.failures['part-missing'])).toBeVisible();
  await release();
  await ada.button(en.common.reload).click();
  await expect(page.getByRole('heading', { name: en.settings.title, level: 1 })).toBeVisible();
  await page.goBack();
  await expect(ada.composer).toHaveValue('Half a thought');
});

testAlone(
  'a screen that did not come for want of a network comes by itself when it is back',
  async ({ ada }) => {
    await ada.page.context().setOffline(true);
    await ada.page.getByRole('link', { name: en.list.settings }).click();
    await expect(ada.page.getByText(en.common.partMissing)).toBeVisible();
    await ada.page.context().setOffline(false);
    await expect(ada.page.getByRole('heading', { name: en.settings.title, level: 1 })).toBeVisible();
  },
);

testAlone(
  'a code that cannot be drawn is said to be missing, and is not offered to be hidden',
  async ({ ada }) => {
    await hold(ada.page.context(), 'encode');
    await ada.button(en.list.invite).first().click();
    const dialog = ada.page.getByRole('dialog', { name: en.newInvite.title });
    await dialog.getByRole('button', { name: en.newInvite.showQr }).click();
    await expect(dialog.getByText(en.failures['part-missing'])).toBeVisible();
    await expect(dialog.getByRole('button', { name: en.newInvite.hideQr })).toHaveCount(0);
    await expect(dialog.getByRole('textbox', { name: en.newInvite.link })).toBeVisible();
  },
);

for (const how of ['aborted', 'not there'] as const) {
  testAlone(
    `core’s program that is ${how} is said to be missing, with a way to load it`,
    async ({ ada, browser }) => {
      const { page } = ada;
      const release = await hold(page.context(), 'core.worker', how);
      await page.reload();
      await expect(page.getByRole('heading', { name: en.broken.title })).toBeVisible();
      await expect(page.getByText(en.failures['part-missing'])).toBeVisible();
      await release();
      await ada.button(en.common.reload).click();
      await ada.expectHome();

      // A newcomer's page fetches it later than the first picture.
      const context = await browser.newContext();
      await hold(context, 'core.worker', how);
      const newcomer = await context.newPage();
      await newcomer.goto(ada.origin);
      await expect(newcomer.getByRole('heading', { name: en.broken.title })).toBeVisible();
      await context.close();
    },
  );
}

test('a part of core that does not come is a matter of the connection once, then of the page', async ({
  ada,
  bob,
}) => {
  await bob.send('Findable');
  await expect(ada.item('Bob')).toContainText('Findable');
  const { page } = ada;
  const release = await hold(page.context(), 'searching');
  await page.reload();
  const field = page.getByRole('searchbox', { name: en.search.label });
  await field.fill('find');
  await expect(page.getByText(en.failures.offline)).toBeVisible();
  await field.fill('findable');
  await expect(page.getByText(en.failures['part-missing'])).toBeVisible();
  await release();
  await ada.button(en.common.reload).click();
  await field.fill('findable');
  await expect(page.getByText('1 message found')).toBeVisible();
});

testEmpty(
  'a browser that cannot run it is told so, also where the screen for it does not come',
  async ({ browser, host }) => {
    const context = await browser.newContext({ userAgent: 'Mozilla/5.0 (iPhone) Instagram 300.0' });
    const page = await context.newPage();
    const release = await hold(context, 'unsupported');
    await page.goto(host.origin);
    await expect(page.getByRole('heading', { name: en.unsupported.inAppTitle })).toBeVisible();
    await expect(page.getByText(en.unsupported.inAppText)).toBeVisible();
    await expect(page.getByRole('button', { name: en.unsupported.copyAddress })).toHaveCount(0);
    await release();
    await page.reload();
    await expect(page.getByRole('button', { name: en.unsupported.copyAddress })).toBeVisible();
    await context.close();
  },
);

testEmpty('a language that does not come leaves English, and names it', async ({ browser, host }) => {
  const context = await browser.newContext({ locale: 'de-DE' });
  const page = await context.newPage();
  const release = await hold(context, 'de');
  await page.goto(host.origin);
  await expect(page.getByRole('heading', { name: en.welcome.title })).toBeVisible();
  await expect(page.locator('html')).toHaveAttribute('lang', 'en');
  await release();
  await page.reload();
  await expect(page.locator('html')).toHaveAttribute('lang', 'de-DE');
  await context.close();
});
