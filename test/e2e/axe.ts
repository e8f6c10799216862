/** Looks at a page with axe-core: what a rule of accessibility is broken by. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { JSHandle, Page } from '@playwright/test';
import { expect } from '@playwright/test';
import type axe from 'axe-core';

/** The small build: the package's own `source` is twice as long, and every page compiles it. */
const SOURCE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

export type Checker = JSHandle<typeof axe>;

export const ALL_RULES: axe.RunOnly = {
  type: 'tag',
  values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
};
/** What a theme can change. */
export const COLOUR_RULES: axe.RunOnly = { type: 'rule', values: ['color-contrast', 'link-in-text-block'] };

/** Puts axe into the page. */
export function openAxe(page: Page): Promise<Checker> {
  return page.evaluateHandle<typeof axe>(`${SOURCE}; axe`);
}

/** A theme that has just changed is still fading on a busy machine: colours between two themes are nobody's colours. */
async function settle(page: Page): Promise<void> {
  await page.evaluate(async () => {
    const running = document.getAnimations().map(({ finished }) => finished);
    await Promise.allSettled(running);
  });
}

/** Expects that the page breaks none of the rules. */
export async function expectClean(page: Page, checker: Checker, runOnly: axe.RunOnly): Promise<void> {
  await settle(page);
  const options: axe.RunOptions = { runOnly, resultTypes: ['violations'] };
  const found = await checker.evaluate(async (inPage, given) => {
    const { violations } = await inPage.run(document, given);
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' | ')}`);
  }, options);
  expect(found).toEqual([]);
}
