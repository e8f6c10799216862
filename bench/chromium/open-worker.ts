/** A program of this folder in a worker of headless Chromium, which answers questions by one value each. */
import { openChromium } from '../../test/support/chromium.ts';
import { openWorkerPage } from '../../test/support/worker-page.ts';

export interface ChromiumWorker<Question, Value> {
  /** Size of the entry's bundle in bytes, minified. */
  readonly bundleBytes: number;
  ask(question: Question): Promise<Value>;
  close(): Promise<void>;
}

/** `entry` is the absolute path of a program for `openWorkerPage`; what it posts as `value` is the caller's word to know. */
export async function openChromiumWorker<Question, Value>(
  entry: string,
): Promise<ChromiumWorker<Question, Value>> {
  const site = await openWorkerPage(entry);
  const browser = await openChromium();
  const page = await browser.newPage();
  await page.goto(site.url);
  return {
    bundleBytes: site.bundleBytes,
    ask: (question) =>
      page.evaluate((asked) => {
        const { ask } = globalThis as unknown as { ask: (question: unknown) => Promise<Value> };
        return ask(asked);
      }, question as unknown),
    close: async () => {
      await browser.close();
      await site.close();
    },
  };
}
