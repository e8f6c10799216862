/**
 * Several tabs of one browser: one owns the account, the others are views, and nothing that is typed or sent in any of them is lost or
 * doubled when the owner goes, however it goes.
 */
import type { Page } from '@playwright/test';
import { en } from '../../client/ui/text/en.ts';
import { expect, test, testThree } from './fixtures.ts';
import { Person } from './pages/person.page.ts';
import { coreWorker } from './worker-steps.ts';

test.use({ serviceWorkers: 'allow' });

type Watch = (page: Page) => Promise<void>;

/** Another tab of the same person, at the same place unless told otherwise. */
async function openTab(who: Person, watch: Watch, at = who.page.url()): Promise<Person> {
  const page = await who.page.context().newPage();
  await watch(page);
  await page.goto(at);
  const tab = new Person(page, who.origin, { name: who.name, username: who.username });
  await tab.expectHome();
  return tab;
}

/** Whether a tab's worker has the owner lock. */
function isOwner(tab: Person): Promise<boolean> {
  return coreWorker(tab.page).evaluate(async () => {
    const probe = `probe-${crypto.randomUUID()}`;
    const { held = [] } = await navigator.locks.request(probe, () => navigator.locks.query());
    const clientOf = (name: string): string | undefined => held.find((lock) => lock.name === name)?.clientId;
    return clientOf('tacet-owner') === clientOf(probe);
  });
}

/** Waits until one of the tabs owns the account, and gives it. */
async function ownerOf(tabs: readonly Person[]): Promise<Person> {
  let owner: Person | undefined;
  await expect(async () => {
    const own = await Promise.all(tabs.map((tab) => isOwner(tab)));
    owner = tabs[own.indexOf(true)];
    expect(own.filter(Boolean)).toHaveLength(1);
  }).toPass();
  return owner as Person;
}

/** Notes how long it took until a tab got a message of its own through, for whoever watches the figures. */
function noteTakeover(what: string, startedAt: number): void {
  const description = `${what}: ${String(Date.now() - startedAt)} ms until the next message was sent`;
  test.info().annotations.push({ type: 'takeover', description });
}

async function expectEachOnce(person: Person, texts: readonly string[]): Promise<void> {
  for (const text of texts) await person.expectOnce(text);
}

test('a second tab shows the same conversation, and both write and read', async ({ ada, bob, watch }) => {
  await bob.send('from the first tab');
  const second = await openTab(bob, watch);
  await second.expectOnce('from the first tab');
  await second.send('from the second tab');
  await bob.expectOnce('from the second tab');
  await ada.open('Bob');
  await expectEachOnce(ada, ['from the first tab', 'from the second tab']);
  await ada.send('to both');
  await bob.expectOnce('to both');
  await second.expectOnce('to both');
  await ownerOf([bob, second]);
});

test('five tabs type and send while one owner after the other goes; nothing is lost or doubled', async ({
  ada,
  bob,
  watch,
}) => {
  test.setTimeout(600_000);
  let tabs: readonly Person[] = [bob];
  while (tabs.length < 5) tabs = [...tabs, await openTab(bob, watch)];
  const sent: string[] = [];
  const ends: readonly (readonly [string, (owner: Person) => Promise<unknown>])[] = [
    ['closed', (owner) => owner.page.close()],
    ['worker ended', (owner) => coreWorker(owner.page).evaluate(() => globalThis.close())],
    [
      'crashed',
      async (owner) => {
        const devtools = await owner.page.context().newCDPSession(owner.page);
        // The page is gone before it could answer.
        devtools.send('Page.crash').catch(() => undefined);
        await owner.page.waitForEvent('crash');
      },
    ],
  ];
  for (const [what, end] of ends) {
    const owner = await ownerOf(tabs);
    const others = tabs.filter((tab) => tab !== owner);
    await owner.send(`last of the owner, ${what}`);
    // From here on it is kept: the field empties a commit earlier, and a page that crashes in between takes the words with it.
    await owner.expectOnce(`last of the owner, ${what}`);
    sent.push(`last of the owner, ${what}`);
    const writing = others.map(async (tab, index) => {
      for (const word of ['one', 'two', 'three']) {
        const text = `${what} ${String(index)} ${word}`;
        await tab.send(text);
        sent.push(text);
      }
      await tab.composer.fill(`draft ${String(index)}`);
    });
    const startedAt = Date.now();
    await end(owner).catch(() => undefined);
    await Promise.race(writing);
    await Promise.all(writing);
    const [first] = others;
    await first!.expectDelivery(`${what} 0 three`, 'sent');
    noteTakeover(what, startedAt);
    for (const [index, tab] of others.entries()) {
      await expect(tab.composer).toHaveValue(`draft ${String(index)}`);
      await tab.composer.fill('');
    }
    // A window whose worker alone has ended gets another one and stays a tab like the others.
    tabs = what === 'worker ended' ? tabs : others;
  }
  await ada.open('Bob');
  await expectEachOnce(ada, sent);
  for (const tab of tabs) await expectEachOnce(tab, sent);
  await expect(ada.timeline.getByRole('article')).toHaveCount(sent.length);
});

