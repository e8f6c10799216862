/**
 * What people do with messages in two browsers: reply, react, edit, delete, let them disappear; by pointer, by key and by finger, with and
 * without a connection.
 */
import type { Locator } from '@playwright/test';
import { en } from '../../client/ui/text/en.ts';
import { expect, test } from './fixtures.ts';
import type { Person } from './pages/person.page.ts';

/** Opens the actions of a message by a right click. */
async function openActions(who: Person, words: string): Promise<Locator> {
  await who.message(words).locator('p').first().click({ button: 'right' });
  const menu = who.page.getByRole('menu', { name: en.message.actions });
  await expect(menu).toBeVisible();
  return menu;
}

async function act(who: Person, words: string, action: string): Promise<void> {
  const menu = await openActions(who, words);
  await menu.getByRole('menuitem', { name: action, exact: true }).click();
  await expect(menu).toBeHidden();
}

function reactWith(emoji: string): string {
  return en.message.reactWith.replace('{emoji}', emoji);
}

const testOnPhone = test.extend({ bobOnPhone: true });

test('a reply carries its quote to the other side, and a press on it leads to the message', async ({
  ada,
  bob,
}) => {
  await bob.send('Do you have the keys?');
  await ada.open('Bob');
  await ada.expectOnce('Do you have the keys?');
  await act(ada, 'Do you have the keys?', en.message.copy);
  await expect
    .poll(() => ada.page.evaluate(() => navigator.clipboard.readText()))
    .toBe('Do you have the keys?');
  await act(ada, 'Do you have the keys?', en.message.reply);
  await expect(ada.page.getByText(en.message.replyingTo.replace('{name}', 'Bob'))).toBeVisible();
  await expect(ada.composer).toBeFocused();
  await ada.send('Under the mat');
  await expect(ada.page.getByText(en.message.replyingTo.replace('{name}', 'Bob'))).toBeHidden();
  const reply = bob.message('Under the mat');
  await expect(reply).toContainText('Do you have the keys?');
  await reply.getByRole('button', { name: 'Do you have the keys?' }).click();
  await expect(bob.message('Do you have the keys?').first()).toBeInViewport();

  await act(ada, 'Under the mat', en.message.reply);
  await ada.composer.press('Escape');
  await expect(ada.page.locator('[data-composing]')).toHaveCount(0);
});

test('a reaction is counted under the message on both sides and can be taken back', async ({ ada, bob }) => {
  await bob.send('Cake is ready');
  await ada.open('Bob');
  await openActions(ada, 'Cake is ready');
  await ada.page.getByRole('menuitemradio', { name: reactWith('❤️') }).click();
  const seen = bob.message('Cake is ready').getByRole('button', { name: /❤️ from Ada/ });
  await expect(seen).toBeVisible();
  await seen.click();
  const both = ada.message('Cake is ready').getByRole('button', { name: /❤️ from .*Bob/ });
  await expect(both).toContainText('2');
  await both.click();
  await expect(bob.message('Cake is ready').getByRole('button', { name: /❤️ from You$/ })).toBeVisible();

  await openActions(ada, 'Cake is ready');
  await ada.page.getByRole('menuitem', { name: en.message.otherEmoji }).click();
  await ada.page.getByRole('combobox').fill('cake');
  await ada.page.keyboard.press('Enter');
  await expect(bob.message('Cake is ready').getByRole('button', { name: /from Ada/ })).toBeVisible();
});

test('a text that the browser does not copy is told above the field until one goes on', async ({
  ada,
  bob,
}) => {
  await bob.send('not to be had');
  await ada.open('Bob');
  await ada.page.evaluate(() => {
    navigator.clipboard.writeText = () => Promise.reject(new DOMException('not now', 'NotAllowedError'));
  });
  await act(ada, 'not to be had', en.message.copy);
  const told = ada.page.getByRole('alert').filter({ hasText: en.message.notCopied });
  await expect(told).toBeVisible();
  await ada.composer.fill('then by hand');
  await expect(told).toBeHidden();
});

test('an edit replaces the text on both sides; the arrow key upwards begins it, Escape gives it up', async ({
  ada,
  bob,
}) => {
  await bob.send('See you at fivv');
  await ada.open('Bob');
  await ada.expectOnce('See you at fivv');
  await bob.composer.press('ArrowUp');
  await expect(bob.composer).toHaveValue('See you at fivv');
  await bob.composer.press('Escape');
  await expect(bob.composer).toHaveValue('');
  await bob.composer.press('ArrowUp');
  await bob.composer.fill('See you at five');
  await bob.composer.press('Enter');
  await expect(bob.composer).toHaveValue('');
  for (const who of [ada, bob]) {
    await who.expectOnce('See you at five');
    await expect(who.message('See you at five')).toContainText(en.message.edited);
    await expect(who.message('fivv')).toHaveCount(0);
  }
});

