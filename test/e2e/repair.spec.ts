/** What is missing shows, is asked for, closes, and says that it came late; what does not open is counted. The server's part is played in its database. */
import { join } from 'node:path';
import type { Locator, Page } from '@playwright/test';
import { openSqlite } from '../../server/store/dialect.ts';
import { en } from '../../client/ui/text/en.ts';
import { expect, test } from './fixtures.ts';
import type { Host } from './host.ts';
import { Person } from './pages/person.page.ts';

/** Runs a statement in the server's database. Gives how many rows it changed. */
function tamper(host: Host, statement: string): number {
  const database = openSqlite(join(host.dataDir, 'tacet.sqlite'));
  const { changes } = database.prepare(statement).run();
  database.close();
  return changes;
}

/** Everything that either has said is read and acknowledged, receipts too. */
async function settle(host: Host): Promise<void> {
  const waiting = (): number => {
    const database = openSqlite(join(host.dataDir, 'tacet.sqlite'));
    const row = database.prepare('select count(*) as count from envelopes').get() as { count: number };
    database.close();
    return row.count;
  };
  await expect.poll(waiting).toBe(0);
}

/** Both have talked, and everything is acknowledged. */
async function makeTalk(ada: Person, bob: Person, host: Host): Promise<void> {
  await ada.open('Bob');
  await bob.send('Shall we begin');
  await ada.expectOnce('Shall we begin');
  await ada.send('Yes');
  await bob.expectOnce('Yes');
  await bob.expectDelivery('Shall we begin', 'read');
  await ada.expectDelivery('Yes', 'read');
  await settle(host);
}

/** Closes somebody's only tab. Gives the way to open the app again. */
async function closeTab(
  who: Person,
  watch: (page: Page) => Promise<void>,
): Promise<(path?: string) => Promise<Person>> {
  const context = who.page.context();
  await who.page.close();
  return async (path = '/') => {
    const page = await context.newPage();
    await watch(page);
    await page.goto(`${who.origin}${path}`);
    return new Person(page, who.origin, who);
  };
}

test('a message that the server loses shows as a gap; it is asked for, comes late and closes the gap', async ({
  ada,
  bob,
  host,
  watch,
}) => {
  await makeTalk(ada, bob, host);
  const openBob = await closeTab(bob, watch);
  await ada.send('Lost on the way');
  await ada.expectDelivery('Lost on the way', 'sent');
  expect(tamper(host, 'delete from envelopes')).toBe(1);
  await ada.send('And the next one');
  await ada.expectDelivery('And the next one', 'sent');
  // Nobody is there to send it again.
  const openAda = await closeTab(ada, watch);

  const back = await openBob();
  await back.open('Ada');
  await back.expectOnce('And the next one');
  const gap = back.timeline.locator('[data-event=gap]');
  await expect(gap).toContainText('1 message is missing here. It was asked for again.');
  await back.page.reload();
  await expect(gap).toHaveCount(1);
  await expect(back.message('Lost on the way')).toHaveCount(0);

  const returned = await openAda();
  await back.expectOnce('Lost on the way');
  await expect(gap).toHaveCount(0);
  await expect(back.message('Lost on the way').locator('[data-late]')).toHaveText(en.message.late);
  await expect(back.message('And the next one').locator('[data-late]')).toHaveCount(0);
  await returned.open('Bob');
  await returned.expectDelivery('Lost on the way', 'delivered');
});

test('a delivery that does not open names nobody: it is counted and told in the settings', async ({
  ada,
  bob,
  host,
  watch,
}) => {
  await makeTalk(ada, bob, host);
  const told = (who: Person): Locator => who.page.getByText('1 delivery could not be opened here.');
  await bob.page.goto(`${host.origin}/settings`);
  await expect(bob.page.getByText(en.settings.storageNote)).toBeVisible();
  await expect(told(bob)).toHaveCount(0);
  const openBob = await closeTab(bob, watch);
  await ada.send('Spoilt on the way');
  await ada.expectDelivery('Spoilt on the way', 'sent');
  expect(tamper(host, 'update envelopes set body = randomblob(length(body))')).toBe(1);
  const back = await openBob('/settings');
  await settle(host);
  await back.page.reload();
  await expect(told(back)).toBeVisible();
});
