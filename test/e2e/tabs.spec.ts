/**
 * Several tabs of one browser: one owns the account, the others are views, and nothing that is typed or sent in any of them is lost or
 * doubled when the owner goes, however it goes.
 */
import type { Page } from '@playwright/test';
import { expect, test } from './fixtures.ts';
import { Person } from './pages/person.page.ts';

/** Another tab of the same person at the same place. */
async function openTab(
  who: Person,
  watch: (page: Page) => Promise<void>,
  at = who.page.url(),
): Promise<Person> {
  const page = await who.page.context().newPage();
  await watch(page);
  await page.goto(at);
  const tab = new Person(page, who.origin, { name: who.name, username: who.username });
  await tab.expectHome();
  return tab;
}

/** How many tabs of a browser have the owner lock, or wait for it. */
async function owners(page: Page): Promise<{ readonly held: number; readonly waiting: number }> {
  return page.evaluate(async () => {
    const { held = [], pending = [] } = await navigator.locks.query();
    const count = (locks: readonly LockInfo[]): number =>
      locks.filter(({ name }) => name === 'tacet-owner').length;
    return { held: count(held), waiting: count(pending) };
  });
}

/** What a person typed in the other tabs is in the timeline, each text once. */
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
  expect(await owners(bob.page)).toEqual({ held: 1, waiting: 1 });
});

test('when the owner closes, the other tab goes on with what it shows', async ({ ada, bob, watch }) => {
  const second = await openTab(bob, watch);
  await second.send('before');
  await second.composer.fill('half written');
  await bob.page.close();
  const closedAt = Date.now();
  await second.send('after');
  await second.expectDelivery('after', 'sent');
  test
    .info()
    .annotations.push({ type: 'takeover', description: `${Date.now() - closedAt} ms to a sent message` });
  await ada.open('Bob');
  await expectEachOnce(ada, ['before', 'after']);
  await expectEachOnce(second, ['before', 'after']);
});