test.describe('with what the service worker keeps', () => {
  test.use({ serviceWorkers: 'allow' });

  test('an edit and a deletion that are made offline show as on their way and leave later', async ({
    ada,
    bob,
  }) => {
    await bob.send('Bring the bllue one');
    await bob.send('And the ladder');
    await ada.open('Bob');
    await ada.expectOnce('And the ladder');
    await bob.expectDelivery('And the ladder', 'delivered');
    // From its installation on the service worker has what is opened for the first time without a connection.
    await bob.expectAppKept();
    await bob.page.context().setOffline(true);
    await act(bob, 'Bring the bllue one', en.message.edit);
    await bob.composer.fill('Bring the blue one');
    await bob.composer.press('Enter');
    await expect(bob.message('Bring the blue one')).toContainText(en.message.editWaiting);
    await act(bob, 'And the ladder', en.message.delete);
    await bob.button(en.message.deleteForEveryone).click();
    await expect(bob.message(en.message.deletedMine)).toContainText(en.message.deleteWaiting);
    await expect(ada.message('And the ladder')).toHaveCount(1);
    await bob.page.context().setOffline(false);
    await ada.expectOnce('Bring the blue one');
    await expect(ada.message('And the ladder')).toHaveCount(0);
    await expect(bob.message('Bring the blue one')).not.toContainText(en.message.editWaiting);
    await expect(bob.message(en.message.deletedMine)).not.toContainText(en.message.deleteWaiting);
  });
});

test('a message is deleted for everyone, or for oneself alone, after one question', async ({ ada, bob }) => {
  await bob.send('Not for your eyes');
  await bob.send('Keep this');
  await ada.open('Bob');
  await ada.expectOnce('Keep this');
  await act(bob, 'Not for your eyes', en.message.delete);
  await bob.button(en.message.deleteForEveryone).click();
  await expect(bob.message(en.message.deletedMine)).toBeVisible();
  await expect(ada.message(en.message.deletedTheirs.replace('{name}', 'Bob'))).toBeVisible();
  await expect(ada.message('Not for your eyes')).toHaveCount(0);

  await act(ada, 'Keep this', en.message.delete);
  await expect(ada.button(en.message.deleteForEveryone)).toHaveCount(0);
  await ada.button(en.message.deleteForMe).click();
  await expect(ada.message('Keep this')).toHaveCount(0);
  await expect(bob.message('Keep this')).toHaveCount(1);
  await ada.page.reload();
  await ada.open('Bob');
  await expect(ada.message(en.message.deletedTheirs.replace('{name}', 'Bob'))).toBeVisible();
  await expect(ada.message('Keep this')).toHaveCount(0);
});

test('messages disappear after the time that either side has set, and a line says who set it', async ({
  ada,
  bob,
}) => {
  await bob.button(en.timer.buttonOff).click();
  await bob.page.getByRole('radio', { name: '30 seconds' }).check();
  await bob.page.keyboard.press('Escape');
  await expect(bob.page.getByRole('button', { name: /30 seconds/ })).toBeVisible();
  await expect(bob.timeline).toContainText('You set messages to disappear 30 seconds');
  await ada.open('Bob');
  await expect(ada.timeline).toContainText('Bob set messages to disappear 30 seconds');
  await bob.send('This will be gone');
  await ada.expectOnce('This will be gone');
  await expect(bob.message('This will be gone').locator('[data-remaining]')).toBeVisible();
  await expect(ada.message('This will be gone').locator('[data-remaining]')).toContainText('s');
  for (const who of [ada, bob]) {
    await expect(who.message('This will be gone')).toHaveCount(0, { timeout: 60_000 });
  }
  await ada.page.reload();
  await ada.open('Bob');
  await expect(ada.timeline).toContainText('Bob set messages');
  await expect(ada.message('This will be gone')).toHaveCount(0);
});

test('every action is reached by the keyboard alone, and the focus comes back', async ({ ada, bob }) => {
  await bob.send('Reach me');
  await ada.open('Bob');
  await ada.expectOnce('Reach me');
  await ada.timeline.focus();
  await ada.page.keyboard.press('ArrowUp');
  await expect(ada.message('Reach me')).toBeFocused();
  await ada.page.keyboard.press('ArrowRight');
  await expect(ada.message('Reach me').getByRole('button', { name: en.message.actions })).toBeFocused();
  await ada.page.keyboard.press('Enter');
  const first = ada.page.getByRole('menuitemradio', { name: reactWith('👍') });
  await expect(first).toBeFocused();
  await ada.page.keyboard.press('Escape');
  await expect(ada.message('Reach me').getByRole('button', { name: en.message.actions })).toBeFocused();
  await ada.page.keyboard.press('ArrowLeft');
  await ada.page.keyboard.press('Enter');
  await ada.page.keyboard.press('ArrowDown');
  await expect(ada.page.getByRole('menuitem', { name: en.message.reply })).toBeFocused();
  await ada.page.keyboard.press('Enter');
  await expect(ada.composer).toBeFocused();
});

testOnPhone('on a phone a finger that rests on a message opens its actions', async ({ bob }) => {
  await bob.send('Press me');
  const box = await bob.message('Press me').boundingBox();
  if (box === null) throw new Error('no message');
  const at = { x: box.x + box.width / 2, y: box.y + 12 };
  const session = await bob.page.context().newCDPSession(bob.page);
  await session.send('Input.dispatchTouchEvent', { type: 'touchStart', touchPoints: [at] });
  await expect(bob.page.getByRole('menu', { name: en.message.actions })).toBeVisible();
  await session.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] });
  await expect(bob.page.getByRole('menu', { name: en.message.actions })).toBeVisible();
  await bob.page.getByRole('menuitem', { name: en.message.edit }).click();
  await expect(bob.composer).toHaveValue('Press me');
});
