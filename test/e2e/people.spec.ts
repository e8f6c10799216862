/** Finding people by name, what a request shows and reveals, blocking and taking it back, pictures. */
import { en } from '../../client/ui/text/en.ts';
import { expect, test, testAlone, testThree } from './fixtures.ts';
import type { Person } from './pages/person.page.ts';

const of = (template: string, name: string): string => template.replaceAll('{name}', name);

/** A red square of four pixels, as a PNG file. */
const RED = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAIAAAACCAIAAAD91JpzAAAAEElEQVR4nGP4z8AARAwQCgAf7gP9i18U1AAAAABJRU5ErkJggg==',
  'base64',
);

async function startChat(person: Person, username: string): Promise<void> {
  await person.button(en.list.newChat).first().click();
  await person.page.getByLabel(en.newChat.label).fill(username);
  await person.button(en.newChat.start).click();
}

testThree('a stranger is found by username, asks, is accepted, and both talk', async ({ bob, carol }) => {
  await startChat(bob, '@Carol');
  await expect(bob.page.getByText(of(en.newChat.introduction, 'carol'))).toBeVisible();
  await bob.send('Hello, we met on Monday');
  await bob.expectDelivery('Hello, we met on Monday', 'sent');

  await carol.item(en.list.request).click();
  await carol.expectOnce('Hello, we met on Monday');
  await expect(carol.composer).toBeHidden();
  await carol.button(en.conversation.accept).click();
  await carol.send('I remember');
  await bob.expectOnce('I remember');
  await bob.send('Good');
  await bob.expectDelivery('Good', 'delivered');
  await expect(bob.page.getByRole('heading', { name: /Carol/ })).toBeVisible();
});

testThree(
  'an answer that comes late takes nobody away from what he is writing; drafts stay with their conversations; a request is blocked',
  async ({ ada, bob, carol }) => {
    await bob.open('Ada');
    const asked = Promise.withResolvers<void>();
    const answered = Promise.withResolvers<void>();
    await bob.page.context().route('**/v1/lookups', async (route) => {
      asked.resolve();
      await answered.promise;
      await route.continue();
    });
    await startChat(bob, carol.username);
    await asked.promise;
    await bob.page.keyboard.press('Escape');
    await bob.composer.fill('For Ada alone');
    answered.resolve();
    await expect(bob.item('carol')).toBeVisible();
    await bob.composer.press('Enter');
    await ada.open('Bob');
    await ada.expectOnce('For Ada alone');
    await expect(bob.page.getByRole('heading', { name: /Ada/ })).toBeVisible();

    const to = (name: string) => bob.page.getByRole('textbox', { name: of(en.conversation.composer, name) });
    await to('Ada Lovelace').fill('Half a thought');
    await bob.item('carol').click();
    await to('carol').fill('And another one');
    await bob.item('Ada').click();
    await expect(to('Ada Lovelace')).toHaveValue('Half a thought');
    await expect(bob.item('carol')).toContainText('And another one');
    await bob.page.reload();
    await expect(to('Ada Lovelace')).toHaveValue('Half a thought');
    await bob.item('carol').click();
    await expect(to('carol')).toHaveValue('And another one');

    await to('carol').press('Enter');
    await bob.expectDelivery('And another one', 'sent');
    await carol.item(en.list.request).click();
    await carol.expectOnce('And another one');
    await carol.button(en.contact.block).click();
    await carol.page.getByRole('dialog').getByRole('button', { name: en.contact.block }).click();
    await expect(carol.page.getByRole('region', { name: en.contact.blockedTitle })).toBeVisible();
    await expect(carol.item(en.list.blocked)).toBeVisible();
    await bob.send('Why no answer');
    await bob.expectDelivery('Why no answer', 'sent');
    await carol.page.reload();
    await expect(carol.page.getByRole('region', { name: en.contact.blockedTitle })).toBeVisible();
    await expect(carol.message('Why no answer')).toHaveCount(0);
  },
);

