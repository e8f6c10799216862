/** Several messages at once: chosen from the actions of one, by pointer and by key; copied; deleted here or on both sides. */
import type { Locator } from '@playwright/test';
import { en } from '../../client/ui/text/en.ts';
import { expect, test } from './fixtures.ts';
import type { Person } from './pages/person.page.ts';

function bar(who: Person): Locator {
  return who.page.getByRole('group', { name: en.select.title });
}
function box(who: Person, words: string): Locator {
  return who.page.getByRole('checkbox', { name: new RegExp(words) });
}
function dialog(who: Person): Locator {
  return who.page.getByRole('dialog');
}

/** Begins to choose with one message chosen. */
async function selectFrom(who: Person, words: string): Promise<void> {
  await who.message(words).locator('p').first().click({ button: 'right' });
  await who.page.getByRole('menuitem', { name: en.message.select, exact: true }).click();
  await expect(box(who, words)).toBeChecked();
}

test('messages are chosen from the actions of one, copied in their order, and deleted for oneself after one question', async ({
  ada,
  bob,
}) => {
  for (const words of ['First of them', 'Second of them', 'Third of them']) await bob.send(words);
  await ada.open('Bob');
  await ada.expectOnce('Third of them');
  await selectFrom(ada, 'Third of them');
  await box(ada, 'First of them').focus();
  await ada.page.keyboard.press('Space');
  await expect(bar(ada)).toContainText('2 messages selected');
  await bar(ada).getByRole('button', { name: en.common.copy }).click();
  await expect
    .poll(() => ada.page.evaluate(() => navigator.clipboard.readText()))
    .toMatch(/^\[[^\]]+\] Bob: First of them\n\[[^\]]+\] Bob: Third of them$/);

  await bar(ada).getByRole('button', { name: en.message.delete }).click();
  await expect(dialog(ada).getByRole('heading', { name: 'Delete 2 messages?' })).toBeVisible();
  await expect(dialog(ada).getByRole('button', { name: en.message.deleteForEveryone })).toHaveCount(0);
  // Esc closes the question alone: what was chosen stays chosen.
  await ada.page.keyboard.press('Escape');
  await expect(dialog(ada)).toHaveCount(0);
  await expect(box(ada, 'First of them')).toBeChecked();
  await bar(ada).getByRole('button', { name: en.message.delete }).click();
  await dialog(ada).getByRole('button', { name: en.message.deleteForMe }).click();
  await expect(ada.message('First of them')).toHaveCount(0);
  await expect(ada.message('Third of them')).toHaveCount(0);
  await expect(ada.message('Second of them')).toHaveCount(1);
  await expect(ada.composer).toBeVisible();
  for (const words of ['First of them', 'Third of them']) await expect(bob.message(words)).toHaveCount(1);
});

test('own messages that are chosen together are deleted for everyone; not with one of the other person among them', async ({
  ada,
  bob,
}) => {
  await ada.open('Bob');
  await ada.send('One of mine');
  await bob.expectOnce('One of mine');
  for (const words of ['Wrong address', 'Wrong time']) await bob.send(words);
  await ada.expectOnce('Wrong time');
  await selectFrom(bob, 'Wrong address');
  await box(bob, 'Wrong time').check();
  await box(bob, 'One of mine').check();
  const remove = bar(bob).getByRole('button', { name: en.message.delete });
  await remove.click();
  await expect(dialog(bob).getByRole('button', { name: en.message.deleteForMe })).toBeVisible();
  await expect(dialog(bob).getByRole('button', { name: en.message.deleteForEveryone })).toHaveCount(0);
  await bob.page.keyboard.press('Escape');
  await box(bob, 'One of mine').uncheck();
  await remove.click();
  await dialog(bob).getByRole('button', { name: en.message.deleteForEveryone }).click();
  await expect(bob.message(en.message.deletedMine)).toHaveCount(2);
  await expect(bob.page.getByRole('checkbox')).toHaveCount(0);
  await expect(ada.message(en.message.deletedTheirs.replace('{name}', 'Bob'))).toHaveCount(2);
  await expect(ada.message('Wrong')).toHaveCount(0);
  await expect(ada.message('One of mine')).toHaveCount(1);
});

test('a message that its author changes or deletes while it is chosen is copied as it is now, or not at all', async ({
  ada,
  bob,
}) => {
  for (const words of ['Meet at fivv', 'Forget this']) await bob.send(words);
  await ada.open('Bob');
  await ada.expectOnce('Forget this');
  await selectFrom(ada, 'Forget this');
  await box(ada, 'Meet at fivv').check();
  await bob.message('Forget this').locator('p').first().click({ button: 'right' });
  await bob.page.getByRole('menuitem', { name: en.message.delete, exact: true }).click();
  await bob.button(en.message.deleteForEveryone).click();
  await bob.message('Meet at fivv').locator('p').first().click({ button: 'right' });
  await bob.page.getByRole('menuitem', { name: en.message.edit, exact: true }).click();
  await bob.composer.fill('Meet at five');
  await bob.composer.press('Enter');
  await expect(box(ada, 'Meet at five')).toBeChecked();
  await expect(ada.message('Forget this')).toHaveCount(0);
  await bar(ada).getByRole('button', { name: en.common.copy }).click();
  await expect
    .poll(() => ada.page.evaluate(() => navigator.clipboard.readText()))
    .toMatch(/^\[[^\]]+\] Bob: Meet at five$/);
});
