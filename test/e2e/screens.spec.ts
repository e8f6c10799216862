/**
 * Every screen in every state, by its scene: axe finds nothing in either theme, nothing is cut off or scrolls sideways on a small phone,
 * and what is touched is large enough for a finger. Scenes that show no part that others do not are looked at in the soak.
 */
import type { Browser, Page } from '@playwright/test';
import { expect, test } from '@playwright/test';
import { en } from '../../client/ui/text/en.ts';
import { REPEATS } from '../shots/repeats.ts';
import { SCENES } from '../shots/scenes.ts';
import { openScenes, playScene, type SceneServer } from '../support/scene-server.ts';
import { ALL_RULES, COLOUR_RULES, expectClean, openAxe } from './axe.ts';
import { partsOf } from './parts.ts';

const isSoak = process.env['TACET_SOAK'] === '1';
/** Those that are enough to see every part in every state. */
const TELLING = Object.keys(SCENES).filter((name) => !REPEATS.includes(name));

const PHONE = { width: 360, height: 740 };
const DESK = { width: 1280, height: 800 };

let scenes: SceneServer;

/** A small phone, if there is one already, and how many scenes it has shown. After a failure Playwright begins a new process, without one. */
let phone: Page | undefined;
let shown = 0;
/**
 * Scenes that one page shows. A page of its own for each would cost half of the time; but each leaves some scripts of the stopped clock
 * behind, which every later one runs again.
 */
const SCENES_A_PAGE = 12;

test.beforeAll(async () => {
  scenes = await openScenes();
});
test.afterAll(async () => {
  await phone?.context().close();
  await scenes.close();
});

async function takePhone(browser: Browser): Promise<Page> {
  if (shown % SCENES_A_PAGE === 0) {
    await phone?.context().close();
    const context = await browser.newContext({
      viewport: PHONE,
      reducedMotion: 'reduce',
      hasTouch: true,
      isMobile: true,
    });
    phone = await context.newPage();
  }
  shown += 1;
  if (phone === undefined) throw new Error('there is no phone');
  await phone.setViewportSize(PHONE);
  await phone.emulateMedia({ colorScheme: 'dark' });
  return phone;
}

/** The next scene finds nothing of this one. */
async function clear(page: Page): Promise<void> {
  await page.evaluate(() => {
    localStorage.clear();
    sessionStorage.clear();
  });
  await page.unrouteAll();
  await page.context().setOffline(false);
  await page.emulateMedia({ media: null });
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

for (const name of isSoak ? Object.keys(SCENES) : TELLING) {
  test(`${name} is clean in both themes, fits a small phone and can be touched`, async ({ browser }) => {
    const page = await takePhone(browser);
    await playScene(page, scenes.origin, name);
    const checker = await openAxe(page);
    // Paper has no landmarks and nothing to press: what counts is that it can be read.
    await expectClean(page, checker, SCENES[name]?.print === true ? COLOUR_RULES : ALL_RULES);
    const width = await page.evaluate(() => document.documentElement.scrollWidth);
    expect(width, 'nothing scrolls sideways').toBe(PHONE.width);
    expect(await page.evaluate(smallTargets), 'every target is large enough').toEqual([]);
    await page.setViewportSize(DESK);
    await page.emulateMedia({ colorScheme: 'light' });
    await expectClean(page, checker, COLOUR_RULES);
    await clear(page);
  });
}

test('what is left to the soak are scenes, and in the soak none of them shows a part that no other does', async ({
  browser,
}) => {
  expect(REPEATS.filter((name) => SCENES[name] === undefined)).toEqual([]);
  if (!isSoak) return;
  test.setTimeout(1_800_000);
  const known = new Set<string>();
  const alone: string[] = [];
  for (const name of [...TELLING, ...REPEATS]) {
    const page = await takePhone(browser);
    await playScene(page, scenes.origin, name);
    const isTelling = TELLING.includes(name);
    // What is still on its way is a state of its own, which depends on the machine.
    const early = isTelling ? await partsOf(page) : [];
    await page.waitForLoadState('networkidle');
    const parts = [...early, ...(await partsOf(page))];
    if (isTelling) for (const part of parts) known.add(part);
    else alone.push(...parts.filter((part) => !known.has(part)).map((part) => `${name}: ${part}`));
    await clear(page);
  }
  expect(alone).toEqual([]);
});

test('nothing moves on an invitation when the name of the inviter comes', async ({ browser }) => {
  for (const viewport of [PHONE, DESK]) {
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
    viewport: DESK,
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
