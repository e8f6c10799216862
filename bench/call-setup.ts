// `bench call-setup`: how long a video call takes from the press that accepts it to the first frame of the caller's camera that is shown,
// between two browser windows on this machine with the server between them. Ratchet messages, both local databases, ICE, DTLS, the data channel
// with its session, the keys of the streams and the first key frame lie in between.

import type { Page } from '@playwright/test';
import { en } from '../client/ui/text/en.ts';
import { Caller } from '../test/e2e/pages/call.page.ts';
import { openTwoPeople } from '../test/support/browser-people.ts';
import { median } from './figures/median.ts';

const WARM_UP = 2;
const CALLS = 15;

// These parts run in the page.
interface Noted {
  accepted?: number;
  shown?: number;
}
interface VideoLike {
  readonly tagName: string;
  getAttribute(name: string): string | null;
  requestVideoFrameCallback(run: () => void): void;
}
declare const document: {
  addEventListener(type: 'click', run: () => void, capture: true): void;
  querySelectorAll(selector: string): Iterable<VideoLike>;
  readonly body: unknown;
};
declare const MutationObserver: new (run: () => void) => {
  observe(target: unknown, options: { readonly childList: true; readonly subtree: true }): void;
};

/** Notes the last press and the first frame that comes after it. */
async function note(page: Page, label: string): Promise<void> {
  await page.evaluate((wanted) => {
    const noted: Noted = {};
    Object.assign(globalThis, { noted });
    const seen = new WeakSet<object>();
    document.addEventListener(
      'click',
      () => {
        noted.accepted = performance.now();
        delete noted.shown;
      },
      true,
    );
    new MutationObserver(() => {
      for (const video of document.querySelectorAll('video')) {
        if (seen.has(video) || video.getAttribute('aria-label') !== wanted) continue;
        seen.add(video);
        video.requestVideoFrameCallback(() => {
          noted.shown ??= performance.now();
        });
      }
    }).observe(document.body, { childList: true, subtree: true });
  }, label);
}

export async function run(progress: (line: string) => void): Promise<Record<string, unknown>> {
  const people = await openTwoPeople(progress, { calling: true });
  try {
    const [caller, callee] = [new Caller(people.ada, 'Bob'), new Caller(people.bob, 'Ada')];
    await note(people.bob.page, en.calls.picture.theirs.replace('{name}', 'Ada'));
    const times: number[] = [];
    for (let i = 0; i < WARM_UP + CALLS; i += 1) {
      await caller.call('video');
      await callee.expectRing('video');
      await callee.accept();
      const tookMs = await people.bob.page.waitForFunction(() => {
        const { accepted, shown } = (globalThis as unknown as { readonly noted: Noted }).noted;
        return accepted !== undefined && shown !== undefined && shown > accepted
          ? shown - accepted
          : undefined;
      });
      const value = (await tookMs.jsonValue()) ?? Number.NaN;
      if (i >= WARM_UP) times.push(value);
      progress(`call ${i + 1} of ${WARM_UP + CALLS}: ${Math.round(value)} ms`);
      await callee.hangUp();
      await caller.expectEnd(en.calls.ended.hungUp);
      for (const { page } of [people.ada, people.bob]) {
        const close = page.getByRole('button', { name: en.common.close, exact: true });
        if (await close.isVisible()) await close.click();
      }
    }
    return {
      calls: CALLS,
      accept_to_frame_p50_ms: Math.round(median(times)),
      accept_to_frame_max_ms: Math.round(Math.max(...times)),
    };
  } finally {
    await people.close();
  }
}
