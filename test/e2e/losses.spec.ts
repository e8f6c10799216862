/** What is lost and what helps, line by line: the passphrase, all devices, both, a device that was stolen (devices.spec.ts). */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { openSqlite } from '../../server/store/dialect.ts';
import { en } from '../../client/ui/text/en.ts';
import { expect, test, testAlone } from './fixtures.ts';
import type { Host } from './host.ts';
import { Person } from './pages/person.page.ts';

test.use({ serviceWorkers: 'allow' });

const ADMIN = join(import.meta.dirname, '..', '..', 'server', 'admin.ts');

/** Lets the 72 hours of every announced reset be over. */
function endTheWait(host: Host): void {
  const database = openSqlite(join(host.dataDir, 'tacet.sqlite'));
  const { changes } = database.prepare('update resets set due_at = ?').run(Date.now());
  database.close();
  expect(changes).toBe(1);
}

async function openAccount(person: Person): Promise<void> {
  await person.page.goto(`${person.origin}/settings/account`);
  await expect(person.page.getByRole('heading', { name: en.account.title, level: 1 })).toBeVisible();
}

test('the passphrase is lost and a device is left: a reset, announced everywhere, gives a new one after its wait', async ({
  ada,
  bob,
  host,
  newBrowser,
}) => {
  await bob.send('before the reset');
  await ada.open('Bob');
  await ada.expectOnce('before the reset');
  const other = new Person(await newBrowser(), host.origin, ada);
  await other.signIn(ada.passphrase);
  await other.expectHome();

  await openAccount(ada);
  await ada.button(en.account.lostBegin).click();
  await expect(ada.page.getByRole('dialog')).toContainText(en.account.lostLoses);
  await ada.page.getByRole('dialog').getByRole('button', { name: en.account.lostBegin }).click();
  await expect(ada.page.getByText(/can be finished from/)).toBeVisible();
  // The other device is told where it is looked at.
  await expect(other.page.getByText(/has announced a reset of your account/)).toBeVisible();

  endTheWait(host);
  await openAccount(ada);
  await ada.page.getByRole('link', { name: en.account.lostFinish }).click();
  const lost = ada.passphrase;
  await ada.readWords();
  expect(ada.passphrase).not.toBe(lost);
  await ada.button(en.common.continue).click();
  await ada.confirmWord();
  await ada.button(en.account.lostFinish).click();
  await expect(ada.page.getByRole('heading', { name: en.account.title, level: 1 })).toBeVisible();
  await expect(other.page.getByRole('heading', { name: en.ended.removedTitle })).toBeVisible();

  await ada.page.goto(host.origin);
  await ada.open('Bob');
  await ada.expectOnce('before the reset');
  await ada.send('after the reset');
  await bob.expectOnce('after the reset');
  await expect(bob.timeline.getByText(/key has changed/)).toBeVisible();
  const late = new Person(await newBrowser(), host.origin, ada);
  await late.signIn(ada.passphrase);
  await late.expectHome();
});

testAlone(
  'a device that announced a reset and is gone does not keep the one that is left from its own',
  async ({ ada, host, newBrowser }) => {
    const lost = new Person(await newBrowser(), host.origin, ada);
    await lost.signIn(ada.passphrase);
    await lost.expectHome();
    await openAccount(lost);
    await lost.button(en.account.lostBegin).click();
    await lost.page.getByRole('dialog').getByRole('button', { name: en.account.lostBegin }).click();
    await expect(lost.page.getByText(/can be finished from/)).toBeVisible();
    await lost.page.context().close();
    endTheWait(host);

    await openAccount(ada);
    await expect(ada.page.getByText(en.account.lostBeside)).toBeVisible();
    await ada.button(en.account.lostBegin).click();
    await ada.page.getByRole('dialog').getByRole('button', { name: en.account.lostBegin }).click();
    await expect(ada.page.getByText(/can be finished from/)).toBeVisible();
    await expect(ada.page.getByRole('link', { name: en.account.lostFinish })).toHaveCount(0);
  },
);

testAlone('a reset ends when the passphrase turns up', async ({ ada }) => {
  await openAccount(ada);
  await ada.button(en.account.lostBegin).click();
  await ada.page.getByRole('dialog').getByRole('button', { name: en.account.lostBegin }).click();
  await ada.button(en.account.lostEnd).click();
  const dialog = ada.page.getByRole('dialog');
  await dialog.getByLabel(en.devices.passphrase, { exact: true }).fill(ada.passphrase);
  await dialog.getByRole('button', { name: en.account.lostEnd }).click();
  await expect(ada.button(en.account.lostBegin)).toBeVisible();
});

test('all devices are lost and the passphrase is left: signing in brings account, contacts and how they were checked', async ({
  ada,
  bob,
  host,
  newBrowser,
}) => {
  await bob.send('to be lost with the device');
  await ada.open('Bob');
  await ada.expectOnce('to be lost with the device');
  await ada.page.context().close();
  const anew = new Person(await newBrowser(), host.origin, ada);
  await anew.signIn(ada.passphrase);
  await anew.expectHome();
  await anew.open('Bob');
  const header = anew.page.getByRole('main').getByRole('heading', { level: 1 }).filter({ hasText: 'Bob' });
  await expect(header).toContainText(en.trust.label['by-invite']);
  await anew.send('here I am again');
  await bob.expectOnce('here I am again');
  await expect(bob.timeline.getByText(/key has changed/)).toHaveCount(0);
});

test('both are lost: the administrator frees the name, and a new account under it is another identity', async ({
  ada,
  bob,
  host,
  newBrowser,
}) => {
  await bob.send('to the ada who was');
  await bob.expectDelivery('to the ada who was', 'sent');
  await ada.page.context().close();
  await host.stop();
  const freed = spawnSync(process.execPath, [ADMIN, 'free-name', 'ada', '--yes'], {
    env: { PATH: process.env['PATH'] ?? '', TACET_DATA_DIR: host.dataDir },
    encoding: 'utf8',
  });
  expect(freed.status, freed.stderr).toBe(0);
  await host.startAgain();

  const anew = new Person(await newBrowser(), host.origin, { name: 'Ada again', username: 'ada' });
  await anew.signUp(await bob.makeInvite());
  await anew.open('bob');
  await anew.send('I lost everything');
  await bob.page.goto(host.origin);
  await bob.open('Ada again');
  await bob.expectOnce('I lost everything');
  // The one who was stays a conversation of its own.
  await expect(bob.item('Ada Lovelace')).toBeVisible();
});
