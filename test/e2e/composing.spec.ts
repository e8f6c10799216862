/**
 * What is being written: words in the field, on their way to the disk, or aside while another reply or edit is open. None of them are
 * ever out of sight and lost.
 */
import type { Locator, Worker } from '@playwright/test';
import { DATABASE_NAME } from '../../client/core/db/migrations.ts';
import { en } from '../../client/ui/text/en.ts';
import { expect, test } from './fixtures.ts';
import type { Person } from './pages/person.page.ts';

function coreWorker({ page }: Person): Worker {
  const worker = page.workers().find((one) => one.url().includes('core.worker'));
  if (worker === undefined) throw new Error('the page has no worker');
  return worker;
}

/** Keeps every write of core waiting, by a transaction of another connection that does not end. Gives what ends it. */
async function holdWrites(who: Person): Promise<() => Promise<void>> {
  const worker = coreWorker(who);
  await worker.evaluate(
    (name) =>
      new Promise<void>((resolve, reject) => {
        const opening = indexedDB.open(name);
        opening.addEventListener('error', () => reject(new Error('not opened')));
        opening.addEventListener('success', () => {
          const database = opening.result;
          const store = database.transaction('conversations', 'readwrite').objectStore('conversations');
          const stay = (): void => {
            if ('writesGoOn' in globalThis) database.close();
            else store.count().addEventListener('success', stay);
          };
          store.count().addEventListener('success', () => {
            resolve();
            stay();
          });
        });
      }),
    DATABASE_NAME,
  );
  return () => worker.evaluate(() => void Object.assign(globalThis, { writesGoOn: true }));
}

/** The next message is one too many: from then on nothing can be written, the disk is full. */
async function fillDisk(who: Person): Promise<void> {
  await coreWorker(who).evaluate(() => {
    const put = Reflect.get(IDBObjectStore.prototype, 'put') as IDBObjectStore['put'];
    let isFull = false;
    IDBObjectStore.prototype.put = function putWhileThereIsRoom(this: IDBObjectStore, value, key) {
      isFull ||= this.name === 'messages';
      if (isFull) throw new DOMException('no space', 'QuotaExceededError');
      return put.call(this, value, key);
    };
  });
}

async function act(who: Person, words: string, action: string): Promise<void> {
  await who.message(words).locator('p').first().click({ button: 'right' });
  const menu = who.page.getByRole('menu', { name: en.message.actions });
  await menu.getByRole('menuitem', { name: action, exact: true }).click();
  await expect(menu).toBeHidden();
}

async function leaveAndReturn(who: Person, name: string): Promise<void> {
  await who.page.getByRole('link', { name: en.list.settings }).click();
  await expect(who.composer).toHaveCount(0);
  await who.item(name).click();
  await expect(who.composer).toBeVisible();
}

/** What stands above the field. */
function bar({ page }: Person, kind: 'reply' | 'edit'): Locator {
  return page.locator(`[data-composing=${kind}]`);
}

test('what is sent stays in sight until it is stored, and is then there once', async ({ ada, bob }) => {
  await bob.send('before');
  // What still had to be written of it would stand before the words that are tried here.
  await expect(bob.message('before')).toHaveAttribute('data-delivery', 'delivered');
  const goOn = await holdWrites(bob);
  for (const text of ['the first on its way', 'the second']) await bob.send(text);
  const onTheirWay = bob.timeline.locator('[data-unstored]');
  await expect(onTheirWay).toHaveCount(2);
  await expect(onTheirWay.first()).toContainText('the first on its way');
  await expect(onTheirWay.first()).toContainText(en.conversation.unstored);
  await expect(bob.message('the first on its way')).toHaveCount(0);
  // Another conversation, or none, and back: they wait where they belong.
  await bob.composer.fill('begun meanwhile');
  await leaveAndReturn(bob, 'Ada');
  await expect(onTheirWay).toHaveCount(2);
  await goOn();
  await bob.expectOnce('the first on its way');
  await bob.expectOnce('the second');
  await expect(onTheirWay).toHaveCount(0);
  await expect(bob.composer).toHaveValue('begun meanwhile');
  await ada.open('Bob');
  for (const text of ['before', 'the first on its way', 'the second']) await ada.expectOnce(text);
});

