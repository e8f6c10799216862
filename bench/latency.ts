// `bench latency`: how long a message takes from one person to another, in two browsers on this machine: from the key that
// sends it to the moment at which it stands in the other's conversation (the picture follows with the display's next frame).
// Encryption, both local databases (strict durability), the server's fsync and both sockets lie in between.

import type { Page } from '@playwright/test';
import { openTwoPeople } from '../test/support/browser-people.ts';

const WARM_UP = 20;
const MESSAGES = 200;
/** Between the first key and the one that sends: what is told of typing has arrived, as it has with a person. */
const WRITING_MS = 400;

/** What the pages note: text → milliseconds since 1970, with fractions. */
type Notes = Readonly<Record<string, number>>;

// These parts run in the pages.
declare const document: {
  addEventListener(
    type: 'keydown',
    run: (event: { readonly key: string; readonly target: unknown }) => void,
    capture: true,
  ): void;
  querySelectorAll(selector: string): ArrayLike<{ readonly textContent: string | null }>;
  readonly body: unknown;
};
declare const MutationObserver: new (run: () => void) => {
  observe(target: unknown, options: { readonly childList: true; readonly subtree: true }): void;
};

async function notePresses(page: Page): Promise<void> {
  await page.evaluate(() => {
    const notes: Record<string, number> = {};
    Object.assign(globalThis, { notes });
    document.addEventListener(
      'keydown',
      ({ key, target }) => {
        const { value } = target as { readonly value?: string };
        if (key === 'Enter' && value !== undefined) notes[value] = performance.timeOrigin + performance.now();
      },
      true,
    );
  });
}

async function noteArrivals(page: Page): Promise<void> {
  await page.evaluate(() => {
    const notes: Record<string, number> = {};
    Object.assign(globalThis, { notes });
    new MutationObserver(() => {
      const now = performance.timeOrigin + performance.now();
      const found = document.querySelectorAll('[data-message] p[dir]');
      for (let i = Math.max(0, found.length - 4); i < found.length; i += 1) {
        const text = found[i]?.textContent ?? '';
        notes[text] ??= now;
      }
    }).observe(document.body, { childList: true, subtree: true });
  });
}

function readNotes(page: Page): Promise<Notes> {
  return page.evaluate(() => (globalThis as unknown as { readonly notes: Notes }).notes);
}

function percentile(sorted: readonly number[], share: number): number {
  const at = Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1);
  return Math.round((sorted[at] ?? Number.NaN) * 10) / 10;
}

export async function run(progress: (line: string) => void): Promise<Record<string, unknown>> {
  const people = await openTwoPeople(progress);
  try {
    const { ada, bob } = people;
    await notePresses(ada.page);
    await noteArrivals(bob.page);
    for (let i = 0; i < WARM_UP + MESSAGES; i += 1) {
      const text = `message number ${i}`;
      await ada.composer.fill(text);
      await ada.page.waitForTimeout(WRITING_MS);
      await ada.composer.press('Enter');
      await bob.page.waitForFunction(
        (wanted) => wanted in (globalThis as unknown as { readonly notes: Notes }).notes,
        text,
        { polling: 5 },
      );
      if (i % 50 === 0) progress(`${i} of ${WARM_UP + MESSAGES} messages`);
    }
    const [pressed, shown] = [await readNotes(ada.page), await readNotes(bob.page)];
    const latencies = Array.from({ length: MESSAGES }, (_, i) => `message number ${WARM_UP + i}`)
      .map((text) => (shown[text] ?? Number.NaN) - (pressed[text] ?? Number.NaN))
      .toSorted((a, b) => a - b);
    return {
      messages: MESSAGES,
      p50_ms: percentile(latencies, 0.5),
      p90_ms: percentile(latencies, 0.9),
      p99_ms: percentile(latencies, 0.99),
      max_ms: percentile(latencies, 1),
    };
  } finally {
    await people.close();
  }
}
