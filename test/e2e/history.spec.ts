/**
 * A long history in the browser: it opens at what is unread, loads in both directions without losing its place, goes to a day and to what
 * a search finds; messages are chosen and copied; emoji are picked by keys.
 */
import type { Page } from '@playwright/test';
import { seedHistory } from '../../bench/history/seeding.ts';
import { en } from '../../client/ui/text/en.ts';
import { expect, test } from './fixtures.ts';
import type { Person } from './pages/person.page.ts';

test.use({ serviceWorkers: 'allow' });

const EVERY_MS = 10 * 60_000;
/** In the first of three conversations. */
const LINES = 2_000;
const UNREAD = 90;

/** Fills a person's browser and opens the first of its long conversations. */
async function openLong(
  who: Person,
  watch: (page: Page) => Promise<void>,
): Promise<{ page: Page; until: number }> {
  const context = who.page.context();
  await who.page.close();
  const until = Date.now();
  const [first = ''] = await seedHistory(context, who.origin, {
    conversations: 3,
    messages: LINES + 200,
    first: LINES - 100,
    unread: UNREAD,
    everyMs: EVERY_MS,
    until,
  });
  const page = await context.newPage();
  await watch(page);
  await page.goto(first);
  await expect(page.getByRole('log')).toBeVisible();
  return { page, until };
}

/** Scrolls in steps and gives by how much the line in sight was ever off, and the number of lines at hand at most. */
async function scrollSteps(page: Page, by: number, steps: number): Promise<{ off: number; lines: number }> {
  return page.getByRole('log').evaluate(
    async (log, { by: delta, steps: count }) => {
      const frames = async (n: number): Promise<void> => {
        for (let i = 0; i < n; i += 1) await new Promise((resolve) => requestAnimationFrame(resolve));
      };
      let [off, most] = [0, 0];
      for (let i = 0; i < count; i += 1) {
        const all = [...log.querySelectorAll('[data-message]')];
        most = Math.max(most, all.length);
        const middle = log.getBoundingClientRect().top + log.clientHeight / 2;
        const seen = all.find((one) => one.getBoundingClientRect().bottom > middle);
        const before = seen?.getBoundingClientRect().top ?? 0;
        const from = log.scrollTop;
        log.scrollTop += delta;
        const moved = log.scrollTop - from;
        await frames(3);
        if (seen?.isConnected === true)
          off = Math.max(off, Math.abs(before - moved - seen.getBoundingClientRect().top));
      }
      return { off, lines: most };
    },
    { by, steps },
  );
}

test('a long conversation opens at what is unread, loads both ways, keeps its place and jumps to the latest and to a day', async ({
  bob,
  watch,
}) => {
  const { page, until } = await openLong(bob, watch);
  const log = page.getByRole('log');
  await expect(log.getByText(en.conversation.unreadLine)).toBeInViewport();
  const pill = page.getByRole('button', { name: /new messages?$/ });
  await expect(pill).toBeVisible();
  await pill.click();
  const last = log.getByRole('article').filter({ hasText: `n${LINES - 1}` });
  await expect(last).toBeInViewport();
  await expect(pill).toBeHidden();

  const up = await scrollSteps(page, -300, 100);
  expect(up.off, 'the line in sight stays where it is').toBeLessThan(3);
  expect(up.lines, 'few lines are at hand').toBeLessThanOrEqual(200);
  await expect(last).toHaveCount(0);
  const down = await scrollSteps(page, 240, 20);
  expect(down.off).toBeLessThan(3);
  await page.getByRole('button', { name: en.conversation.jump }).click();
  await expect(last).toBeInViewport();

  const day = new Date(until - 7 * 86_400_000);
  const start = new Date(day.getFullYear(), day.getMonth(), day.getDate()).getTime();
  const n = Math.ceil(LINES - (until - start) / EVERY_MS);
  await page.getByRole('button', { name: en.conversation.menu, exact: true }).click();
  await page.getByRole('menuitem', { name: en.conversation.toDate }).click();
  const two = (part: number): string => String(part).padStart(2, '0');
  await page
    .getByLabel(en.conversation.day)
    .fill(`${day.getFullYear()}-${two(day.getMonth() + 1)}-${two(day.getDate())}`);
  await page.getByRole('button', { name: en.conversation.showDay, exact: true }).click();
  const wanted = log.getByRole('article').filter({ hasText: `n${n}` });
  await expect(wanted.first()).toBeInViewport();
});

