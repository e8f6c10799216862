/** The window's part of calls between two people with fake devices, driven as core drives it, with the real media worker. */
import { join } from 'node:path';
import { expect, test, type Page } from '@playwright/test';
import { launchOptions } from '../support/chromium.ts';
import { openBuiltPage } from '../support/built-page.ts';
import type { ServedFiles } from '../support/serve-files.ts';
import type { Rig } from './calls/page.ts';

declare const rig: Rig;

test.use({
  launchOptions: {
    ...launchOptions,
    args: [
      ...(launchOptions.args ?? []),
      '--use-fake-device-for-media-stream',
      '--use-fake-ui-for-media-stream',
      '--auto-accept-this-tab-capture',
    ],
  },
});
test.describe.configure({ mode: 'default' });

let site: ServedFiles;
test.beforeAll(async () => {
  site = await openBuiltPage(join(import.meta.dirname, 'calls', 'page.ts'));
});
test.afterAll(() => site.close());

async function open(page: Page): Promise<void> {
  await page.goto(site.url);
  await page.waitForFunction(() => 'rig' in globalThis);
}

test('two people hear and see each other, and nothing leaves before it is released', async ({ page }) => {
  await open(page);
  const seen = await page.evaluate(async () => {
    const sides = await rig.openTwo('video');
    const [ada, ben] = sides;
    const answer = await rig.connect(sides);
    await rig.exchangeKeys(sides);
    for (const side of sides)
      for (const { send, receive } of Object.values(side.streams(1)))
        for (const number of [send, receive]) await side.media('attached', ({ stream }) => stream === number);
    const isStill = await ada.isStill(1, 'sent', 'audio');
    const before = {
      audio: ada.frames(1, 'sent', 'audio'),
      camera: ada.frames(1, 'sent', 'camera'),
      counts: await ada.counts(),
    };
    for (const side of sides) await rig.release(side);
    for (const side of sides)
      for (const purpose of ['audio', 'camera'] as const) {
        await side.flows(1, 'sent', purpose);
        await side.flows(1, 'received', purpose);
      }
    for (let i = 0; i < 6; i++) {
      await rig.waitMs(1000);
      const f = ada.told.findLast((t) => t.kind === 'figures');
      console.log(JSON.stringify(f));
      console.log(JSON.stringify(await ada.counts()));
    }
    return {
      answer,
      isStill,
      before,
      colours: [
        await rig.colour(ada.stage.theirs.value.camera),
        await rig.colour(ben.stage.theirs.value.camera),
      ],
    };
  });
  console.log(seen);
});
