/** Makes what the browser tests begin with, once in a run and before all of them. */
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test, type Browser, type Page } from '@playwright/test';
import { ADA, BOB, CAROL, folderOf, saveBeginnings, type Beginnings, type KeptPerson } from './beginning.ts';
import { makeKeysReadable, readKept } from './browser-storage.ts';
import { openHost, type Host } from './host.ts';
import { Leaks, NOTHING_LEAKED } from './leaks.ts';
import { Person } from './pages/person.page.ts';

/** A browser in which somebody is going to sign up. */
async function openBrowser(browser: Browser, leaks: Leaks): Promise<Page> {
  const context = await browser.newContext({ locale: 'en-GB', viewport: { width: 1280, height: 800 } });
  await leaks.listen(context);
  const page = await context.newPage();
  page.on('worker', (worker) => {
    // Where it comes too late, the keys are not readable, and reading them says so.
    makeKeysReadable(worker).catch(() => undefined);
  });
  return page;
}

/** Closes the client in somebody's browser and reads what it leaves behind. */
async function keep({ page, name, username, passphrase }: Person): Promise<KeptPerson> {
  // The invite's address is left a moment after its form.
  await page.waitForURL((url) => !url.pathname.startsWith('/i/'));
  const path = new URL(page.url()).pathname;
  return { who: { name, username }, passphrase, path, kept: await readKept(page) };
}

/** When all browsers are closed, so that the server knows whatever they know. Gives the copy of its folder. */
async function keepServer(host: Host, dataDir: string): Promise<string> {
  await host.stop();
  await cp(host.dataDir, dataDir, { recursive: true });
  return dataDir;
}

async function makeBeginnings(browser: Browser, folder: string): Promise<Beginnings> {
  await using host = await openHost({ ownProcess: false, copyOf: undefined });
  const leaks = new Leaks();
  const ada = new Person(await openBrowser(browser, leaks), host.origin, ADA);
  const bob = new Person(await openBrowser(browser, leaks), host.origin, BOB);
  const carol = new Person(await openBrowser(browser, leaks), host.origin, CAROL);

  await ada.signUp(host.firstInvite);
  const alone = { ada: await keep(ada), bob: undefined, carol: undefined };
  const aloneDir = await keepServer(host, join(folder, 'alone'));

  await host.startAgain();
  await ada.page.goto(host.origin);
  await bob.signUp(await ada.makeInvite());
  await bob.open(ADA.username);
  await expect(ada.item(BOB.name)).toBeVisible();
  const two = { ada: await keep(ada), bob: await keep(bob), carol: undefined };
  const twoDir = await keepServer(host, join(folder, 'two'));

  // Bob is away: nothing of this is for him.
  await host.startAgain();
  await ada.page.goto(host.origin);
  await carol.signUp(await ada.makeInvite());
  await carol.open(ADA.username);
  await expect(ada.item(CAROL.name)).toBeVisible();
  const three = { ...two, ada: await keep(ada), carol: await keep(carol) };
  const threeDir = await keepServer(host, join(folder, 'three'));

  for (const { page, passphrase } of [ada, bob, carol]) {
    await page.context().close();
    leaks.canaries.add('passphrase', passphrase);
  }
  expect(await leaks.look(host), NOTHING_LEAKED).toEqual([]);
  const typed = leaks.canaries.all;
  return {
    ada: { ...alone, dataDir: aloneDir, typed },
    'ada and bob': { ...two, dataDir: twoDir, typed },
    'ada, bob and carol': { ...three, dataDir: threeDir, typed },
  };
}

test('Ada, Bob and Carol sign up one after the other, for the tests that begin with copies of them', async ({
  browser,
}, { project }) => {
  const folder = folderOf(project.outputDir);
  await saveBeginnings(folder, await makeBeginnings(browser, folder));
});
