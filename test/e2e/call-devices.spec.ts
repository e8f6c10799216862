/** The window's part of calls: devices, what a browser must have, and leaving the page. */
import { chromium, expect, test } from '@playwright/test';
import { bareLaunchOptions, callLaunchOptions, deniedLaunchOptions } from '../support/chromium.ts';
import { callPages } from './calls/open-page.ts';
import type { Rig } from './calls/page.ts';

declare const rig: Rig;

test.use({ launchOptions: callLaunchOptions });
test.describe.configure({ mode: 'default' });
const open = callPages();

test('the page asks before it is left while a call goes on, and not afterwards', async ({ page }) => {
  await open(page);
  await page.mouse.click(5, 5);
  const asked: string[] = [];
  page.on('dialog', (dialog) => {
    asked.push(dialog.type());
    dialog.accept().catch(() => undefined);
  });
  await page.evaluate(async () => {
    await rig.openTwo('audio');
  });
  await page.reload();
  expect(asked).toEqual(['beforeunload']);
  await page.waitForFunction(() => 'rig' in globalThis);
  await page.mouse.click(5, 5);
  await page.evaluate(async () => {
    for (const side of await rig.openTwo('audio')) await side.core.endCall();
  });
  await page.reload();
  expect(asked).toEqual(['beforeunload']);
});

test('devices can be chosen, are remembered, and the microphone is measured', async ({ page }) => {
  await open(page);
  const seen = await page.evaluate(async () => {
    const side = new rig.Side();
    const ready = await side.stage.prepare('video');
    const { microphone, camera, output } = side.stage.devices.value;
    const other = microphone.choices.find(({ id }) => id !== microphone.chosen);
    if (other === undefined) throw new Error('the browser has several fake microphones');
    await side.stage.choose('microphone', other.id);
    const used = side.stage.devices.value.microphone.chosen;
    const stop = side.stage.meter();
    await rig.until('a level', () => side.stage.level.value > 0.02 || undefined);
    stop();
    const silent = side.stage.level.value;
    side.stage.letGo();
    await rig.waitMs(200);
    const next = new rig.Side();
    await next.stage.prepare('audio');
    return {
      ready,
      camera: camera.choices.length,
      labels: microphone.choices.map(({ label }) => label !== ''),
      outputs: output.choices.length > 0,
      isOther: used === other.id,
      silent,
      closed: side.stage.on.value,
      remembered: next.stage.devices.value.microphone.chosen === other.id,
      isCamera: next.stage.on.value.camera,
    };
  });
  expect(seen).toMatchObject({
    ready: true,
    isOther: true,
    silent: 0,
    closed: { microphone: false, camera: false, screen: false },
    remembered: true,
    isCamera: false,
  });
  expect(seen.camera).toBeGreaterThan(0);
  expect(new Set(seen.labels)).toEqual(new Set([true]));
});

for (const [why, options] of [
  ['denied', deniedLaunchOptions],
  ['absent', bareLaunchOptions],
] as const) {
  test(`a microphone and a camera that are ${why} are told of, and a call goes on without`, async () => {
    const browser = await chromium.launch(options);
    try {
      const page = await browser.newPage();
      await open(page);
      const seen = await page.evaluate(async () => {
        const side = new rig.Side();
        const { stage, core } = side;
        const ready = await stage.prepare('audio');
        const trouble = stage.trouble.value;
        stage.letGo();
        const kept = stage.trouble.value;
        stage.seeTrouble();
        const canCall = await core.canCall();
        await core.openMedia();
        const told = await side.hear('on');
        await stage.setCamera(true);
        const camera = stage.trouble.value;
        await core.endCall();
        return { ready, trouble, kept, canCall, told, camera, after: stage.trouble.value };
      });
      expect(seen).toEqual({
        ready: false,
        trouble: { of: 'microphone', why },
        kept: { of: 'microphone', why },
        canCall: true,
        told: { kind: 'on', microphone: false, camera: false, screen: false },
        camera: { of: 'camera', why },
        after: undefined,
      });
    } finally {
      await browser.close();
    }
  });
}

test('a browser that cannot encrypt every frame, or is not to be trusted with one, holds no call', async ({
  page,
}) => {
  const obstacles: unknown[] = [];
  for (const missing of ['RTCRtpScriptTransform', 'RTCPeerConnection']) {
    await page.addInitScript((name) => Reflect.deleteProperty(globalThis, name), missing);
    await open(page);
    obstacles.push(
      await page.evaluate(async () => {
        const side = new rig.Side();
        return [side.stage.obstacle.value, side.stage.canShareScreen, await side.core.canCall()];
      }),
    );
  }
  expect(obstacles).toEqual([
    ['no-frame-encryption', false, false],
    ['no-webrtc', false, false],
  ]);
});
