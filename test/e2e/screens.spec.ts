/**
 * Every screen in every state, by its scene: axe finds nothing in either theme, nothing is cut off or scrolls sideways on a small phone,
 * and what is touched is large enough for a finger.
 */
import type { BrowserContext, JSHandle, Page } from '@playwright/test';
import { expect, test } from '@playwright/test';
import axe from 'axe-core';
import { en } from '../../client/ui/text/en.ts';
import { SCENES } from '../shots/scenes.ts';
import { openScenes, playScene, type SceneServer } from '../support/scene-server.ts';

let scenes: SceneServer;
/** Small phones, in the dark. One for all scenes: a browser of its own for each would cost a third of the time. */
let phones: BrowserContext;

test.beforeAll(async ({ browser }) => {
  scenes = await openScenes();
  phones = await browser.newContext({
    viewport: { width: 360, height: 740 },
    colorScheme: 'dark',
    reducedMotion: 'reduce',
    hasTouch: true,
    isMobile: true,
  });
});
test.afterAll(async () => {
  await phones.close();
  await scenes.close();
});

/** A theme that has just changed is still fading on a busy machine: colours between two themes are nobody's colours. */
async function settle(page: Page): Promise<void> {
  await page.evaluate(async () => {
    const running = document.getAnimations().map(({ finished }) => finished);
    await Promise.allSettled(running);
  });
}

const ALL_RULES: axe.RunOnly = {
  type: 'tag',
  values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
};
/** What a theme can change. */
const COLOUR_RULES: axe.RunOnly = { type: 'rule', values: ['color-contrast', 'link-in-text-block'] };

/** Puts axe into the page. */
function openAxe(page: Page): Promise<JSHandle<typeof axe>> {
  return page.evaluateHandle<typeof axe>(`${axe.source}; axe`);
}

