/** The question whether the passphrase is still at hand, and the word on the other own devices that it was changed. */
import { en } from '../../client/ui/text/en.ts';
import { expect, test, testAlone } from './fixtures.ts';
import { Person } from './pages/person.page.ts';

const DAY_MS = 24 * 60 * 60_000;

test.use({ serviceWorkers: 'allow' });

/** Sets the clock of the page's core forward and connects anew, which makes it look. */
async function letPass({ page }: Person, days: number): Promise<void> {
  for (const worker of page.workers()) {
    await worker.evaluate((ms) => {
      const before = Date.now;
      Date.now = () => before() + ms;
    }, days * DAY_MS);
  }
  const context = page.context();
  await context.setOffline(true);
  await expect(page.getByText(en.connection.offlineDevice).first()).toBeVisible();
  await context.setOffline(false);
}

test('after a day it is asked whether the passphrase is at hand; it can be put off, and never stands in the way', async ({
  ada,
  bob,
}) => {
  await ada.open('Bob');
  const question = ada.page.getByText(en.passphrase.ask, { exact: true });
  await expect(question).toHaveCount(0);
  await letPass(ada, 2);
  await expect(question).toBeVisible();
  await ada.send('not in the way');
  await bob.expectOnce('not in the way');
  await ada.button(en.passphrase.later).click();
  await expect(question).toHaveCount(0);
});

testAlone(
  'a wrong passphrase loses nothing and leads to help, the right one ends the question',
  async ({ ada }) => {
    await letPass(ada, 2);
    await ada.button(en.passphrase.check).click();
    const dialog = ada.page.getByRole('dialog', { name: en.passphrase.title });
    const field = dialog.getByLabel(en.devices.passphrase, { exact: true });
    await dialog.getByRole('button', { name: en.passphrase.later }).click();
    await expect(dialog).toHaveCount(0);
    await expect(ada.button(en.passphrase.check)).toBeFocused();
    await ada.page.keyboard.press('Enter');
    await field.press('Enter');
    await expect(dialog.getByText(en.devices.passphraseMissing)).toBeVisible();
    await field.fill(`${ada.passphrase}s`);
    await field.press('Enter');
    await expect(dialog.getByRole('alert')).toHaveText(en.passphrase.wrong);
    await expect(dialog.getByText(en.passphrase.help)).toBeVisible();
    await dialog.getByRole('link', { name: en.account.lost }).click();
    await expect(dialog).toHaveCount(0);
    await expect(ada.page.getByRole('heading', { name: en.account.title, level: 1 })).toBeVisible();
    await expect(ada.page.getByText(en.passphrase.ask, { exact: true })).toBeVisible();

    // The same question can be answered at any time in the settings.
    await ada.button(en.account.check).click();
    await field.fill(ada.passphrase);
    await field.press('Enter');
    await expect(dialog.getByText(en.passphrase.right)).toBeVisible();
    const close = dialog.getByRole('button', { name: en.common.close }).last();
    await expect(close).toBeFocused();
    await ada.page.keyboard.press('Enter');
    await expect(dialog).toHaveCount(0);
    await expect(ada.button(en.account.check)).toBeFocused();
    await expect(ada.page.getByText(en.passphrase.ask, { exact: true })).toHaveCount(0);
  },
);

testAlone(
  'a right answer to the question above the list leaves the focus beside where it was asked',
  async ({ ada }) => {
    await letPass(ada, 2);
    await ada.button(en.passphrase.check).click();
    const dialog = ada.page.getByRole('dialog', { name: en.passphrase.title });
    const field = dialog.getByLabel(en.devices.passphrase, { exact: true });
    await field.fill(ada.passphrase);
    await field.press('Enter');
    await expect(dialog.getByText(en.passphrase.right)).toBeVisible();
    await expect(dialog.getByRole('button', { name: en.common.close }).last()).toBeFocused();
    await ada.page.keyboard.press('Enter');
    await expect(dialog).toHaveCount(0);
    // The question has gone, and with it the button that opened the dialog.
    await expect(ada.page.getByText(en.passphrase.ask, { exact: true })).toHaveCount(0);
    const list = ada.page.getByRole('navigation', { name: en.list.label });
    await expect(list.locator(':focus')).toHaveCount(1);
  },
);

testAlone('without a connection the check says so and the question stays', async ({ ada }) => {
  await ada.expectAppKept();
  await ada.page.goto(`${ada.origin}/settings/account`);
  await ada.page.context().setOffline(true);
  await ada.button(en.account.check).click();
  const dialog = ada.page.getByRole('dialog', { name: en.passphrase.title });
  await dialog.getByLabel(en.devices.passphrase, { exact: true }).fill(ada.passphrase);
  await dialog.getByRole('button', { name: en.passphrase.check }).click();
  await expect(dialog.getByRole('alert')).toHaveText(en.failures.offline);
});

testAlone(
  'another own device tells who changed the passphrase and when, until that was seen',
  async ({ ada, host, newBrowser }) => {
    const other = new Person(await newBrowser(), host.origin, ada);
    await other.signIn(ada.passphrase);
    await other.expectHome();
    const { page } = ada;
    await page.goto(`${host.origin}/settings/passphrase`);
    await page.getByLabel(en.devices.passphrase, { exact: true }).fill(ada.passphrase);
    await ada.button(en.common.continue).click();
    await ada.readWords();
    await ada.button(en.common.continue).click();
    await ada.confirmWord();
    await ada.button(en.account.change).click();
    await expect(page.getByRole('heading', { name: en.account.title, level: 1 })).toBeVisible();

    const word = other.page.getByText(/^Your passphrase was changed on “Chrome/);
    await expect(word).toBeVisible();
    await expect(other.page.getByText(en.passphrase.changedDoubt)).toBeVisible();
    await other.page.reload();
    await expect(word).toBeVisible();
    await other.button(en.passphrase.seen).click();
    await expect(word).toHaveCount(0);
    await expect(page.getByText(/^Your passphrase was changed on/)).toHaveCount(0);
  },
);