test('a search finds in all conversations, by keys, shows the place, and says when there is nothing', async ({
  bob,
  watch,
}) => {
  const { page } = await openLong(bob, watch);
  const field = page.getByRole('searchbox', { name: en.search.label });
  await field.fill('n1234');
  const find = page.getByRole('link', { name: /n1234/ });
  await expect(find).toHaveCount(1);
  await expect(find.locator('mark')).toHaveText('n1234');
  await field.press('ArrowDown');
  await expect(find).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('log').getByRole('article').filter({ hasText: 'n1234' })).toBeInViewport();

  await field.fill('Contact 2');
  await expect(page.getByRole('heading', { name: en.search.names })).toBeVisible();
  await field.fill('zzzz');
  await expect(page.getByText(en.search.none.replace('{typed}', 'zzzz'))).toBeVisible();
  await field.press('Escape');
  await expect(field).toHaveValue('');
  await expect(page.getByRole('navigation').getByRole('link').filter({ hasText: 'Contact 3' })).toBeVisible();

  // In the other conversation from here: the search leads there.
  await page.getByRole('button', { name: en.conversation.menu, exact: true }).click();
  await page.getByRole('menuitem', { name: en.conversation.searchHere }).click();
  const within = page.getByRole('searchbox', { name: en.search.labelWithin.replace('{name}', 'Contact 1') });
  await expect(within).toBeFocused();
  await within.fill('lantern');
  await expect(
    page
      .getByRole('link')
      .filter({ has: page.locator('mark') })
      .first(),
  ).toBeVisible();
});

test('what was just written is found at once, and messages are chosen and copied with names and times', async ({
  bob,
}) => {
  await bob.send('The side door opens at six');
  await bob.send('Bring the red umbrella');
  const { page } = bob;
  const field = page.getByRole('searchbox', { name: en.search.label });
  await field.fill('umbr red');
  await expect(
    page.getByRole('link', { name: /red umbrella/ }).filter({ has: page.locator('mark') }),
  ).toHaveCount(1);
  await field.press('Escape');

  await page.getByRole('button', { name: en.conversation.menu, exact: true }).click();
  await page.getByRole('menuitem', { name: en.select.title }).click();
  await page.getByRole('checkbox', { name: /side door/ }).check();
  await page.getByRole('article').filter({ hasText: 'red umbrella' }).click();
  await expect(page.getByRole('checkbox', { name: /red umbrella/ })).toBeChecked();
  await page
    .getByRole('group', { name: en.select.title })
    .getByRole('button', { name: en.common.copy })
    .click();
  await expect
    .poll(() => page.evaluate(() => navigator.clipboard.readText()))
    .toMatch(/^\[[^\]]+\] Bob: The side door opens at six\n\[[^\]]+\] Bob: Bring the red umbrella$/);
  await page.keyboard.press('Escape');
  await expect(page.getByRole('checkbox')).toHaveCount(0);
  await expect(bob.composer).toBeVisible();
});

