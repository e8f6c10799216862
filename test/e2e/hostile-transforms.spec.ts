/**
 * What holds the frames of a call comes late, is taken away or exchanged, by a browser's whim or a page that was tampered with: no frame goes
 * out in the clear. Looked at where the packets arrive, before anything is opened. Row A64.
 */
import { expect, test } from '@playwright/test';
import { callLaunchOptions } from '../support/chromium.ts';
import { callPages } from './calls/open-page.ts';
import type { Rig } from './calls/page.ts';
import { watchWire, type Wire } from './calls/watch-wire.ts';

declare const rig: Rig;

// What looks on is a worker that the page’s policy does not know.
test.use({ launchOptions: callLaunchOptions, bypassCSP: true });
test.describe.configure({ mode: 'default' });
const open = callPages();

declare const wire: Wire;

for (const late of ['microtask', 'task', 200, 3_000] as const) {
  const when = typeof late === 'number' ? `${late} ms after it is asked for` : `in the next ${late}`;
  test(`A64: a transform that the browser attaches ${when} lets nothing out in the clear`, async ({
    page,
  }) => {
    await open(page);
    await page.evaluate(watchWire);
    const seen = await page.evaluate(async (late) => {
      wire.late = late;
      await rig.talk('video');
      await rig.until('frames', () => wire.sealed + wire.clear > 200 || undefined);
      return { clear: wire.clear };
    }, late);
    expect(seen).toEqual({ clear: 0 });
  });
}

test('A64: a transform that is taken away, or another in its place, ends what is sent', async ({ page }) => {
  await open(page);
  await page.evaluate(watchWire);
  const seen = await page.evaluate(async () => {
    const stops = async (): Promise<boolean> => {
      await rig.waitMs(1_500);
      const before = wire.sealed + wire.clear;
      await rig.waitMs(2_000);
      return wire.sealed + wire.clear === before;
    };
    const flows = async (): Promise<unknown> => {
      const before = wire.sealed;
      return rig.until('frames', () => wire.sealed > before + 100 || undefined);
    };
    const sides = await rig.talk('video');
    await flows();
    for (const sender of wire.senders.keys()) sender.transform = null;
    const taken = await stops();
    for (const side of sides) await side.core.endCall();
    wire.senders.clear();
    await rig.talk('video');
    await flows();
    for (const [sender, [worker, options]] of wire.senders) {
      sender.transform = null;
      sender.transform = new RTCRtpScriptTransform(worker, options);
    }
    const exchanged = await stops();
    return { taken, exchanged, clear: wire.clear };
  });
  expect(seen).toEqual({ taken: true, exchanged: true, clear: 0 });
});
