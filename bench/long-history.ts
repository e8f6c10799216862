// `bench long-history`: a browser with 100,000 messages in 500 conversations: start, change of conversation, scrolling, search, memory.
// `bench client` measures it too, after what a start costs without it.

import type { BrowserContext } from '@playwright/test';
import { openTwoPeople } from '../test/support/browser-people.ts';
import { measureHistory, type HistoryFigures } from './history/measure.ts';
import { seedHistory } from './history/seeding.ts';
import { measureStarts, medianMs, READABLE } from './history/starts.ts';

const HISTORY = { conversations: 500, messages: 100_000, everyMs: 60_000, first: 20_000, unread: 0 } as const;

/** Fills the context, in which somebody is signed in and the app is closed, and measures it. */
export async function measureLongHistory(
  context: BrowserContext,
  origin: string,
  progress: (line: string) => void,
): Promise<HistoryFigures & { readonly usable_ms_long_history: number }> {
  progress('writing 100,000 messages in 500 conversations');
  const addresses = await seedHistory(context, origin, { ...HISTORY, until: Date.now() }, progress);
  progress('signed in, warm, with a long history');
  const starts = await measureStarts(context, addresses[0] ?? '', { cold: false, slowdown: 1 });
  const reader = await context.newPage();
  await reader.goto(addresses[0] ?? '');
  await reader.waitForSelector(READABLE);
  // The last of the list is drawn a while after the first.
  await reader.waitForSelector(`nav a[href="${new URL(addresses.at(-1) ?? '').pathname}"]`, {
    state: 'attached',
  });
  const history = await measureHistory(reader, addresses, progress);
  return { usable_ms_long_history: medianMs(starts), ...history };
}

export async function run(progress: (line: string) => void): Promise<Record<string, unknown>> {
  const people = await openTwoPeople(progress);
  try {
    const { page } = people.bob;
    await page.close();
    return { ...(await measureLongHistory(page.context(), people.origin, progress)) };
  } finally {
    await people.close();
  }
}
