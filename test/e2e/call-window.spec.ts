/** The window's part of calls between two people with fake devices, driven as core drives it, with the real media worker. */
import { join } from 'node:path';
import { chromium, expect, test, type Page } from '@playwright/test';
import { bareLaunchOptions, callLaunchOptions, deniedLaunchOptions } from '../support/chromium.ts';
import { openBuiltPage } from '../support/built-page.ts';
import { CutLine } from '../support/cut-line.ts';
import type { ServedFiles } from '../support/serve-files.ts';
import type { Rig } from './calls/page.ts';
import { expectConstant, expectGreen } from './calls/expected.ts';

declare const rig: Rig;
/** A port that stands for an address and port on a line; the second of a line is the other end of the first. */
declare const addEnd: (line: number, address: string, port: number) => Promise<number>;
declare const cutLine: (line: number) => Promise<void>;

test.use({ launchOptions: callLaunchOptions });
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

test('what is said over the channel arrives, and what is too long or too much does not', async ({ page }) => {
  await open(page);
  const seen = await page.evaluate(async () => {
    const [ada, ben] = await rig.openTwo('audio');
    const refused = await ada.core.say({ connection: 1, bytes: Uint8Array.of(1) }).catch(String);
    await rig.connect([ada, ben]);
    for (const side of [ada, ben]) await side.hear('channel');
    await ada.core.say({ connection: 1, bytes: Uint8Array.of(1, 2, 3) });
    const { bytes } = await ben.hear('said');
    await ada.core.say({ connection: 1, bytes: new Uint8Array(17 * 1024) });
    for (let i = 0; i < 400; i += 1) await ada.core.say({ connection: 1, bytes: Uint8Array.of(4) });
    await rig.waitMs(2_000);
    await ada.core.say({ connection: 1, bytes: Uint8Array.of(5) });
    await ben.hear('said', (told) => told.bytes[0] === 5);
    const said = ben.told.filter((told) => told.kind === 'said');
    return {
      refused,
      bytes: [...bytes],
      longest: Math.max(...said.map((one) => one.bytes.length)),
      n: said.length,
    };
  });
  expect(seen.refused).toContain('gone');
  expect(seen.bytes).toEqual([1, 2, 3]);
  expect(seen.longest).toBe(3);
  expect(seen.n).toBeLessThan(400);
});

test('a way that is cut is told of and found anew, and the pictures go on', async ({ page }) => {
  const lines = [new CutLine(), new CutLine()];
  await page.exposeFunction('addEnd', (line: number, address: string, port: number) =>
    lines[line]?.add(address, port),
  );
  await page.exposeFunction('cutLine', (line: number) => lines[line]?.cut());
  await open(page);
  const seen = await page.evaluate(async () => {
    /** Descriptions with one candidate, which leads over a line. */
    const over = (line: number) => ({
      async description(text: string) {
        const found = /^a=candidate:\S+ 1 udp \d+ (\d+\.\d+\.\d+\.\d+) (\d+) typ host/m.exec(text);
        if (found === null) throw new Error('no candidate');
        const [, address = '', port = ''] = found;
        const stands = await addEnd(line, address, Number(port));
        const candidate = `a=candidate:1 1 udp 2122260223 ${address} ${stands} typ host\r\n`;
        const others = text.replaceAll(/^a=candidate:.*\r\n/gm, '');
        return others.replace(/^a=ice-ufrag/m, `${candidate}a=ice-ufrag`);
      },
      candidates: () => [],
    });
    const sides = await rig.openTwo('video');
    const [ada, ben] = sides;
    await rig.connect(sides, 1, over(0));
    await rig.exchangeKeys(sides);
    for (const side of sides) await rig.release(side);
    await ben.flows(1, 'received', 'camera');
    await cutLine(0);
    for (const side of sides) await side.hear('way', ({ state }) => state !== 'connected');
    const states = ada.told.flatMap((told) => (told.kind === 'way' ? [told.state] : []));
    const stopped = await ben.isStill(1, 'received', 'camera');
    await rig.describe(ada, ben, 1, true, over(1));
    await rig.until(
      'connected again',
      () =>
        ada.told.filter((told) => told.kind === 'way' && told.state === 'connected').length > 1 || undefined,
    );
    for (const side of sides) {
      await side.flows(1, 'received', 'camera');
      await side.flows(1, 'received', 'audio');
    }
    return { states, stopped };
  });
  for (const line of lines) line.close();
  expect(seen).toEqual({ states: ['connected', 'interrupted'], stopped: true });
});

