/** The window's part of calls between two people with made-up devices, driven as core drives it, with the real media worker: what is sent, and when. */
import { expect, test } from '@playwright/test';
import { callLaunchOptions } from '../support/chromium.ts';
import { expectConstant, expectGreen } from './calls/expected.ts';
import { callPages } from './calls/open-page.ts';
import type { Rig } from './calls/page.ts';

declare const rig: Rig;

test.use({ launchOptions: callLaunchOptions });
test.describe.configure({ mode: 'default' });
const open = callPages();

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
    const withheld = [
      await ada.isStill(1, 'sent', 'audio'),
      ada.frames(1, 'sent', 'audio'),
      ada.frames(1, 'sent', 'camera'),
      (await ada.counts()).senders.map(({ sealed }) => sealed),
    ];
    for (const side of sides) await rig.release(side);
    for (const side of sides)
      for (const purpose of ['audio', 'camera'] as const) {
        await side.flows(1, 'sent', purpose);
        await side.flows(1, 'received', purpose);
      }
    const figures = sides.map((side) => side.told.findLast((told) => told.kind === 'figures'));
    const counts = [await ada.counts(), await ben.counts()];
    return {
      answer,
      withheld,
      figures,
      counts,
      colours: [
        await rig.colour(ada.stage.theirs.value.camera),
        await rig.colour(ben.stage.theirs.value.camera),
      ],
      silenced: ada.stage.isSilenced.value,
    };
  });
  expect(seen.withheld, 'nothing was sent before').toEqual([true, 0, 0, [0, 0, 0, 0]]);
  for (const colour of seen.colours) expectGreen(colour);
  expect(seen.silenced).toBe(false);
  for (const [i, { senders, receivers }] of seen.counts.entries()) {
    const figures = seen.figures[i];
    if (figures?.kind !== 'figures') throw new Error('figures were told');
    for (const { stream, frames } of figures.sent)
      expect(frames).toBeLessThanOrEqual(senders.find((sender) => sender.stream === stream)?.sealed ?? 0);
    for (const { stream, frames } of figures.received)
      expect(frames).toBeLessThanOrEqual(
        receivers.find((receiver) => receiver.stream === stream)?.counts.opened ?? 0,
      );
    expect(figures.quality.sentBits).toBeGreaterThan(10_000);
    expect(figures.quality.receivedBits).toBeGreaterThan(10_000);
  }
  // One codec for sounds and one for pictures, and no header that says how loud it is.
  const codecs = [...seen.answer.matchAll(/^a=rtpmap:\d+ (\w+)/gm)].map(([, name]) => name);
  expect(new Set(codecs)).toEqual(new Set(['opus', 'VP8', 'rtx']));
  expect(seen.answer).not.toMatch(/audio-level|video-orientation/);
});

test('frames that wait for a key in the media worker count as sent when they have gone', async ({ page }) => {
  await open(page);
  const seen = await page.evaluate(async () => {
    const sides = await rig.openTwo('video');
    const [ada, ben] = sides;
    await rig.connect(sides);
    for (const side of sides) await rig.release(side);
    await rig.waitMs(5_000);
    const waiting = [ada.frames(1, 'sent', 'camera'), ada.frames(1, 'sent', 'audio')];
    await rig.exchangeKeys(sides);
    const ahead: unknown[] = [];
    for (let i = 0; i < 8; i += 1) {
      await rig.waitMs(500);
      const frames = { audio: ada.frames(1, 'sent', 'audio'), camera: ada.frames(1, 'sent', 'camera') };
      const { senders } = await ada.counts();
      for (const purpose of ['audio', 'camera'] as const) {
        const { send } = ada.streams(1)[purpose];
        const sealed = senders.find(({ stream }) => stream === send)?.sealed ?? 0;
        if (frames[purpose] > sealed) ahead.push({ purpose, frames: frames[purpose], sealed });
      }
    }
    await ben.flows(1, 'received', 'camera');
    return { waiting, ahead };
  });
  expect(seen).toEqual({ waiting: [0, 0], ahead: [] });
});

test('a voice is sent at a constant bitrate, whatever is said', async ({ page }) => {
  await open(page);
  const parts = await page.evaluate(async () => {
    await rig.talk('audio');
    return rig.voiceParts();
  });
  expectConstant(parts);
});

