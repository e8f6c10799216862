/** People in the search above the list: by name and username, by keys alone, and the way to somebody who is not known yet. */
import { en } from '../../client/ui/text/en.ts';
import { expect, test, testThree } from './fixtures.ts';
import { Person } from './pages/person.page.ts';

test('people are found by name and username beside messages, and opened by keys alone', async ({
  ada,
  bob,
  newBrowser,
}) => {
  const carol = new Person(await newBrowser(), ada.origin, { name: 'Carol Bobbin', username: 'carol' });
  await carol.signUp(await ada.makeInvite());
  await carol.open('ada');
  await carol.send('Bob told me of you');
  await bob.send('Here I am');
  const { page } = ada;
  await expect(ada.item('Carol Bobbin')).toBeVisible();
  const field = page.getByRole('searchbox', { name: en.search.label });
  await field.fill('bob');
  const people = page.getByRole('region', { name: en.search.names }).getByRole('link');
  await expect(people).toHaveCount(2);
  // He came by an invite: nobody has looked up yet whether that is his username.
  await expect(people.first()).toContainText(en.trust.claimed.replace('{username}', 'bob'));
  await expect(people.last()).toContainText('Carol Bobbin');
  await expect(page.getByRole('link').filter({ has: page.locator('mark') })).toHaveCount(1);
  await expect(page.getByText('2 people found · 1 message found')).toBeVisible();

  await field.press('ArrowDown');
  await expect(people.first()).toBeFocused();
  await page.keyboard.press('ArrowDown');
  await expect(people.last()).toBeFocused();
  await page.keyboard.press('Home');
  await page.keyboard.press('ArrowUp');
  await expect(field).toBeFocused();
  await page.keyboard.press('End');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { level: 1, name: /Carol Bobbin/ })).toBeVisible();

  // The way to whoever has the username stays open beside who says that it is his, and leads to the one whom the server knows by it.
  await field.fill('@bob');
  await expect(people).toHaveCount(0);
  await ada.button(en.search.lookUp.replace('{username}', 'bob')).click();
  const dialog = page.getByRole('dialog', { name: en.newChat.title });
  await dialog.getByRole('button', { name: en.newChat.start }).click();
  await expect(page.getByRole('heading', { level: 1, name: /^Bob/ })).toBeVisible();
  await field.fill('@bo');
  await expect(people).toHaveCount(1);
  await expect(people).toContainText('@bob');
  await field.fill('@bob');
  await expect(people).toHaveCount(1);
  await expect(page.getByRole('button', { name: /^Look up/ })).toHaveCount(0);
  await field.fill('@bo');
  await field.press('Enter');
  await expect(page.getByRole('heading', { level: 1, name: /^Bob/ })).toBeVisible();
  await field.focus();
  await field.press('ArrowDown');
  await page.keyboard.press('Escape');
  await expect(field).toBeFocused();
  await expect(field).toHaveValue('@bo');
  await page.keyboard.press('Escape');
  await expect(field).toHaveValue('');
});

testThree(
  'who is not known yet can be looked up from the search, and only when asked to',
  async ({ bob, carol }) => {
    const asked: string[] = [];
    bob.page.context().on('request', (request) => asked.push(request.url()));
    const field = bob.page.getByRole('searchbox', { name: en.search.label });
    await field.fill(`@${carol.username}`);
    const lookUp = bob.button(en.search.lookUp.replace('{username}', carol.username));
    await expect(lookUp).toBeVisible();
    await lookUp.click();
    const dialog = bob.page.getByRole('dialog', { name: en.newChat.title });
    await expect(dialog.getByLabel(en.newChat.label)).toHaveValue('carol');
    expect(asked.filter((url) => url.includes('/lookup'))).toEqual([]);
    await dialog.getByRole('button', { name: en.newChat.start }).click();
    await expect(bob.page.getByText(en.newChat.introduction.replace('{name}', 'carol'))).toBeVisible();

    // What cannot be a username is not offered.
    await field.fill('who is it?');
    await expect(bob.page.getByText(en.search.none.replace('{typed}', 'who is it?'))).toBeVisible();
    await expect(bob.page.getByRole('button', { name: /^Look up/ })).toHaveCount(0);
  },
);
