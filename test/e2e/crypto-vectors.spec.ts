// The recorded vectors of the Signal engine in a real browser's worker, bundled as the client is and under its policy.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@playwright/test';
import { openWorkerPage } from '../support/worker-page.ts';

const { sessions } = JSON.parse(
  readFileSync(join(import.meta.dirname, '..', 'vectors', 'session.json'), 'utf8'),
) as { readonly sessions: readonly { readonly name: string; readonly steps: readonly unknown[] }[] };

test('recorded conversations with the native library come out again byte for byte', async ({ page }) => {
  const site = await openWorkerPage(join(import.meta.dirname, 'crypto-vectors', 'worker.ts'));
  try {
    const complaints: string[] = [];
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text());
    });
    await page.goto(site.url);
    const replayed = await page.evaluate(() => {
      const { ask } = globalThis as unknown as { ask: (question: unknown) => Promise<unknown> };
      return ask('all');
    });
    expect(replayed).toEqual(sessions.map(({ name, steps }) => [name, steps.length]));
    expect(complaints).toEqual([]);
  } finally {
    await site.close();
  }
});
