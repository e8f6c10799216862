// `bench takeover`: two tabs of one browser; the one that owns the account goes (its window is closed, its worker ends, its page
// crashes), while the other sends a text. Milliseconds from the end of the owner until that text is on the server's disk, a
// machine's way to say how long a person writes into the void. `bench client` measures it too.

import type { BrowserContext, Page, Worker } from '@playwright/test';
import { openTwoPeople } from '../test/support/browser-people.ts';
import { READABLE } from './history/starts.ts';

/** Each way to go as often. */
const ROUNDS = 12;
const FIELD = 'form textarea';

/** Milliseconds. */
export interface TakeoverFigures {
  readonly takeover_ms_median: number;
  readonly takeover_ms_p95: number;
  readonly takeover_ms_worst: number;
}

const ENDS: readonly ((owner: Page) => Promise<unknown>)[] = [
  (owner) => owner.close(),
  (owner) => coreWorker(owner).evaluate('self.close()'),
  async (owner) => {
    const devtools = await owner.context().newCDPSession(owner);
    // The page is gone before it could answer.
    devtools.send('Page.crash').catch(() => undefined);
    await owner.waitForEvent('crash');
  },
];

function coreWorker(page: Page): Worker {
  const worker = page.workers().find((one) => one.url().includes('core.worker'));
  if (worker === undefined) throw new Error('the page has no worker');
  return worker;
}

async function openTab(context: BrowserContext, address: string): Promise<Page> {
  const page = await context.newPage();
  await page.goto(address);
  await page.waitForSelector(READABLE);
  return page;
}

/** The context's account is signed in, the app closed, and the address is a conversation with messages. */
export async function measureTakeovers(
  context: BrowserContext,
  address: string,
  progress: (line: string) => void,
): Promise<TakeoverFigures> {
  const times: number[] = [];
  let owner = await openTab(context, address);
  for (let round = 0; round < ROUNDS; round += 1) {
    const other = await openTab(context, address);
    const text = `takeover ${round} ${Date.now()}`;
    await other.fill(FIELD, text);
    const startedAt = performance.now();
    const ended = ENDS[round % ENDS.length]?.(owner).catch(() => undefined);
    await other.press(FIELD, 'Enter');
    const line = other.locator('[data-delivery]').filter({ hasText: text });
    await line.and(other.locator(':not([data-delivery="sending"])')).waitFor();
    const tookMs = performance.now() - startedAt;
    times.push(tookMs);
    progress(`takeover ${round + 1}: ${Math.round(tookMs)} ms`);
    await ended;
    await owner.close();
    owner = other;
  }
  await owner.close();
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share: number): number =>
    Math.round(sorted[Math.ceil(share * sorted.length) - 1] ?? Number.NaN);
  return { takeover_ms_median: at(0.5), takeover_ms_p95: at(0.95), takeover_ms_worst: at(1) };
}

export async function run(progress: (line: string) => void): Promise<Record<string, unknown>> {
  const people = await openTwoPeople(progress);
  try {
    const { page } = people.bob;
    const address = page.url();
    await page.close();
    return { ...(await measureTakeovers(page.context(), address, progress)) };
  } finally {
    await people.close();
  }
}
