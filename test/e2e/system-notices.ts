/** The system's notifications in a browser test: what makes a page tell of something, and what is shown. */
import type { Page } from '@playwright/test';

/** The person looks elsewhere, or back: what the page is told then. */
export async function look(page: Page, away: boolean): Promise<void> {
  await page.evaluate((hidden) => {
    Object.defineProperty(document, 'hidden', { value: hidden, configurable: true });
    Object.defineProperty(document, 'hasFocus', { value: () => !hidden, configurable: true });
    document.dispatchEvent(new Event('visibilitychange'));
  }, away);
}

/** A service worker keeps the page, and shows what is to be shown. */
export async function isKept(page: Page): Promise<void> {
  await page.evaluate(async () => {
    await navigator.serviceWorker.ready;
  });
}

/** Title and body of every notification that the system shows. */
export function shown(page: Page): Promise<readonly (readonly [string, string])[]> {
  return page.evaluate(async () => {
    const registration = await navigator.serviceWorker.ready;
    return (await registration.getNotifications()).map(({ title, body }) => [title, body] as const);
  });
}