test('who is blocked reaches nobody, is not told, and comes back when unblocked', async ({
  ada,
  bob,
  host,
}) => {
  await bob.open('Ada');
  await ada.open('Bob');
  await ada.send('Before');
  await bob.expectOnce('Before');
  await ada.page.getByRole('heading').getByRole('link', { name: /Bob/ }).click();
  await ada.button(en.contact.block).click();
  await ada.page.getByRole('dialog').getByRole('button', { name: en.contact.block }).click();
  await expect(ada.page.getByText(of(en.contact.blockedText, 'Bob')).first()).toBeVisible();

  await bob.send('Are you there?');
  await bob.expectDelivery('Are you there?', 'sent');
  await bob.send('Still there?');
  await bob.expectDelivery('Still there?', 'sent');
  await expect(ada.message('Are you there?')).toHaveCount(0);

  await ada.button(en.contact.unblock).first().click();
  await ada.page.goto(ada.origin);
  await ada.open('Bob');
  await ada.send('After');
  await bob.expectOnce('After');
  await bob.send('Welcome back');
  await ada.expectOnce('Welcome back');
  await bob.expectDelivery('Welcome back', 'delivered');
  await expect(ada.message('Are you there?')).toHaveCount(0);
  await expect(bob.message('Are you there?')).toHaveAttribute('data-delivery', 'sent');

  // What had not left when he was blocked has failed, and can be sent again.
  await host.stop();
  await ada.send('On its way');
  await ada.page.getByRole('heading').getByRole('link', { name: /Bob/ }).click();
  await ada.button(en.contact.block).click();
  await ada.page.getByRole('dialog').getByRole('button', { name: en.contact.block }).click();
  await expect(ada.message('On its way')).toHaveAttribute('data-delivery', 'failed');
  await ada.button(en.contact.unblock).first().click();
  await ada.message('On its way').getByRole('button', { name: en.conversation.retry }).click();
  await expect(ada.message('On its way')).toHaveAttribute('data-delivery', 'sending');
  await host.startAgain();
  await ada.expectDelivery('On its way', 'sent');
  await bob.expectOnce('On its way');
});

testAlone('a name that nobody has, the own one and no name are answered in the dialog', async ({ ada }) => {
  await startChat(ada, 'nobody');
  const dialog = ada.page.getByRole('dialog', { name: en.newChat.title });
  await expect(dialog.getByRole('alert')).toHaveText(en.failures['account-unknown']);
  const field = dialog.getByLabel(en.newChat.label);
  await field.fill(ada.username);
  await field.press('Enter');
  await expect(dialog.getByRole('alert')).toHaveText(en.failures['username-own']);
  await field.fill('');
  await field.press('Enter');
  await expect(dialog.getByText(en.newChat.missing)).toBeVisible();
  await field.fill('https://elsewhere.example/i/AbCdEfGhIjKlMnOpQrStUv');
  await field.press('Enter');
  await expect(dialog.getByText(en.newChat.linkForeign)).toBeVisible();
  await ada.page.keyboard.press('Escape');
  await expect(dialog).toBeHidden();
});

test.describe('with what the service worker keeps', () => {
  test.use({ serviceWorkers: 'allow' });

  testAlone('without a connection a lookup says so and keeps what was typed', async ({ ada }) => {
    // From its installation on the service worker has what is opened for the first time without a connection.
    await ada.expectAppKept();
    await ada.page.context().setOffline(true);
    await startChat(ada, 'somebody');
    const dialog = ada.page.getByRole('dialog', { name: en.newChat.title });
    await expect(dialog.getByRole('alert')).toHaveText(en.failures.offline);
    await expect(dialog.getByLabel(en.newChat.label)).toHaveValue('somebody');
  });
});

test('a picture is chosen, seen by the other, and taken away', async ({ ada, bob }) => {
  await ada.page.goto(`${ada.origin}/settings`);
  await ada.page
    .getByLabel(en.settings.pictureChoose)
    .and(ada.page.locator('input'))
    .setInputFiles({ name: 'red.png', mimeType: 'image/png', buffer: RED });
  await expect(ada.page.locator('main img')).toBeVisible();
  await expect(bob.item('Ada').locator('img')).toBeVisible();
  const size = await bob
    .item('Ada')
    .locator('img')
    .evaluate((img: HTMLImageElement) => img.naturalWidth);
  expect(size, 'drawn by the browser, at the size that it was made').toBe(256);
  await ada.button(en.settings.pictureRemove).click();
  await expect(bob.item('Ada').locator('img')).toHaveCount(0);
});

testAlone('a file that is no picture is refused in words', async ({ ada }) => {
  await ada.page.goto(`${ada.origin}/settings`);
  await ada.page
    .getByLabel(en.settings.pictureChoose)
    .and(ada.page.locator('input'))
    .setInputFiles({ name: 'notes.png', mimeType: 'image/png', buffer: Buffer.from('not a picture') });
  await expect(ada.page.getByRole('alert')).toHaveText(en.failures['picture-unfit']);
});
