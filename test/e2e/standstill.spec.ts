/** A device that cannot go on: what its screen promises is there, and leads back to the account. */
import type { Page } from '@playwright/test';
import { en } from '../../client/ui/text/en.ts';
import { expect, testAlone as test } from './fixtures.ts';

/** Changes what is stored while no core has it open: on an empty page of the same origin. */
async function changeStored(page: Page, origin: string, change: () => Promise<void>): Promise<void> {
  const empty = `${origin}/empty.html`;
  await page.route(empty, (route) =>
    route.fulfill({ contentType: 'text/html', body: '<title>Empty</title>' }),
  );
  await page.goto(empty);
  await page.evaluate(change);
}

/** From the broken screen to the sign-in, by keys alone, in two steps. */
async function startAfresh(page: Page): Promise<void> {
  const button = page.getByRole('button', { name: en.broken.afreshButton });
  await page.getByRole('button', { name: en.common.reload }).focus();
  await page.keyboard.press('Tab');
  await expect(button).toBeFocused();
  await page.keyboard.press('Enter');
  const dialog = page.getByRole('dialog', { name: en.broken.afreshTitle });
  await expect(dialog.getByText(en.broken.afreshLoses)).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(dialog).toHaveCount(0);
  await expect(button).toBeFocused();
  await page.keyboard.press('Enter');
  await dialog.getByRole('button', { name: en.broken.afreshConfirm }).focus();
  await page.keyboard.press('Enter');
  await expect(page.getByLabel(en.signIn.passphrase, { exact: true })).toBeVisible();
}

test('a browser that has lost the keys says what is damaged, and leads back to the account by a fresh start', async ({
  ada,
}) => {
  const { page, origin } = ada;
  await changeStored(page, origin, async () => {
    await new Promise((resolve) => {
      const request = indexedDB.deleteDatabase('tacet-keys');
      request.addEventListener('success', resolve);
    });
  });
  await page.goto(origin);
  await expect(page.getByRole('heading', { name: en.broken.title })).toBeVisible();
  await expect(page.getByText(en.failures['storage-damaged'])).toBeVisible();
  await page.goto(`${origin}/sign-in`);
  await expect(page.getByRole('heading', { name: en.broken.title })).toBeVisible();
  await startAfresh(page);
  await ada.signIn(ada.passphrase);
  await ada.expectHome();
});

test('an older app on the storage of a newer one says that it has to be updated, and leaves the storage alone', async ({
  ada,
}) => {
  const { page, origin } = ada;
  await changeStored(page, origin, async () => {
    await new Promise((resolve, reject) => {
      const request = indexedDB.open('tacet', 1_000);
      request.addEventListener('success', () => {
        request.result.close();
        resolve(undefined);
      });
      request.addEventListener('error', reject);
    });
  });
  await page.goto(origin);
  await expect(page.getByRole('heading', { name: en.broken.outdatedTitle })).toBeVisible();
  await expect(page.getByText(en.failures['app-outdated'])).toBeVisible();
  await page.reload();
  await expect(page.getByRole('heading', { name: en.broken.outdatedTitle })).toBeVisible();
  await startAfresh(page);
  await ada.signIn(ada.passphrase);
  await ada.expectHome();
});
