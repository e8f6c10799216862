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

test('the other’s sound goes to the output that is chosen, in the next call too', async ({ page }) => {
  await open(page);
  const seen = await page.evaluate(async () => {
    const played: HTMLAudioElement[] = [];
    const Own = Audio;
    Audio = class extends Own {
      constructor() {
        super();
        played.push(this);
      }
    };
    const sides = await rig.talk('audio');
    const [ada] = sides;
    await rig.until('sound', () => played.length >= 2 || undefined);
    const { choices, chosen } = ada.stage.devices.value.output;
    const other = choices.find(({ id }) => id !== chosen && id !== 'default');
    if (other === undefined) throw new Error('the browser has several fake outputs');
    const isThere = (): boolean => played.some(({ sinkId }) => sinkId === other.id);
    const before = isThere();
    await ada.stage.choose('output', other.id);
    const now = [isThere(), ada.stage.devices.value.output.chosen === other.id];
    for (const side of sides) await side.core.endCall();
    played.length = 0;
    await rig.talk('audio');
    await rig.until('sound there', () => isThere() || undefined);
    return { before, now };
  });
  expect(seen).toEqual({ before: false, now: [true, true] });
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

test('a mute stands, whatever microphone is opened after it', async ({ page }) => {
  await open(page);
  const seen = await page.evaluate(async () => {
    /** Whether it is on when a microphone that was being opened at the mute is there. */
    const isOnAfter = async (begin: (side: InstanceType<typeof rig.Side>) => Promise<unknown>) => {
      const side = new rig.Side();
      // The part of the page that opens devices is there.
      await side.stage.setCamera(false);
      const open = rig.openMicrophones().length;
      const beginning = begin(side);
      await side.stage.setMicrophone(false);
      await beginning;
      const { microphone } = side.stage.on.value;
      return { opened: rig.openMicrophones().length - open, microphone };
    };
    const prepared = await isOnAfter(({ stage }) => stage.prepare('audio'));
    const both = await isOnAfter(({ stage }) => stage.prepare('video'));
    const switched = await isOnAfter(({ stage }) => stage.setMicrophone(true));

    const [ada, ben] = await rig.talk('audio');
    await ben.flows(1, 'received', 'audio');
    const before = rig.openMicrophones();
    const lost = before.at(-2);
    // A microphone that is pulled out says no more than this.
    lost?.dispatchEvent(new Event('ended'));
    const muting = ada.stage.setMicrophone(false);
    const another = await rig.until('another', () =>
      rig.openMicrophones().find((one) => !before.includes(one)),
    );
    await muting;
    const isAnother = another.readyState === 'live';
    const afterLoss = {
      microphone: ada.stage.on.value.microphone,
      isStill: await ada.isStill(1, 'sent', 'audio'),
    };

    const { choices, chosen } = ada.stage.devices.value.microphone;
    const other = choices.find(({ id }) => id !== chosen);
    if (other === undefined) throw new Error('the browser has several fake microphones');
    await ada.stage.choose('microphone', other.id);
    const afterChoice = {
      microphone: ada.stage.on.value.microphone,
      isStill: await ada.isStill(1, 'sent', 'audio'),
    };
    await ada.stage.setMicrophone(true);
    await ben.flows(1, 'received', 'audio');
    return {
      prepared,
      both,
      switched,
      lost: lost?.readyState,
      isAnother,
      afterLoss,
      afterChoice,
    };
  });
  const muted = { opened: 1, microphone: false };
  expect(seen).toEqual({
    prepared: muted,
    both: muted,
    switched: muted,
    lost: 'ended',
    isAnother: true,
    afterLoss: { microphone: false, isStill: true },
    afterChoice: { microphone: false, isStill: true },
  });
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
