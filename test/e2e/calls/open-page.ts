/** Pages with two people's windows (`page.ts`), for the tests of one file. */
import { join } from 'node:path';
import { test, type Page } from '@playwright/test';
import { openBuiltPage } from '../../support/built-page.ts';
import type { ServedFiles } from '../../support/serve-files.ts';

/** Builds the page before the tests of the file that calls this; the returned function opens it. */
export function callPages(): (page: Page) => Promise<void> {
  let site: ServedFiles;
  test.beforeAll(async () => {
    site = await openBuiltPage(join(import.meta.dirname, 'page.ts'));
  });
  test.afterAll(() => site.close());
  return async (page) => {
    await page.goto(site.url);
    await page.waitForFunction(() => 'rig' in globalThis);
  };
}
