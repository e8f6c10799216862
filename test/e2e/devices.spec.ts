/** Devices and account: the list, removing a device, another passphrase, wiping, deleting, the app lock. */
import { en } from '../../client/ui/text/en.ts';
import { expect, test, testAlone } from './fixtures.ts';
import { Person } from './pages/person.page.ts';

function named(template: string, name: string): string {
  return template.replace('{name}', name);
}

/** Opens the list of devices by its way through the settings. */
async function openDevices(person: Person): Promise<void> {
  await person.page.getByRole('link', { name: en.list.settings }).click();
  await person.page.getByRole('link', { name: en.devices.title, exact: true }).click();
  await expect(person.page.getByRole('heading', { name: en.devices.title, level: 1 })).toBeVisible();
}

/** The line of a device by its name. */
function device(person: Person, name: string) {
  return person.page.getByRole('listitem').filter({ hasText: name });
}

/** Answers the question for the passphrase. */
async function givePassphrase(person: Person, passphrase: string, confirm: string): Promise<void> {
  const dialog = person.page.getByRole('dialog');
  await dialog.getByLabel(en.devices.passphrase, { exact: true }).fill(passphrase);
  await dialog.getByRole('button', { name: confirm, exact: true }).click();
}

test('devices have names, and a removed one ends: it gets nothing more and contacts go on with the others', async ({
  ada,
  bob,
  host,
  newBrowser,
}) => {
  await bob.send('before');
  await ada.open('Bob');
  await ada.expectOnce('before');
  const lost = new Person(await newBrowser(), host.origin, ada);
  await lost.signIn(ada.passphrase);
  await lost.expectHome();

  await openDevices(ada);
  const lines = ada.page.getByRole('listitem').filter({ has: ada.page.getByRole('heading') });
  await expect(lines).toHaveCount(2);
  await expect(lines.first()).toContainText(en.devices.this);
  await expect(lines.first().getByRole('button', { name: /^Remove/ })).toHaveCount(0);

  // Both browsers are called the same; the other one gets a name of its own.
  await lines
    .nth(1)
    .getByRole('button', { name: /^Rename/ })
    .click();
  await ada.page.getByLabel(en.devices.name, { exact: true }).fill('Train laptop');
  await ada.button(en.common.save).click();
  await expect(device(ada, 'Train laptop')).toBeVisible();
  await openDevices(lost);
  await expect(device(lost, 'Train laptop')).toContainText(en.devices.this);

  await ada.button(named(en.devices.removeLabel, 'Train laptop')).click();
  await expect(ada.page.getByRole('dialog')).toContainText(en.devices.removeLoses);
  await givePassphrase(ada, 'quite another passphrase than hers', en.devices.removeConfirm);
  await expect(ada.page.getByRole('alert')).toContainText(en.devices.passphraseWrong);
  await givePassphrase(ada, ada.passphrase, en.devices.removeConfirm);
  await expect(lines).toHaveCount(1);

  await expect(lost.page.getByRole('heading', { name: en.ended.removedTitle })).toBeVisible();
  await bob.send('after');
  await ada.page.goto(host.origin);
  await ada.open('Bob');
  await ada.expectOnce('after');
  await ada.send('it is gone');
  await bob.expectOnce('it is gone');
});

testAlone(
  'without a connection nothing is removed, and the question stays open for another try',
  async ({ ada, host, newBrowser }) => {
    const other = new Person(await newBrowser(), host.origin, ada);
    await other.signIn(ada.passphrase);
    await other.expectHome();
    await openDevices(ada);
    const lines = ada.page.getByRole('listitem').filter({ has: ada.page.getByRole('heading') });
    await expect(lines).toHaveCount(2);
    await lines
      .nth(1)
      .getByRole('button', { name: /^Remove/ })
      .click();
    await host.stop();
    await givePassphrase(ada, ada.passphrase, en.devices.removeConfirm);
    await expect(ada.page.getByRole('alert')).toContainText(en.failures.offline);
    await host.startAgain();
    await ada.button(en.devices.removeConfirm).click();
    await expect(lines).toHaveCount(1);
    await expect(other.page.getByRole('heading', { name: en.ended.removedTitle })).toBeVisible();
  },
);

