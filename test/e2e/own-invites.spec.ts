/** The own invite links: the dialog shows one until it is given to somebody, the list tells of all, and withdraws them. */
import { en } from '../../client/ui/text/en.ts';
import { fill } from '../../client/ui/text/text.ts';
import { expect, testAlone as test } from './fixtures.ts';

test('a link is shown again until it was copied, is in the list, and lets nobody in once it is withdrawn', async ({
  ada,
  newBrowser,
}) => {
  const { page } = ada;
  const dialog = page.getByRole('dialog', { name: en.newInvite.title });
  const shown = async (): Promise<string> => {
    await ada.button(en.list.invite).first().click();
    return dialog.getByRole('textbox', { name: en.newInvite.link }).inputValue();
  };
  const close = () => dialog.getByRole('button', { name: en.common.close }).click();
  const first = await shown();
  await close();
  expect(await shown()).toBe(first);
  await dialog.getByRole('button', { name: en.newInvite.copy }).click();
  await expect(dialog.getByRole('button', { name: en.common.copied })).toBeVisible();
  await close();
  expect(await shown()).not.toBe(first);

  await dialog.getByRole('link', { name: en.newInvite.own }).click();
  await expect(page.getByRole('heading', { name: en.ownInvites.title, level: 1 })).toBeFocused();
  await expect(dialog).toHaveCount(0);
  const items = page.getByRole('list', { name: en.ownInvites.list }).getByRole('listitem');
  await expect(items.filter({ hasText: en.ownInvites.states.unused })).toHaveCount(1);
  const given = items.filter({ hasText: en.ownInvites.states.given });
  const withdraw = given.getByRole('button', { name: new RegExp(`^${en.ownInvites.withdraw}`) });
  await withdraw.focus();
  await page.keyboard.press('Enter');
  const question = page.getByRole('dialog', { name: en.ownInvites.withdrawTitle });
  await question.getByRole('button', { name: en.ownInvites.withdrawConfirm }).focus();
  await page.keyboard.press('Enter');
  await expect(items.filter({ hasText: en.ownInvites.states.withdrawn })).toHaveCount(1);
  await expect(given).toHaveCount(0);
  await expect(page.getByText(en.ownInvites.lead)).toBeFocused();

  const guest = await newBrowser();
  await guest.goto(first);
  await expect(guest.getByText(en.failures['invite-invalid'])).toBeVisible();
});

test('the list tells who came by a link', async ({ ada, bob }) => {
  await expect(bob.composer).toBeVisible();
  // Maybe before Bob's answer is here: the list follows.
  await ada.page.goto(`${ada.origin}/settings/invites`);
  await expect(ada.page.getByText(fill(en.ownInvites.usedBy, { name: 'Bob' }))).toBeVisible();
});
