/** What a person can set: what others learn, what notifications show, and what is told of this browser and this build. */
import { de } from '../../client/ui/text/de.ts';
import { en } from '../../client/ui/text/en.ts';
import { expect, test } from './fixtures.ts';

test('without read receipts a message stays delivered, and without typing nobody sees that one writes', async ({
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
  await ada.page.reload();
  await expect(receipts).toBeChecked({ checked: false });
  await expect(typing).toBeChecked({ checked: false });

  await ada.page.goto(ada.origin);
  await ada.open('Bob');
  await bob.open('Ada');
  await bob.send('Did you see this?');
  await ada.expectOnce('Did you see this?');
  await ada.composer.pressSequentially('I am writing');
  await ada.send('Yes');
  await bob.expectOnce('Yes');
  await expect(bob.message('Did you see this?')).toHaveAttribute('data-delivery', 'delivered');
});

test('the level of notifications is kept, and each says what it shows', async ({ ada }) => {
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

test('settings tell how much is stored here and which build this is', async ({ ada }) => {
  await ada.page.goto(`${ada.origin}/settings`);
  await expect(ada.page.getByText(/Tacet uses [\d.,]+ [kM]B here/)).toBeVisible();
  const script = await ada.page.locator('script[type=module][src]').first().getAttribute('src');
  const hash = /-([\w-]{8})\.js$/.exec(script ?? '')?.[1] ?? 'missing';
  await expect(ada.page.getByText(hash)).toBeVisible();
});

test('the second language is chosen, spoken everywhere, and given up again', async ({ ada }) => {
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

test('the timer for new conversations is kept and told', async ({ ada }) => {
  await ada.page.goto(`${ada.origin}/settings`);
  await ada.button(en.timer.button.replace('{time}', en.timer.off)).click();
  await ada.page.getByRole('radio', { name: '1 day' }).check();
  await ada.page.keyboard.press('Escape');
  await expect(ada.button(en.timer.button.replace('{time}', '1 day'))).toBeVisible();
  await ada.page.reload();
  await expect(ada.button(en.timer.button.replace('{time}', '1 day'))).toBeVisible();
});
