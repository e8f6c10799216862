/** Reach: everything by keyboard alone, focus where it is expected, back as browsers do it, one tab at a time, and what the policy stops. */
import type { Locator, Page } from '@playwright/test';
import { en } from '../../client/ui/text/en.ts';
import { expect, stoppedInWorkers, test, testAlone, testEmpty, testThree } from './fixtures.ts';
import { Person } from './pages/person.page.ts';

/** Presses Tab until the focus is there; a person would give up later than this. */
async function tabTo(target: Locator, key: 'Tab' | 'Shift+Tab' = 'Tab'): Promise<void> {
  for (let presses = 0; presses < 25; presses += 1) {
    if (await target.evaluate((element) => element === document.activeElement)) return;
    await target.page().keyboard.press(key);
  }
  throw new Error('the keyboard does not get there');
}

testAlone('from the invite to a sent message without a pointer', async ({ ada, host, newBrowser }) => {
  const link = await ada.makeInvite();
  const page = await newBrowser();
  const bob = new Person(page, host.origin, { name: 'Bob', username: 'bob' });
  await page.goto(link);
  await expect(page.getByRole('heading', { name: 'ada invites you' })).toBeFocused();
  await tabTo(bob.button(en.welcome.create));
  await page.keyboard.press('Enter');
  await tabTo(page.getByLabel(en.signUp.name, { exact: true }));
  await page.keyboard.type('Bob');
  await page.keyboard.press('Tab');
  await expect(page.getByLabel(en.signUp.username, { exact: true })).toHaveValue('bob');
  await page.keyboard.press('Enter');
  await bob.readWords();
  await tabTo(page.getByLabel(en.signUp.passphrase, { exact: true }));
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { name: en.signUp.confirmTitle })).toBeFocused();
  await page.keyboard.press('Tab');
  await bob.confirmWord();
  await page.keyboard.press('Enter');
  await expect(bob.composer).toBeFocused({ timeout: 90_000 });
  await page.keyboard.type('by hand');
  await page.keyboard.press('Shift+Enter');
  await page.keyboard.type('of keys');
  await page.keyboard.press('Enter');
  await bob.expectOnce('by hand');
  await expect(bob.message('by hand').getByRole('paragraph').first()).toHaveText('by hand\nof keys');

  await tabTo(bob.timeline, 'Shift+Tab');
  await page.keyboard.press('ArrowUp');
  await expect(bob.message('by hand')).toBeFocused();
});

testAlone('a dialog keeps the focus, closes by Esc and gives the focus back', async ({ ada }) => {
  const opener = ada.button(en.list.invite).first();
  await opener.focus();
  await ada.page.keyboard.press('Enter');
  const dialog = ada.page.getByRole('dialog', { name: en.newInvite.title });
  await expect(dialog.getByRole('button', { name: en.newInvite.copy })).toBeVisible();
  for (let presses = 0; presses < 8; presses += 1) {
    await ada.page.keyboard.press('Tab');
    const outside = await ada.page.evaluate(
      () => document.activeElement !== document.body && document.activeElement?.closest('dialog') === null,
    );
    expect(outside).toBe(false);
  }
  await ada.page.keyboard.press('Escape');
  await expect(dialog).toBeHidden();
  await expect(opener).toBeFocused();
});