async function expectClean(page: Page, checker: JSHandle<typeof axe>, runOnly: axe.RunOnly): Promise<void> {
  await settle(page);
  const options: axe.RunOptions = { runOnly, resultTypes: ['violations'] };
  const found = await checker.evaluate(async (inPage, given) => {
    const { violations } = await inPage.run(document, given);
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' | ')}`);
  }, options);
  expect(found).toEqual([]);
}

/** Controls that a finger cannot hit: less than 44 px in a direction, unless they stand in a line of text. */
function smallTargets(): readonly string[] {
  const controls = [
    ...document.querySelectorAll<HTMLElement>('button, a[href], input:not([type=radio]), summary'),
  ];
  return controls
    .filter((control) => {
      const box = control.getBoundingClientRect();
      const isHidden = box.width <= 1 || box.height <= 1 || getComputedStyle(control).visibility === 'hidden';
      if (isHidden || control.matches('p a, bdi a')) return false;
      // An input's target is the box that it fills.
      const target =
        control.tagName === 'INPUT' ? (control.parentElement ?? control).getBoundingClientRect() : box;
      return target.width < 43.5 || target.height < 43.5;
    })
    .map((control) => control.outerHTML.slice(0, 120));
}

for (const name of Object.keys(SCENES)) {
  test(`${name} is clean in both themes, fits a small phone and can be touched`, async () => {
    const page = await phones.newPage();
    await playScene(page, scenes.origin, name);
    const checker = await openAxe(page);
    // Paper has no landmarks and nothing to press: what counts is that it can be read.
    await expectClean(page, checker, SCENES[name]?.print === true ? COLOUR_RULES : ALL_RULES);
    const width = await page.evaluate(() => document.documentElement.scrollWidth);
    expect(width, 'nothing scrolls sideways').toBe(360);
    expect(await page.evaluate(smallTargets), 'every target is large enough').toEqual([]);
    await page.setViewportSize({ width: 1280, height: 800 });
    await page.emulateMedia({ colorScheme: 'light' });
    await expectClean(page, checker, COLOUR_RULES);
    // The next scene finds nothing of this one.
    await page.evaluate(() => localStorage.clear());
    await page.close();
    await phones.setOffline(false);
  });
}

test('nothing moves on an invitation when the name of the inviter comes', async ({ browser }) => {
  for (const viewport of [
    { width: 360, height: 740 },
    { width: 1280, height: 800 },
  ]) {
    const tops: (number | undefined)[] = [];
    for (const scene of ['invite-reading', 'invite', 'invite-long', 'invite-first']) {
      const page = await browser.newPage({ viewport });
      await playScene(page, scenes.origin, scene);
      const box = await page.getByRole('button', { name: en.welcome.create, exact: true }).boundingBox();
      tops.push(box?.y);
      await page.close();
    }
    expect(tops).toEqual(tops.map(() => tops[0]));
  }
});

test('people who were not shown at first take the focus from the button that brought them', async ({
  browser,
}) => {
  const page = await browser.newPage();
  await playScene(page, scenes.origin, 'search-people');
  const people = page.getByRole('region', { name: en.search.names }).getByRole('link');
  const more = page.getByRole('button', { name: /^\d+ more (?:person|people)$/ });
  await expect(more).toBeVisible();
  const shown = await people.count();
  await more.focus();
  await page.keyboard.press('Enter');
  await expect(more).toHaveCount(0);
  await expect(people.nth(shown)).toBeFocused();
  await page.close();
});

test('what is said of a search is said of the words that were searched for', async ({ browser }) => {
  const page = await browser.newPage();
  await playScene(page, scenes.origin, 'search-slow');
  const field = page.getByRole('searchbox', { name: en.search.label });
  await field.fill('qqqqe');
  await expect(page.getByText(en.search.none.replace('{typed}', 'qqqq'), { exact: true })).toBeVisible();
  await expect(page.getByText(en.search.none.replace('{typed}', 'qqqqe'), { exact: true })).toHaveCount(0);
  await page.close();
});

test('finds that are shown stay when the rest does not come, and when the search is asked again', async ({
  browser,
}) => {
  const failed = await browser.newPage();
  await playScene(failed, scenes.origin, 'search-rest-failed');
  await expect(failed.getByText(/^The 5 newest messages found/)).toBeVisible();
  const shown = await failed.locator('[data-answers] time').count();
  await failed.close();
  const page = await browser.newPage();
  const finds = page.locator('[data-answers] time');
  await playScene(page, scenes.origin, 'search-indexing');
  await expect(finds).toHaveCount(shown);
  await page.getByRole('button', { name: en.common.cancel }).click();
  await expect(page.getByText(en.search.incomplete)).toHaveCount(0);
  await expect(finds).toHaveCount(shown);
  await page.close();
});

test('what was said of a list that could not be read goes once it is read', async ({ browser }) => {
  const page = await browser.newPage();
  await playScene(page, scenes.origin, 'own-invites-missing');
  await page.getByText(en.list.invite, { exact: true }).click();
  await page.keyboard.press('Escape');
  await expect(page.getByRole('list', { name: en.ownInvites.list })).toBeVisible();
  await expect(page.getByRole('alert')).toHaveCount(0);
  await page.close();
});

test('a camera that is in use elsewhere is not called missing, and can be tried again', async ({
  browser,
}) => {
  const page = await browser.newPage();
  await page.addInitScript(() => {
    const names = ['NotReadableError', 'NotFoundError', 'NotAllowedError'];
    const getUserMedia = (): Promise<never> => Promise.reject(new DOMException('no', names.shift()));
    Object.defineProperty(navigator.mediaDevices, 'getUserMedia', { value: getUserMedia });
  });
  await playScene(page, scenes.origin, 'safety');
  const scan = page.getByRole('button', { name: en.safety.scan });
  await scan.click();
  await expect(page.getByText(en.safety.cameraState.busy)).toBeVisible();
  await expect(page.getByRole('button', { name: en.safety.stopScan })).toHaveCount(0);
  await page.getByRole('button', { name: en.common.retry }).click();
  await expect(page.getByText(en.safety.cameraState.none)).toBeVisible();
  await page.getByRole('button', { name: en.safety.endScan }).click();
  await scan.click();
  await expect(page.getByText(en.safety.cameraState.denied)).toBeVisible();
  await page.close();
});

test('in a language that runs from right to left the layout turns round and nothing sticks out', async ({
  browser,
}) => {
  const context = await browser.newContext({
    viewport: { width: 1280, height: 800 },
    reducedMotion: 'reduce',
  });
  const page = await context.newPage();
  await page.addInitScript(() => {
    addEventListener('DOMContentLoaded', () => document.documentElement.setAttribute('dir', 'rtl'));
  });
  await playScene(page, scenes.origin, 'conversation');
  const list = await page.getByRole('navigation').boundingBox();
  const log = await page.getByRole('log').boundingBox();
  expect(list?.x).toBeGreaterThan(log?.x ?? Infinity);
  const own = await page.getByRole('article').filter({ hasText: 'And the cake' }).boundingBox();
  const theirs = await page.getByRole('article').filter({ hasText: 'I kept you a seat' }).boundingBox();
  expect(own?.x).toBeLessThan(theirs?.x ?? 0);
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(1280);
  await context.close();
});