test('an owner that hangs is replaced, and steps back when it goes on', async ({ ada, bob, watch }) => {
  const second = await openTab(bob, watch);
  await ada.open('Bob');
  expect(await isOwner(bob)).toBe(true);
  // Nothing of this worker runs until told: no timer, no message, no write.
  const devtools = await bob.page.context().newCDPSession(bob.page);
  const hung = coreWorker(bob.page).evaluate(() => {
    const until = performance.now() + 20_000;
    while (performance.now() < until);
  });
  const startedAt = Date.now();
  await second.send('while the owner hangs');
  await second.expectDelivery('while the owner hangs', 'sent');
  noteTakeover('hung', startedAt);
  const typed = ['typed into the tab that hangs', 'and one more before anything answers'];
  for (const text of typed) await bob.send(text);
  await ada.expectOnce('while the owner hangs');
  await hung;
  await devtools.detach();
  await expectEachOnce(ada, typed);
  await expectEachOnce(bob, ['while the owner hangs', ...typed]);
  expect(await ownerOf([bob, second])).toBe(second);
  await expect(ada.timeline.getByRole('article')).toHaveCount(3);
});

test('an owner that the browser has frozen is replaced, and is a view when it thaws', async ({
  ada,
  bob,
  watch,
}) => {
  const second = await openTab(bob, watch);
  const devtools = await bob.page.context().newCDPSession(bob.page);
  await devtools.send('Page.setWebLifecycleState', { state: 'frozen' });
  const startedAt = Date.now();
  await second.send('while the owner is frozen');
  await second.expectDelivery('while the owner is frozen', 'sent');
  noteTakeover('frozen', startedAt);
  await devtools.send('Page.setWebLifecycleState', { state: 'active' });
  await bob.expectOnce('while the owner is frozen');
  await bob.send('after the thaw');
  await second.expectOnce('after the thaw');
  await ada.open('Bob');
  await expectEachOnce(ada, ['while the owner is frozen', 'after the thaw']);
});

testThree(
  'each tab has its own conversation open, and what is read in one is read in all',
  async ({ ada, bob, carol, host, watch }) => {
    await carol.open('ada');
    await ada.open('Bob');
    const second = await openTab(ada, watch, host.origin);
    await second.item('Carol').click();
    await expect(second.composer).toBeVisible();
    await bob.send('for the first tab');
    await carol.send('for the second tab');
    await ada.expectOnce('for the first tab');
    await second.expectOnce('for the second tab');
    await expect(ada.message('for the second tab')).toHaveCount(0);
    await expect(ada.page).not.toHaveTitle(/^\(/);
    await carol.expectDelivery('for the second tab', 'read');
  },
);

test('a draft shows in the other tab, goes when it is sent, and never takes what was typed there', async ({
  bob,
  watch,
}) => {
  const second = await openTab(bob, watch);
  // Nothing appears under the hands of somebody who is in the field.
  await second.composer.blur();
  await bob.composer.fill('begun in one tab');
  await expect(second.composer).toHaveValue('begun in one tab');
  await bob.send('sent from the first tab');
  await expect(second.composer).toHaveValue('');
  await second.composer.fill('typed in the second');
  await second.composer.blur();
  await bob.send('sent meanwhile');
  await second.expectOnce('sent meanwhile');
  await expect(second.composer).toHaveValue('typed in the second');
  await bob.page.reload();
  await expect(bob.composer).toHaveValue('typed in the second');
  // Each has words of its own now, and one is left: both stay.
  await bob.composer.fill('typed anew in the first');
  await expect(second.item('Ada')).toContainText('typed anew in the first');
  await second.page.getByRole('link', { name: en.list.settings }).click();
  await second.item('Ada').click();
  await expect(second.composer).toHaveValue('typed in the second\ntyped anew in the first');
  await expect(bob.composer).toHaveValue('typed anew in the first');
});

test('signing out in one tab ends the account in all of them', async ({ bob, watch }) => {
  const second = await openTab(bob, watch, `${bob.origin}/settings`);
  await second.button(en.settings.signOut).click();
  await second.page
    .getByRole('dialog')
    .getByRole('button', { name: en.settings.signOutConfirm, exact: true })
    .click();
  for (const { page } of [bob, second]) {
    await expect(page.getByRole('heading', { name: en.welcome.title })).toBeVisible();
  }
  await bob.page.reload();
  await expect(bob.page.getByRole('heading', { name: en.welcome.title })).toBeVisible();
});

test('tabs of two versions do not speak to each other, and the person decides which one goes on', async ({
  bob,
  host,
}) => {
  const context = bob.page.context();
  const address = bob.page.url();
  await bob.send('said before');
  await bob.expectOnce('said before');
  await bob.page.close();
  // A tab of another version, as far as others notice it: it has the lock and names its build.
  const other = await context.newPage();
  await other.goto(`${host.origin}/favicon.svg`);
  const asked = other.evaluate(
    () =>
      new Promise<readonly string[]>((resolve) => {
        const heard: string[] = [];
        const tabs = new BroadcastChannel('tacet-tabs');
        const owner = { kind: 'owner', term: 'A'.repeat(22), build: '/assets/core.worker-another.js' };
        tabs.addEventListener('message', ({ data }: MessageEvent<{ readonly kind: string }>) => {
          heard.push(data.kind);
          if (data.kind === 'who') tabs.postMessage(owner);
        });
        navigator.locks
          .request('tacet-owner', () => new Promise(() => undefined))
          .catch(() => {
            tabs.close();
            resolve(heard);
          });
      }),
  );
  const page = await context.newPage();
  await page.goto(address);
  await expect(page.getByRole('heading', { name: en.otherVersion.title })).toBeVisible();
  await page.getByRole('button', { name: en.otherVersion.use }).click();
  const tab = new Person(page, host.origin, { name: bob.name, username: bob.username });
  await tab.expectOnce('said before');
  // Asked who is there and told what it owns now; it never attached.
  expect((await asked).filter((kind) => kind !== 'who')).toEqual([]);
});