test('what was typed a moment before one looked elsewhere is in the field when one comes back, and can be sent', async ({
  ada,
  bob,
}) => {
  await bob.send('before');
  // What still had to be written of it would stand before the words that are tried here.
  await expect(bob.message('before')).toHaveAttribute('data-delivery', 'delivered');
  const goOn = await holdWrites(bob);
  await bob.composer.fill('typed a moment ago');
  await leaveAndReturn(bob, 'Ada');
  await expect(bob.composer).toBeFocused();
  await expect(bob.composer).toHaveValue('typed a moment ago');
  await goOn();
  await expect(bob.item('Ada')).toContainText('typed a moment ago');
  await bob.composer.press('Enter');
  await bob.expectOnce('typed a moment ago');
  await ada.open('Bob');
  await ada.expectOnce('typed a moment ago');
});

test('on a full disk the words that were on their way are shown, and those that were kept come back', async ({
  bob,
}) => {
  await bob.send('before');
  await bob.expectOnce('before');
  await bob.composer.fill('what was kept');
  await expect(bob.item('Ada')).toContainText('what was kept');
  await fillDisk(bob);
  await bob.composer.fill('what was kept, and what was not');
  await bob.composer.press('Enter');
  await expect(bob.page.getByRole('heading', { name: en.broken.title })).toBeVisible();
  const words = bob.page.getByRole('group', { name: en.broken.unkept });
  await expect(words).toHaveCount(1);
  await expect(words).toContainText('what was kept, and what was not');
  await words.getByRole('button', { name: en.common.copy }).click();
  await bob.button(en.common.reload).click();
  await bob.expectOnce('before');
  // All of it where the person took long enough to send it.
  await expect(bob.composer).toHaveValue(/^what was kept/);
  await expect(bob.message('what was kept')).toHaveCount(0);
});

test('a reply and an edit put each other aside, and neither loses its words', async ({ ada, bob }) => {
  await bob.send('Shall we say fivv?');
  await ada.open('Bob');
  await ada.expectOnce('Shall we say fivv?');
  await ada.send('Or six');
  await bob.expectOnce('Or six');

  await bob.composer.fill('a draft');
  await act(bob, 'Shall we say fivv?', en.message.edit);
  await bob.composer.fill('Shall we say five?');
  await act(bob, 'Or six', en.message.reply);
  await expect(bar(bob, 'reply')).toContainText('Or six');
  await expect(bar(bob, 'reply')).toContainText(en.message.aside.edit);
  await expect(bob.composer).toHaveValue('a draft');
  await bob.composer.fill('Six is fine');
  await bob.composer.press('Enter');
  await expect(bar(bob, 'edit')).toBeVisible();
  await expect(bob.composer).toHaveValue('Shall we say five?');
  await expect(ada.message('Six is fine')).toContainText('Or six');

  // The other way round, and away and back in between.
  await act(bob, 'Six is fine', en.message.edit);
  await bob.composer.fill('Six is finer');
  await leaveAndReturn(bob, 'Ada');
  await expect(bar(bob, 'edit')).toContainText('Six is fine');
  await expect(bob.composer).toHaveValue('Six is finer');
  await bob.composer.press('Enter');
  await bob.expectOnce('Six is finer');
  await expect(bob.composer).toHaveValue('Shall we say five?');
  await bob.composer.press('Enter');
  await bob.expectOnce('Shall we say five?');
  await ada.expectOnce('Shall we say five?');
  await expect(bob.page.locator('[data-composing]')).toHaveCount(0);
  await expect(bob.composer).toHaveValue('');
});

test('the words of a message that is deleted while it is answered go from above the field', async ({
  ada,
  bob,
}) => {
  await ada.open('Bob');
  await ada.send('Not for your eyes');
  await bob.expectOnce('Not for your eyes');
  await act(bob, 'Not for your eyes', en.message.reply);
  await bob.composer.fill('What was that?');
  await expect(bar(bob, 'reply')).toContainText('Not for your eyes');
  await act(ada, 'Not for your eyes', en.message.edit);
  await ada.composer.fill('Not for anybody');
  // In another tab of hers.
  const second = await ada.page.context().newPage();
  await second.goto(ada.page.url());
  await second.getByRole('article').filter({ hasText: 'Not for your eyes' }).click({ button: 'right' });
  await second.getByRole('menuitem', { name: en.message.delete, exact: true }).click();
  await second.getByRole('button', { name: en.message.deleteForEveryone }).click();

  await expect(bar(bob, 'reply')).toContainText(en.message.quoteGone);
});
