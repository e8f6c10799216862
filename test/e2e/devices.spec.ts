/** Devices and account: the list, removing a device. */
import { en } from '../../client/ui/text/en.ts';
import { expect, test } from './fixtures.ts';
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

test('without a connection nothing is removed, and the question stays open for another try', async ({
  ada,
  host,
  newBrowser,
}) => {
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
  await host.kill();
  await givePassphrase(ada, ada.passphrase, en.devices.removeConfirm);
  await expect(ada.page.getByRole('alert')).toContainText(en.failures.offline);
  await host.startAgain();
  await ada.button(en.devices.removeConfirm).click();
  await expect(lines).toHaveCount(1);
  await expect(other.page.getByRole('heading', { name: en.ended.removedTitle })).toBeVisible();
});
