/** What a person can set: what others learn, what notifications show, and what is told of this browser and this build. */
import { de } from '../../client/ui/text/de.ts';
import { en } from '../../client/ui/text/en.ts';
import { expect, test, testAlone } from './fixtures.ts';

test('what is private stays so over a reload, and what was read in silence stays delivered when a later message is read openly', async ({
  ada,
  bob,
}) => {
  await ada.page.goto(`${ada.origin}/settings`);
  const receipts = ada.page.getByRole('switch', { name: en.privacy.readReceipts });
  const typing = ada.page.getByRole('switch', { name: en.privacy.typing });
  await expect(receipts).toBeChecked();
  await receipts.uncheck();
  await expect(receipts).toBeChecked({ checked: false });
  await typing.uncheck();
  // A press shows at once, and is kept a moment later.
  await expect(ada.page.locator('[aria-busy]')).toHaveCount(0);
  await ada.page.reload();
  await expect(receipts).toBeChecked({ checked: false });
  await expect(typing).toBeChecked({ checked: false });

  await ada.page.goto(ada.origin);
  await ada.open('Bob');
  await bob.open('Ada');
  await bob.send('Did you see this?');
  await ada.expectOnce('Did you see this?');
  await ada.send('Yes');
  await bob.expectOnce('Yes');

  // Had a receipt for the first one been made, it would have come before that for the second, or with it.
  await ada.page.goto(`${ada.origin}/settings`);
  await receipts.check();
  await expect(ada.page.locator('[aria-busy]')).toHaveCount(0);
  await ada.page.goto(ada.origin);
  await ada.open('Bob');
  await bob.send('And this?');
  await ada.expectOnce('And this?');
  await bob.expectDelivery('And this?', 'read');
  await expect(bob.message('Did you see this?')).toHaveAttribute('data-delivery', 'delivered');
});

test('the settings list the keys as ? does, and Enter breaks the line where a person wants that', async ({
  ada,
  bob,
}) => {
  const { page } = ada;
  await page.goto(`${ada.origin}/settings`);
  const rows = page.getByRole('main').getByRole('definition');
  await expect(rows.filter({ hasText: en.keys.editLast })).toBeVisible();
  const listed = await rows.allInnerTexts();
  await page.keyboard.press('?');
  const dialog = page.getByRole('dialog', { name: en.keys.title });
  await expect(dialog.getByText(en.keys.editLast)).toBeVisible();
  expect(await dialog.getByRole('definition').allInnerTexts()).toEqual(listed);
  await page.keyboard.press('Escape');

  const enter = page.getByRole('switch', { name: en.keys.enterSends });
  await expect(enter).toBeChecked();
  await enter.uncheck();
  await page.goto(ada.origin);
  await ada.open('Bob');
  await ada.composer.pressSequentially('one');
  await ada.composer.press('Enter');
  await ada.composer.pressSequentially('two');
  await expect(ada.composer).toHaveValue('one\ntwo');
  await ada.composer.press('ControlOrMeta+Enter');
  await expect(ada.composer).toHaveValue('');
  await expect(bob.message('one')).toContainText('two');
  await page.goto(`${ada.origin}/settings`);
  await enter.check();
  await page.goto(ada.origin);
  await ada.open('Bob');
  await ada.composer.pressSequentially('three');
  await ada.composer.press('Enter');
  await bob.expectOnce('three');
});

testAlone('the level of notifications is kept, and each says what it shows', async ({ ada }) => {
  await ada.page.context().grantPermissions(['notifications']);
  await ada.page.goto(`${ada.origin}/settings`);
  const group = ada.page.getByRole('group', { name: en.noticeLevels.title });
  await expect(group.getByRole('radio', { name: en.noticeLevels.levels.private })).toBeChecked();
  for (const level of ['full', 'name', 'none'] as const) {
    await group.getByRole('radio', { name: en.noticeLevels.levels[level], exact: true }).check();
    await expect(ada.page.getByText(en.noticeLevels.means[level])).toBeVisible();
  }
  await ada.page.reload();
  await expect(group.getByRole('radio', { name: en.noticeLevels.levels.none })).toBeChecked();
});

testAlone('settings tell how much is stored here and which build this is', async ({ ada }) => {
  await ada.page.goto(`${ada.origin}/settings`);
  await expect(ada.page.getByText(/Tacet uses [\d.,]+ [kM]B here/)).toBeVisible();
  const script = await ada.page.locator('script[type=module][src]').first().getAttribute('src');
  const hash = /-([\w-]{8})\.js$/.exec(script ?? '')?.[1] ?? 'missing';
  await expect(ada.page.getByText(hash)).toBeVisible();
});

testAlone('the second language is chosen, spoken everywhere, and given up again', async ({ ada }) => {
  await ada.page.goto(`${ada.origin}/settings`);
  await ada.page.getByRole('radio', { name: en.settings.languages.de }).check();
  await expect(ada.page.getByRole('heading', { name: de.settings?.title ?? '' })).toBeVisible();
  await expect(ada.page.locator('html')).toHaveAttribute('lang', 'de');
  await ada.page.goto(ada.origin);
  await expect(ada.page.getByText(de.list?.emptyTitle ?? '')).toBeVisible();
  await ada.page.goto(`${ada.origin}/settings`);
  await ada.page.getByRole('radio', { name: en.settings.languages.en }).check();
  await expect(ada.page.getByRole('heading', { name: en.settings.title })).toBeVisible();
});

test('a history that is deleted goes from this device and stays with the other', async ({ ada, bob }) => {
  await ada.open('Bob');
  await ada.send('Forget this');
  await bob.expectOnce('Forget this');
  await ada.button(en.conversation.menu).click();
  await ada.page.getByRole('menuitem', { name: en.clear.action }).click();
  await ada.page.getByRole('dialog').getByRole('button', { name: en.clear.confirm }).click();
  await expect(ada.message('Forget this')).toHaveCount(0);
  await ada.page.reload();
  await expect(ada.composer).toBeVisible();
  await expect(ada.message('Forget this')).toHaveCount(0);
  await bob.expectOnce('Forget this');
});

testAlone('the timer for new conversations is kept and told', async ({ ada }) => {
  await ada.page.goto(`${ada.origin}/settings`);
  await ada.button(en.timer.button.replace('{time}', en.timer.off)).click();
  await ada.page.getByRole('radio', { name: '1 day' }).check();
  await ada.page.keyboard.press('Escape');
  await expect(ada.button(en.timer.button.replace('{time}', '1 day'))).toBeVisible();
  await ada.page.reload();
  await expect(ada.button(en.timer.button.replace('{time}', '1 day'))).toBeVisible();
});