testAlone('an invite link is copied whole', async ({ ada }) => {
  await ada.button(en.list.invite).first().click();
  const dialog = ada.page.getByRole('dialog', { name: en.newInvite.title });
  await dialog.getByRole('button', { name: en.newInvite.copy }).click();
  await expect(dialog.getByRole('button', { name: en.common.copied })).toBeVisible();
  const shown = await dialog.getByRole('textbox', { name: en.newInvite.link }).inputValue();
  expect(await ada.page.evaluate(() => navigator.clipboard.readText())).toBe(shown);
  expect(shown).toMatch(/\/i\/[\w-]{22}#[\w.-]+$/);
});

test('on a phone one pane shows at a time and the back button goes between them', async ({ bob, ada }) => {
  await bob.send('for the small screen');
  await ada.page.setViewportSize({ width: 360, height: 740 });
  const list = ada.page.getByRole('navigation', { name: en.list.label });
  await expect(ada.item('Bob')).toBeVisible();
  await ada.open('Bob');
  await expect(list).toBeHidden();
  await ada.page.goBack();
  await expect(list).toBeVisible();
  await expect(ada.timeline).toBeHidden();
  await ada.page.goForward();
  await ada.expectOnce('for the small screen');
  await ada.button(en.common.back).click();
  await expect(list).toBeVisible();
});

test('every place has an address that a reload returns to', async ({ bob }) => {
  await bob.send('still here after a reload');
  await bob.expectDelivery('still here after a reload', 'sent');
  await bob.page.reload();
  await bob.expectOnce('still here after a reload');
  await bob.page.goto(`${bob.origin}/settings`);
  await expect(bob.page.getByRole('heading', { name: en.settings.title })).toBeVisible();
  await bob.page.goto(`${bob.origin}/no-such-place`);
  await expect(bob.page.getByRole('heading', { name: en.notFound.title })).toBeVisible();
});

test('a draft outlives a reload and shows in the list', async ({ bob }) => {
  await bob.send('before');
  await bob.composer.fill('half a thought');
  await expect(bob.item('ada')).toContainText('half a thought');
  await bob.page.reload();
  await expect(bob.composer).toHaveValue('half a thought');
});

test('a name typed after Ctrl+K leads to the conversation, and ? lists the keys', async ({ ada, bob }) => {
  await bob.send('find me');
  await expect(ada.item('Bob')).toBeVisible();
  await ada.page.keyboard.press('Control+k');
  await ada.page.keyboard.type('bo');
  await expect(ada.page.getByRole('option', { name: 'Bob' })).toHaveAttribute('aria-selected', 'true');
  await ada.page.keyboard.press('Enter');
  await ada.expectOnce('find me');
  await ada.timeline.focus();
  await ada.page.keyboard.press('?');
  await expect(ada.page.getByRole('dialog', { name: en.keys.title })).toBeVisible();
  await ada.page.keyboard.press('Escape');
  await expect(ada.page.getByRole('dialog')).toHaveCount(0);
});

/** What waits for the next frame waits for three seconds: whatever is drawn anew meanwhile comes in between. */
async function putOffFrames(page: Page): Promise<void> {
  await page.evaluate(() => {
    const later = window.setTimeout.bind(window);
    window.requestAnimationFrame = (call) => later(() => call(performance.now()), 3_000);
    const sooner = (call: () => void, delayMs?: number) => {
      if (delayMs === 35) Object.assign(window, { putOff: true });
      return later(call, delayMs === 35 ? 3_000 : delayMs);
    };
    Object.assign(window, { setTimeout: sooner });
  });
}

for (const { what, field, open } of [
  {
    what: 'Jump to',
    field: (page: Page) => page.getByRole('combobox', { name: en.jump.label }),
    open: (page: Page) => page.keyboard.press('Control+k'),
  },
  {
    what: 'New chat',
    field: (page: Page) => page.getByRole('textbox', { name: en.newChat.label }),
    open: (page: Page) => page.getByRole('button', { name: en.list.newChat }).first().click(),
  },
]) {
  test(`the field of “${what}” has the focus as soon as it is there, and keeps it though a message comes`, async ({
    ada,
    bob,
  }) => {
    const { page } = ada;
    await expect(ada.item('Bob')).toBeVisible();
    await putOffFrames(page);
    // The first time it is the dialog's code that is put off, which an effect fetches.
    await open(page);
    await expect(field(page)).toBeFocused();
    expect(await page.evaluate(() => 'putOff' in window), 'effects wait for a frame in this way').toBe(true);
    await page.keyboard.press('Escape');
    // Not by its role: it has none while the dialog is closed.
    await expect(page.locator('dialog')).toHaveCount(0);
    await open(page);
    await expect(page.locator('dialog')).toHaveCount(1);
    const isFocused = await field(page).evaluate((element) => element === document.activeElement);
    expect(isFocused, 'as soon as the dialog is there').toBe(true);
    await bob.send('in between');
    await expect(ada.item('Bob')).toContainText('in between');
    await expect(field(page)).toBeFocused();
    await page.keyboard.type('bo');
    await expect(field(page)).toHaveValue('bo');
  });
}

testAlone('the list is made wider by keys and stays so', async ({ ada }) => {
  const divider = ada.page.getByRole('separator', { name: en.list.resize });
  await divider.focus();
  for (let presses = 0; presses < 5; presses += 1) await ada.page.keyboard.press('ArrowRight');
  await expect(divider).toHaveAttribute('aria-valuenow', '360');
  await ada.page.reload();
  await ada.expectHome();
  await expect(divider).toHaveAttribute('aria-valuenow', '360');
  const list = ada.page.getByRole('navigation', { name: en.list.label });
  await expect.poll(async () => (await list.boundingBox())?.width).toBe(360);
});

testAlone('the appearance that was chosen is there again after a reload', async ({ ada }) => {
  const ground = () => ada.page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
  const light = await ground();
  await ada.page.goto(`${ada.origin}/settings`);
  await ada.page.getByRole('radio', { name: en.settings.themes.dark }).check();
  const dark = await ground();
  expect(dark).not.toBe(light);
  await ada.page.reload();
  await expect(ada.page.getByRole('radio', { name: en.settings.themes.dark })).toBeChecked();
  expect(await ground()).toBe(dark);
});

test('a new name reaches the other side', async ({ ada, bob }) => {
  await bob.send('hello');
  await ada.open('Bob');
  await ada.page.goto(`${ada.origin}/settings`);
  await ada.page.getByRole('textbox', { name: en.settings.name, exact: true }).fill('Countess of Lovelace');
  await ada.button(en.common.save).click();
  await expect(ada.button(en.common.save)).toBeHidden();
  await expect(bob.item('Countess of Lovelace')).toBeVisible();
});

testThree(
  'an invite link opened by somebody who is signed in asks before it is used',
  async ({ bob, carol }) => {
    const link = await bob.makeInvite();
    await carol.page.goto(link);
    const dialog = carol.page.getByRole('dialog', { name: 'bob invites you to talk' });
    await dialog.getByRole('button', { name: en.invite.follow }).click();
    await carol.send('I have your link');
    await expect(bob.item('Carol')).toBeVisible();
    await bob.item('Carol').click();
    await bob.expectOnce('I have your link');
  },
);

testAlone('an invite that was used is refused with what to do', async ({ ada, host, newBrowser }) => {
  const link = await ada.makeInvite();
  const first = new Person(await newBrowser(), host.origin, { name: 'Bob', username: 'bob' });
  await first.signUp(link);
  const second = await newBrowser();
  await second.goto(link);
  await expect(second.getByRole('heading', { name: en.invite.problemTitle })).toBeVisible();
  await expect(second.getByText(en.failures['invite-invalid'])).toBeVisible();
});

testAlone(
  'a username that is taken leads back to the first step with everything kept',
  async ({ ada, host, newBrowser }) => {
    const page = await newBrowser();
    const other = new Person(page, host.origin, { name: 'Another Ada', username: 'ada' });
    await page.goto(await ada.makeInvite());
    await other.fillSignUp();
    await expect(page.getByText(en.failures['username-taken'])).toBeVisible({ timeout: 60_000 });
    await expect(page.getByLabel(en.signUp.name, { exact: true })).toHaveValue('Another Ada');
    await page.getByLabel(en.signUp.username, { exact: true }).fill('ada2');
    await other.button(en.common.continue).click();
    await other.button(en.common.continue).click();
    await other.confirmWord();
    await other.button(en.signUp.create).click();
    await other.expectHome();
  },
);

test('typing shows on the other side and goes away', async ({ ada, bob }) => {
  await bob.send('hello');
  await ada.open('Bob');
  await ada.send('hello back');
  await bob.expectOnce('hello back');
  await bob.composer.pressSequentially('thinking');
  await expect(ada.item('Bob')).toContainText(en.list.typing);
  await bob.composer.fill('');
  await expect(ada.item('Bob')).not.toContainText(en.list.typing);
});

test('unread messages count in the list and in the title until they are seen', async ({ ada, bob }) => {
  await bob.send('one');
  await bob.send('two');
  await expect(ada.page).toHaveTitle(/^\(2\)/);
  await expect(ada.item('Bob')).toContainText('2 unread messages');
  await ada.open('Bob');
  await expect(ada.page).not.toHaveTitle(/^\(/);
  await bob.expectDelivery('two', 'read');
});

test('what a message says is never markup, and a link in it is only a link', async ({ ada, bob }) => {
  const nasty = '<img src=x onerror="document.title=1"> https://example.org/a?b=1 javascript:alert(1)';
  await bob.send(nasty);
  await ada.open('Bob');
  await ada.expectOnce('<img src=x');
  const paragraph = ada.message('<img').getByRole('paragraph').first();
  await expect(paragraph).toHaveText(nasty);
  expect(await paragraph.locator('img').count()).toBe(0);
  const link = paragraph.getByRole('link');
  await expect(link).toHaveAttribute('href', 'https://example.org/a?b=1');
  await expect(link).toHaveAttribute('rel', 'noopener noreferrer');
});

testEmpty(
  'scripts, workers and markup that are not the client’s own are stopped',
  async ({ browser, host }) => {
    const context = await browser.newContext();
    const page = await context.newPage();
    await page.goto(host.origin);
    await expect(page.getByRole('heading', { name: en.welcome.title })).toBeVisible();
    const refused = await page.evaluate(() => {
      const tries = [
        () => {
          document.createElement('script').text = 'document.title = "owned"';
        },
        () => new Worker('/assets/another.js'),
        () => {
          document.body.innerHTML = '<b>owned</b>';
        },
      ];
      return tries.map((run) => {
        try {
          run();
          return 'allowed';
        } catch (error) {
          return error instanceof TypeError ? 'refused' : 'failed';
        }
      });
    });
    expect(refused).toEqual(['refused', 'refused', 'refused']);
    await context.close();
  },
);

test('core’s worker violates no policy from its start to a sent message, and what it would violate is seen', async ({
  bob,
}) => {
  await bob.send('all within the policy');
  await bob.expectDelivery('all within the policy', 'delivered');
  expect(await stoppedInWorkers(bob.page)).toEqual([]);
  const page = await bob.page.context().newPage();
  await page.goto(bob.origin);
  await expect(page.getByRole('navigation', { name: en.list.label })).toBeVisible();
  const [worker] = page.workers();
  const reached = await worker?.evaluate(() =>
    fetch('https://example.org/').then(
      () => 'reached',
      () => 'stopped',
    ),
  );
  expect(reached).toBe('stopped');
  expect(await stoppedInWorkers(page)).toEqual(['connect-src']);
  await page.close();
});