testAlone(
  'an added device is told of above the list, over a reload too, until it was seen, and leads to the devices',
  async ({ ada, host, newBrowser }) => {
    const other = new Person(await newBrowser(), host.origin, ada);
    await other.signIn(ada.passphrase);
    await other.expectHome();
    const word = ada.page.getByText(en.alerts.addedDoubt);
    await expect(word).toBeVisible();
    await ada.page.reload();
    await expect(word).toBeVisible();
    await expect(other.page.getByText(en.alerts.addedDoubt)).toHaveCount(0);
    await ada.page.getByRole('link', { name: en.alerts.addedSee }).click();
    await expect(ada.page.getByRole('heading', { name: en.devices.title, level: 1 })).toBeVisible();
    await expect(ada.page.getByRole('button', { name: /^Remove/ })).toHaveCount(1);
    await ada.page.goto(host.origin);
    await ada.button(en.alerts.addedSeen).click();
    await expect(word).toHaveCount(0);
    await ada.page.reload();
    await ada.expectHome();
    await expect(word).toHaveCount(0);
  },
);

/** Opens a page of the settings by its address, with a fresh page. */
async function openAccount(person: Person): Promise<void> {
  await person.page.goto(`${person.origin}/settings/account`);
  await expect(person.page.getByRole('heading', { name: en.account.title, level: 1 })).toBeVisible();
}

testAlone('a removed browser can delete what it kept and sign in anew', async ({ ada, host, newBrowser }) => {
  const other = new Person(await newBrowser(), host.origin, ada);
  await other.signIn(ada.passphrase);
  await other.expectHome();
  await openDevices(ada);
  await ada.page.getByRole('button', { name: /^Remove/ }).click();
  await givePassphrase(ada, ada.passphrase, en.devices.removeConfirm);
  await other.button(en.ended.wipe).click();
  await expect(other.page).toHaveURL(/sign-in$/);
  await other.signIn(ada.passphrase);
  await other.expectHome();
});

testAlone(
  'another passphrase opens the account from then on, and the old one does not',
  async ({ ada, host, newBrowser }) => {
    const old = ada.passphrase;
    await openAccount(ada);
    await ada.page.getByRole('link', { name: en.account.change }).click();
    // A wrong one is found out at the end and asked for again; nothing has changed.
    for (const current of ['not hers at all, by no means', old]) {
      await ada.page.getByLabel(en.devices.passphrase, { exact: true }).fill(current);
      await ada.button(en.common.continue).click();
      await ada.readWords();
      await ada.button(en.common.continue).click();
      await ada.confirmWord();
      await ada.button(en.account.change).click();
      if (current !== old)
        await expect(ada.page.getByRole('alert')).toContainText(en.devices.passphraseWrong);
    }
    await expect(ada.page.getByRole('heading', { name: en.account.title, level: 1 })).toBeVisible();
    expect(ada.passphrase).not.toBe(old);

    const other = new Person(await newBrowser(), host.origin, ada);
    await other.signIn(old);
    await expect(other.page.getByRole('alert')).toContainText(en.failures['login-refused']);
    await other.signIn(ada.passphrase);
    await other.expectHome();
  },
);

test.describe('with what the service worker keeps', () => {
  test.use({ serviceWorkers: 'allow' });

  test('wiping works without a connection and leaves nothing to come back to', async ({ ada, bob, host }) => {
    await bob.send('to be wiped');
    await ada.open('Bob');
    await ada.expectOnce('to be wiped');
    await ada.expectAppKept();
    await openAccount(ada);
    await host.stop();
    await ada.button(en.account.wipe).click();
    await expect(ada.page.getByRole('dialog')).toContainText(en.account.wipeLast);
    await ada.button(en.account.wipeConfirm).click();
    await expect(ada.page.getByText(en.welcome.signedOut)).toBeVisible();
    expect(
      await ada.page.evaluate(async () => (await indexedDB.databases()).map(({ name }) => name)),
    ).toEqual([]);
    await host.startAgain();
    await ada.signIn(ada.passphrase);
    await ada.expectHome();
    await ada.open('Bob');
    await expect(ada.message('to be wiped')).toHaveCount(0);
  });
});

test('a deleted account ends everywhere and its name is free', async ({ ada, bob, host, newBrowser }) => {
  await bob.send('hello');
  const other = new Person(await newBrowser(), host.origin, bob);
  await other.signIn(bob.passphrase);
  await other.expectHome();
  await openAccount(bob);
  await bob.button(en.account.delete).click();
  await expect(bob.page.getByRole('dialog')).toContainText(en.account.deleteLoses);
  await givePassphrase(bob, 'quite another passphrase than his', en.account.deleteConfirm);
  await expect(bob.page.getByRole('alert')).toContainText(en.devices.passphraseWrong);
  await givePassphrase(bob, bob.passphrase, en.account.deleteConfirm);
  await expect(bob.page.getByRole('heading', { name: en.ended.deletedTitle })).toBeVisible();
  await expect(other.page.getByRole('heading', { name: en.ended.removedTitle })).toBeVisible();
  const anew = new Person(await newBrowser(), host.origin, { name: 'Another Bob', username: 'bob' });
  await anew.signUp(await ada.makeInvite());
});