test('a camera comes and goes without a new offer, and what is off is not sent', async ({ page }) => {
  await open(page);
  const seen = await page.evaluate(async () => {
    const sides = await rig.talk('audio');
    const [ada, ben] = sides;
    await ben.flows(1, 'received', 'audio');
    await ada.stage.setCamera(true);
    await ben.flows(1, 'received', 'camera');
    const colour = await rig.colour(ben.stage.theirs.value.camera);
    const camera = ada.stage.mine.value.camera?.getTracks()[0];
    const onThen = ada.told.findLast((told) => told.kind === 'on');
    await ada.stage.setCamera(false);
    await ada.stage.setMicrophone(false);
    const off = {
      camera: await ada.isStill(1, 'sent', 'camera'),
      audio: await ada.isStill(1, 'sent', 'audio'),
      light: camera?.readyState,
      told: ada.told.findLast((told) => told.kind === 'on'),
    };
    await ada.stage.setCamera(true);
    await ada.stage.setMicrophone(true);
    await ben.flows(1, 'received', 'camera');
    await ben.flows(1, 'received', 'audio');
    return { colour, onThen, off, still: await ben.isStill(1, 'sent', 'camera') };
  });
  expectGreen(seen.colour);
  expect(seen.onThen).toEqual({ kind: 'on', microphone: true, camera: true, screen: false });
  expect(seen.off).toEqual({
    camera: true,
    audio: true,
    light: 'ended',
    told: { kind: 'on', microphone: false, camera: false, screen: false },
  });
  expect(seen.still, 'who has no camera on sends no picture').toBe(true);
});

test('a stream is stopped at once and for good, whatever is under way, and the others go on', async ({
  page,
}) => {
  await open(page);
  const seen = await page.evaluate(async () => {
    const sides = await rig.openTwo('video');
    const [ada, ben] = sides;
    await rig.connect(sides);
    const before = rig.devicesGiven();
    await rig.exchangeKeys(sides);
    for (const side of sides) await rig.release(side);
    await ben.flows(1, 'received', 'camera');
    await ben.flows(1, 'received', 'audio');
    const camera = ada.stage.mine.value.camera?.getTracks()[0];
    const order: string[] = [];
    const offering = ada.core.offer({ connection: 1, again: true }).then(() => order.push('offered'));
    await ada.core.stopStream({ connection: 1, purpose: 'camera' });
    order.push('stopped');
    const off = { on: ada.stage.on.value, light: camera?.readyState };
    await offering;
    await ada.stage.setCamera(true);
    const isStill = await ada.isStill(1, 'sent', 'camera');
    await ben.flows(1, 'received', 'audio');
    await ada.core.stopStream({ connection: 1, purpose: 'audio' });
    const told = ada.told.findLast(({ kind }) => kind === 'on');
    await ada.stage.setMicrophone(true);
    return { before, order, off, isStill, told, isSilent: await ada.isStill(1, 'sent', 'audio') };
  });
  expect(seen).toEqual({
    before: [],
    order: ['stopped', 'offered'],
    off: { on: { microphone: true, camera: false, screen: false }, light: 'ended' },
    isStill: true,
    told: { kind: 'on', microphone: false, camera: true, screen: false },
    isSilent: true,
  });
});

test('a screen is shared with its sound until the browser ends it', async ({ page }) => {
  await open(page);
  await page.mouse.click(5, 5);
  const seen = await page.evaluate(async () => {
    const sides = await rig.talk('audio');
    const [ada, ben] = sides;
    await ada.stage.setScreen(true);
    const trouble = ada.stage.trouble.value;
    await ben.flows(1, 'received', 'screen', 3);
    await ben.flows(1, 'received', 'screen-audio');
    const isSeen = ben.stage.theirs.value.screen !== undefined;
    const [track] = ada.stage.mine.value.screen?.getTracks() ?? [];
    // The browser's own button does no more than this.
    track?.dispatchEvent(new Event('ended'));
    const still = await ada.isStill(1, 'sent', 'screen-audio');
    return { trouble, isSeen, still, on: ada.stage.on.value, state: track?.readyState };
  });
  expect(seen).toEqual({
    trouble: undefined,
    isSeen: true,
    still: true,
    on: { microphone: true, camera: false, screen: false },
    state: 'ended',
  });
});

test('what a second connection is released for moves to it', async ({ page }) => {
  await open(page);
  const seen = await page.evaluate(async () => {
    const sides = await rig.talk('video');
    const [ada, ben] = sides;
    await ben.flows(1, 'received', 'camera');
    await rig.connect(sides, 2);
    await rig.exchangeKeys(sides, 2);
    const before = await ada.isStill(2, 'sent', 'camera');
    for (const side of sides) await rig.release(side, 2);
    await ben.flows(2, 'received', 'camera');
    await ben.flows(2, 'received', 'audio');
    const after = await ada.isStill(1, 'sent', 'camera');
    for (const side of sides) await side.core.closeConnection({ connection: 1 });
    return { before, after, colour: await rig.colour(ben.stage.theirs.value.camera) };
  });
  expect(seen.before, 'not before').toBe(true);
  expect(seen.after, 'not over both').toBe(true);
  expectGreen(seen.colour);
});
