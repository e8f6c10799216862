// `bench call-setup`: how long a video call takes from the press that accepts it to the first frame of the caller's camera that is shown,
// between two browser windows on this machine with the server between them. Ratchet messages, both local databases, ICE, DTLS, the data channel
// with its session, the keys of the streams and the first key frame lie in between. Then the same with every direct path blocked: through the
// server's own media server, by TCP.

import type { Page } from '@playwright/test';
import { en } from '../client/ui/text/en.ts';
import { Caller } from '../test/e2e/pages/call.page.ts';
import { openTwoPeople, type TwoPeopleOptions } from '../test/support/browser-people.ts';
import { WITH_CALLS } from '../test/support/call-settings.ts';
import { findWorker } from '../test/support/media-worker.ts';
import { median } from './figures/median.ts';

const WARM_UP = 2;
const CALLS = 15;
/** The browser sends no UDP besides what a proxy carries, and there is none. */
const BLOCKED = ['--webrtc-ip-handling-policy=disable_non_proxied_udp'];

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

/** Times from press to frame of some calls, ms. */
async function measure(
  what: string,
  options: TwoPeopleOptions,
  progress: (line: string) => void,
): Promise<readonly number[]> {
  const people = await openTwoPeople(progress, { ...options, calling: true });
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
      progress(`${what} call ${i + 1} of ${WARM_UP + CALLS}: ${Math.round(value)} ms`);
      await callee.hangUp();
      await caller.expectEnd(en.calls.ended.hungUp);
      for (const { page } of [people.ada, people.bob]) {
        const close = page.getByRole('button', { name: en.common.close, exact: true });
        if (await close.isVisible()) await close.click();
      }
    }
    return times;
  } finally {
    await people.close();
  }
}

export async function run(progress: (line: string) => void): Promise<Record<string, unknown>> {
  const direct = await measure('direct', {}, progress);
  const settings = { ...WITH_CALLS, TACET_MEDIA_WORKER: await findWorker() };
  const relayed = await measure('relayed', { args: BLOCKED, settings }, progress);
  return {
    calls: CALLS,
    accept_to_frame_p50_ms: Math.round(median(direct)),
    accept_to_frame_max_ms: Math.round(Math.max(...direct)),
    relayed_accept_to_frame_p50_ms: Math.round(median(relayed)),
    relayed_accept_to_frame_max_ms: Math.round(Math.max(...relayed)),
  };
}