test('the app lock hides everything, over a reload too, and opens only with its passphrase', async ({
  ada,
  bob,
}) => {
  const words = 'violet tractor omelette canyon';
  await bob.send('behind the lock');
  await ada.open('Bob');
  await ada.expectOnce('behind the lock');
  await openAccount(ada);
  await ada.button(en.account.lockSet).click();
  const dialog = ada.page.getByRole('dialog');
  await dialog.getByLabel(en.account.lockPassphrase, { exact: true }).fill('1234');
  await dialog.getByLabel(en.account.lockAgain, { exact: true }).fill('1234');
  await dialog.getByRole('button', { name: en.account.lockConfirm }).click();
  await expect(dialog).toContainText(en.account.lockWeak);
  await dialog.getByLabel(en.account.lockPassphrase, { exact: true }).fill(words);
  await dialog.getByLabel(en.account.lockAgain, { exact: true }).fill(words);
  await dialog.getByRole('button', { name: en.account.lockConfirm }).click();
  await ada.button(en.account.lockNow).click();

  const locked = ada.page.getByRole('heading', { name: en.locked.title });
  await expect(locked).toBeVisible();
  await bob.send('while it is locked');
  await bob.expectDelivery('while it is locked', 'sent');
  await ada.page.reload();
  await expect(locked).toBeVisible();
  await expect(ada.page).toHaveTitle(en.app.name);
  await expect(ada.page.getByText('behind the lock')).toHaveCount(0);

  await ada.page.getByLabel(en.locked.passphrase, { exact: true }).fill('violet tractor omelette valley');
  await ada.button(en.locked.unlock).click();
  await expect(ada.page.getByRole('alert')).toContainText(en.locked.wrong);
  await ada.page.getByLabel(en.locked.passphrase, { exact: true }).fill(words);
  await ada.button(en.locked.unlock).click();
  await ada.page.getByRole('link', { name: /Bob/ }).first().click();
  await ada.expectOnce('behind the lock');
  await ada.expectOnce('while it is locked');

  // An edit that the lock interrupts is open again.
  await ada.send('to be edited');
  await ada.composer.press('ArrowUp');
  await expect(ada.composer).toHaveValue('to be edited');
  await ada.composer.fill('other words');
  // Without a reload, which would end the page that holds it.
  await ada.page.evaluate(() => {
    history.pushState(null, '', '/settings/account');
    dispatchEvent(new PopStateEvent('popstate'));
  });
  await ada.button(en.account.lockNow).click();
  await expect(locked).toBeVisible();
  await ada.page.getByLabel(en.locked.passphrase, { exact: true }).fill(words);
  await ada.button(en.locked.unlock).click();
  await ada.page.getByRole('link', { name: /Bob/ }).first().click();
  await expect(ada.composer).toHaveValue('other words');
  await ada.composer.press('Enter');
  await ada.expectOnce('other words');
});

testAlone(
  'who has forgotten the passphrase of the lock can wipe and sign in with that of the account',
  async ({ ada }) => {
    await openAccount(ada);
    await ada.button(en.account.lockSet).click();
    const dialog = ada.page.getByRole('dialog');
    await dialog
      .getByLabel(en.account.lockPassphrase, { exact: true })
      .fill('violet tractor omelette canyon');
    await dialog.getByLabel(en.account.lockAgain, { exact: true }).fill('violet tractor omelette canyon');
    await dialog.getByRole('button', { name: en.account.lockConfirm }).click();
    await ada.button(en.account.lockNow).click();
    await ada.page.getByText(en.locked.forgotten).click();
    await ada.button(en.locked.wipe).click();
    await expect(ada.page.getByRole('dialog')).toContainText(en.account.wipeLoses);
    await ada.button(en.account.wipeConfirm).click();
    await expect(ada.page.getByText(en.welcome.signedOut)).toBeVisible();
    await ada.signIn(ada.passphrase);
    await ada.expectHome();
  },
);