test('a stream that is stopped stays so, and a connection that is closed is gone', async ({ page }) => {
  await open(page);
  const seen = await page.evaluate(async () => {
    const sides = await rig.talk('video');
    const [ada, ben] = sides;
    await ben.flows(1, 'received', 'camera');
    await ada.core.stopStream({ connection: 1, purpose: 'camera' });
    await ada.stage.setCamera(false);
    await ada.stage.setCamera(true);
    const still = await ada.isStill(1, 'sent', 'camera');
    const again = await ada.core.release({ connection: 1, purpose: 'camera' }).catch(String);
    const seesNone = ada.stage.theirs.value.camera === undefined;
    await ben.flows(1, 'received', 'audio');
    await ada.core.closeConnection({ connection: 1 });
    const gone = await ada.core.offer({ connection: 1, again: false }).catch(String);
    const other = await ada.core
      .openDirect({ connection: 1, streams: ada.streams(1), servers: [], turnOnly: false })
      .catch(String);
    await ada.core.endCall();
    return { still, again, seesNone, gone, other, on: ada.stage.on.value, mine: ada.stage.mine.value };
  });
  expect(seen).toEqual({
    still: true,
    again: expect.stringContaining('gone'),
    seesNone: true,
    gone: expect.stringContaining('gone'),
    other: expect.stringContaining('gone'),
    on: { microphone: false, camera: false, screen: false },
    mine: { camera: undefined, screen: undefined },
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

test('a media worker that ends is told of, and its streams send nothing more', async ({ page }) => {
  await open(page);
  await page.evaluate(async () => {
    const sides = await rig.talk('video');
    const [ada] = sides;
    await ada.flows(1, 'sent', 'camera');
    Object.assign(globalThis, { sides });
  });
  await Promise.all(page.workers().map((worker) => worker.evaluate(() => close()).catch(() => undefined)));
  const seen = await page.evaluate(async () => {
    const { sides } = globalThis as unknown as { readonly sides: Awaited<ReturnType<Rig['talk']>> };
    for (const side of sides) await side.hear('media-ended');
    return sides[1].isStill(1, 'received', 'camera');
  });
  expect(seen).toBe(true);
});

test('descriptions that are not of a call are refused, and nothing comes of them', async ({ page }) => {
  await open(page);
  const seen = await page.evaluate(async () => {
    const [ada, ben] = await rig.openTwo('audio');
    let number = 0;
    const answered: unknown[] = [];
    await ada.core.openDirect({ connection: 9, streams: ada.streams(9), servers: [], turnOnly: false });
    const offer = await ada.core.offer({ connection: 9, again: false });
    const section = /^m=video[^]*?(?=^m=)/m.exec(offer)?.[0] ?? '';
    for (const wrong of [
      '',
      'v=0',
      offer.replace(/^m=application[^]*/m, ''),
      offer.replace(section, ''),
      `${offer}${section}`,
      offer.replace('m=audio', 'm=video'),
      offer.replaceAll(/^a=fingerprint.*\r\n/gm, ''),
      offer.replaceAll('UDP/TLS/RTP/SAVPF', 'RTP/AVP').replaceAll(/^a=(?:fingerprint|setup).*\r\n/gm, ''),
    ]) {
      number += 1;
      await ben.core.openDirect({
        connection: number,
        streams: ben.streams(number),
        servers: [],
        turnOnly: false,
      });
      answered.push(await ben.core.answer({ connection: number, offer: wrong }).catch(String));
    }
    await ben.core.addCandidates({ connection: 1, lines: ['no candidate', 'candidate:1 1 udp x'] });
    return answered;
  });
  expect(seen).toHaveLength(8);
  for (const one of seen) expect(one).toContain('failed');
});

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