test('the details of a message tell which devices of the other person have it', async ({ ada, bob }) => {
  await ada.open('Bob');
  await bob.send('Is it with you');
  await ada.expectOnce('Is it with you');
  await bob.expectDelivery('Is it with you', 'delivered');
  const { page } = bob;
  await page.getByRole('button', { name: en.conversation.menu, exact: true }).click();
  await page.getByRole('menuitem', { name: en.select.title }).click();
  await page.getByRole('checkbox', { name: /Is it with you/ }).check();
  await page.getByRole('button', { name: en.details.open, exact: true }).click();
  const dialog = page.getByRole('dialog', { name: en.details.title });
  await expect(dialog.getByRole('listitem')).toHaveCount(1);
  await expect(dialog.getByRole('listitem')).toContainText(/Delivered|Read/);
});

test('emoji are found and put into the message by keys alone, and those used lately come first', async ({
  bob,
}) => {
  const { page } = bob;
  await bob.composer.fill('Off we go ');
  const open = page.getByRole('button', { name: en.emoji.open });
  await open.focus();
  await page.keyboard.press('Enter');
  const search = page.getByRole('combobox', { name: en.emoji.search });
  await expect(search).toBeFocused();
  await page.keyboard.type('rocket');
  await expect(page.getByRole('option', { name: 'rocket', exact: true })).toHaveAttribute(
    'aria-selected',
    'true',
  );
  await page.keyboard.press('Enter');
  await expect(bob.composer).toHaveValue('Off we go 🚀');
  await expect(bob.composer).toBeFocused();

  await open.focus();
  await page.keyboard.press('Enter');
  const lately = page.getByRole('group', { name: en.emoji.recent }).getByRole('option');
  await expect(lately).toHaveAccessibleName('rocket');
  await page.keyboard.press('ArrowDown');
  await expect(lately).toHaveAttribute('aria-selected', 'true');
  await page.keyboard.press('ArrowDown');
  await expect(lately).toHaveAttribute('aria-selected', 'false');
  await page.keyboard.press('Escape');
  await expect(search).toBeHidden();
  await expect(open).toBeFocused();
});

test('an Enter that comes before the emoji do takes the first one found once they are there', async ({
  bob,
}) => {
  const { page } = bob;
  const arrived = Promise.withResolvers<void>();
  const asked = page.waitForRequest('**/emoji-data-*.js');
  await page.route('**/emoji-data-*.js', async (route) => {
    await arrived.promise;
    await route.continue();
  });
  await page.getByRole('button', { name: en.emoji.open }).click();
  const search = page.getByRole('combobox', { name: en.emoji.search });
  await expect(search).toBeFocused();
  await asked;
  // Whoever goes on typing means something else.
  await page.keyboard.type('roc');
  await page.keyboard.press('Enter');
  await page.keyboard.type('ket');
  await expect(search).toHaveValue('rocket');
  await page.keyboard.press('Enter');
  await expect(search).toBeVisible();
  arrived.resolve();
  await expect(bob.composer).toHaveValue('🚀');
  await expect(search).toBeHidden();
});

test('whoever stands on a row of a long list stays on it when what arrives moves it', async ({
  ada,
  bob,
  watch,
}) => {
  const context = bob.page.context();
  await bob.page.close();
  // One conversation a second: hers stands below the first twenty, and what she writes in a few seconds comes among them.
  const until = Date.now() + 21_000;
  const plan = { conversations: 45, messages: 90, first: 2, unread: 0, everyMs: 1, until };
  await seedHistory(context, bob.origin, plan);
  const page = await context.newPage();
  await watch(page);
  await page.goto(bob.origin);
  const rows = page.getByRole('navigation').getByRole('listitem');
  await expect(rows).toHaveCount(46);
  // The last of those that stand in one stretch: the next that comes above it brings it into another.
  const row = rows.nth(19).getByRole('link');
  const address = (await row.getAttribute('href')) ?? '';
  await row.focus();
  await ada.open('Bob');
  await ada.send('from below');
  await expect(rows.filter({ hasText: 'from below' })).toBeVisible();
  await expect(rows.nth(20).getByRole('link')).toHaveAttribute('href', address);
  await expect(rows.nth(20).getByRole('link')).toBeFocused();
});
