/** The window's part of calls through the real media server: two people with fake devices, driven as core drives it. */
import { randomBytes } from 'node:crypto';
import { expect, test, type Page } from '@playwright/test';
import { CallAnswer, CallEvent } from '@tacet/protocol/calls/answers';
import { parseCallRequest, type CallRequest } from '@tacet/protocol/calls/requests';
import { decodeCbor, encodeCbor, parseCbor } from '@tacet/protocol/cbor';
import { openSfu, type CallChannel, type EmbeddedSfu } from '@tacet/sfu';
import { callLaunchOptions } from '../support/chromium.ts';
import { findWorker } from '../support/media-worker.ts';
import { expectConstant, expectGreen } from './calls/expected.ts';
import { callPages } from './calls/open-page.ts';
import type { Rig } from './calls/page.ts';
import { watchWire, type Wire } from './calls/watch-wire.ts';

declare const rig: Rig;
declare const wire: Wire;

test.use({ launchOptions: callLaunchOptions });
test.describe.configure({ mode: 'default' });

const openPage = callPages();
let sfu: EmbeddedSfu;
test.beforeAll(async () => {
  sfu = await openSfu({
    settings: { workerPath: await findWorker(), workers: 1, listenIp: '127.0.0.1', port: 0 },
    log: () => undefined,
  });
});
test.afterAll(async () => {
  await sfu.close();
});

/** A page whose people are clients of the media server; what they have asked of it. */
async function open(page: Page): Promise<CallRequest[]> {
  const asked: CallRequest[] = [];
  const clients = [0, 1].map(() => {
    const events: string[] = [];
    const channel: CallChannel = sfu.open((event) => {
      events.push(Buffer.from(encodeCbor(parseCbor(CallEvent, encodeCbor(event)))).toString('base64'));
    });
    return { channel, events };
  });
  await page.exposeFunction('askSfu', async (client: number, text: string) => {
    const request = parseCallRequest(decodeCbor(Buffer.from(text, 'base64')));
    asked.push(request);
    const answer = await clients[client]?.channel.request(request);
    return Buffer.from(encodeCbor(parseCbor(CallAnswer, encodeCbor(answer)))).toString('base64');
  });
  await page.exposeFunction('hearSfu', (client: number) => clients[client]?.events.splice(0) ?? []);
  await openPage(page);
  return asked;
}

test('a call moves to the media server, where two people hear and see each other', async ({ page }) => {
  const asked = await open(page);
  const room = [...randomBytes(16)];
  const seen = await page.evaluate(async (room) => {
    const sides = await rig.talk('audio');
    const [ada, ben] = sides;
    await ben.flows(1, 'received', 'audio');
    await rig.relay(sides, 2, Uint8Array.from(room));
    for (const side of sides)
      await side.hear('way', ({ connection, state }) => connection === 2 && state === 'connected');
    await rig.exchangeKeys(sides, 2);
    const { send } = ada.streams(2).audio;
    await ada.media('attached', ({ stream }) => stream === send);
    const withheld = [await ada.isStill(2, 'sent', 'audio'), ada.frames(2, 'sent', 'audio')];
    for (const side of sides) await rig.release(side, 2);
    for (const side of sides) {
      await side.flows(2, 'sent', 'audio');
      await side.flows(2, 'received', 'audio');
    }
    const isDirectStill = await ada.isStill(1, 'sent', 'audio');
    for (const side of sides) await side.core.closeConnection({ connection: 1 });
    await ada.stage.setCamera(true);
    await ben.flows(2, 'received', 'camera');
    const colour = await rig.colour(ben.stage.theirs.value.camera);
    await ada.stage.setCamera(false);
    const isStill = await ada.isStill(2, 'sent', 'camera');
    await ada.stage.setCamera(true);
    await ben.flows(2, 'received', 'camera');
    const parts = await rig.voiceParts();
    await ada.core.restartRelay({ connection: 2 });
    await ben.flows(2, 'received', 'camera');
    await ada.flows(2, 'received', 'audio');
    const figures = ada.told.findLast((told) => told.kind === 'figures');
    return { withheld, isDirectStill, colour, isStill, parts, figures, counts: await ada.counts() };
  }, room);
  expect(seen.withheld, 'nothing was sent before it was released').toEqual([true, 0]);
  expect(seen.isDirectStill, 'nothing goes over both ways').toBe(true);
  expectGreen(seen.colour);
  expect(seen.isStill, 'a camera that is off is not sent').toBe(true);
  expectConstant(seen.parts);
  if (seen.figures?.kind !== 'figures') throw new Error('figures were told');
  for (const { stream, frames } of seen.figures.sent)
    expect(frames).toBeLessThanOrEqual(
      seen.counts.senders.find((sender) => sender.stream === stream)?.sealed ?? 0,
    );
  const produced = asked.filter((request) => request.kind === 'produce');
  expect(produced.map(({ media }) => media).toSorted()).toEqual(['audio', 'audio', 'video']);
  for (const { stream } of produced) {
    expect(stream.codecs.map(({ mimeType }) => mimeType).join()).toMatch(
      /^(?:audio\/opus|video\/VP8,video\/rtx)$/,
    );
    for (const { uri } of stream.headerExtensions)
      expect(uri).toMatch(/sdes:mid$|stream-id$|abs-send-time$|transport-wide-cc-extensions-01$/);
  }
  expect(asked.filter(({ kind }) => kind === 'restart-ice')).toHaveLength(2);
});

test('what a device gives reaches no sender before it is released, and none after it was stopped', async ({
  page,
}) => {
  const asked = await open(page);
  const room = [...randomBytes(16)];
  const seen = await page.evaluate(async (room) => {
    const sides = await rig.openTwo('video');
    const [ada, ben] = sides;
    await rig.relay(sides, 1, Uint8Array.from(room));
    await rig.exchangeKeys(sides);
    for (const side of sides) {
      await side.hear('way', ({ state }) => state === 'connected');
      for (const purpose of ['audio', 'camera'] as const) {
        const { send } = side.streams(1)[purpose];
        await side.media('attached', ({ stream }) => stream === send);
      }
    }
    await rig.waitMs(2_000);
    const before = {
      given: rig.devicesGiven(),
      packets: [await rig.packetsSent('audio'), await rig.packetsSent('video')],
      sealed: (await ada.counts()).senders.map(({ sealed }) => sealed),
    };
    for (const side of sides) await rig.release(side);
    await ben.flows(1, 'received', 'camera');
    await ada.flows(1, 'received', 'audio');
    const after = rig.devicesGiven();

    // While the way is looked for anew.
    const camera = ada.stage.mine.value.camera?.getTracks()[0];
    const restarting = ada.core.restartRelay({ connection: 1 });
    await ada.core.stopStream({ connection: 1, purpose: 'camera' });
    const off = { on: ada.stage.on.value, light: camera?.readyState, theirs: ada.stage.theirs.value.camera };
    await restarting;
    await ada.stage.setCamera(true);
    const isStill = await ada.isStill(1, 'sent', 'camera');
    await ben.flows(1, 'received', 'audio');
    return { before, after, off, isStill };
  }, room);
  expect(seen.before).toEqual({ given: [], packets: [0, 0], sealed: [0, 0, 0, 0] });
  expect(seen.after).toEqual(['audio', 'audio', 'video', 'video']);
  expect(seen.off).toEqual({
    on: { microphone: true, camera: false, screen: false },
    light: 'ended',
    theirs: undefined,
  });
  expect(seen.isStill, 'nor when it is on again').toBe(true);
  expect(asked.filter(({ kind }) => kind === 'restart-ice')).toHaveLength(2);
});

test('what the media server refuses is told as a way that failed, and a stream that ends is not shown', async ({
  page,
}) => {
  const asked = await open(page);
  const room = [...randomBytes(16)];
  const seen = await page.evaluate(async (room) => {
    const sides = await rig.openTwo('video');
    const [ada, ben] = sides;
    await rig.relay(sides, 1, Uint8Array.from(room));
    await rig.exchangeKeys(sides);
    for (const side of sides) await rig.release(side);
    await ben.flows(1, 'received', 'camera');
    const producer = rig.received[1]?.camera;
    if (producer === undefined) throw new Error('it is received');
    const stream = ben.streams(1).camera.receive;
    const asked = { connection: 1, purpose: 'camera', producer, stream } as const;
    const again = await ben.core.receiveRelayed(asked).catch(String);
    await ben.core.endRelayed({ connection: 1, producer });
    const shown = ben.stage.theirs.value.camera;
    // Nobody carries the requests of this one.
    const other = new rig.Side();
    await other.core.openMedia();
    other.onTold((told) => {
      if (told.kind === 'relay-request')
        other.core.answerRelay({ re: told.re, answer: undefined }).catch(() => undefined);
    });
    await other.core.openRelay({
      connection: 1,
      streams: other.streams(1),
      capabilities: { codecs: [], headerExtensions: [] },
      labels: rig.labels,
    });
    const { state } = await other.hear('way');
    const wrong = await ada.core.offer({ connection: 1, again: false }).catch(String);
    return { again, shown, state, wrong };
  }, room);
  expect(seen).toEqual({
    again: expect.stringContaining('gone'),
    shown: undefined,
    state: 'failed',
    wrong: expect.stringContaining('gone'),
  });
  expect(asked.filter(({ kind }) => kind === 'consume')).toHaveLength(4);
});

test.describe('in a browser that attaches transforms late', () => {
  // What looks on is a worker that the page’s policy does not know.
  test.use({ bypassCSP: true });

  for (const late of ['task', 200] as const) {
    const when = late === 'task' ? 'in the next task' : `${late} ms later`;
    test(`A64: through the media server nothing goes out in the clear: ${when}`, async ({ page }) => {
      await open(page);
      await page.evaluate(watchWire);
      const room = [...randomBytes(16)];
      const seen = await page.evaluate(
        async ([late, room]) => {
          wire.late = late;
          const sides = await rig.openTwo('video');
          await rig.relay(sides, 2, Uint8Array.from(room));
          await rig.exchangeKeys(sides, 2);
          for (const side of sides) await rig.release(side, 2);
          await rig.until('frames', () => wire.sealed + wire.clear > 200 || undefined);
          return { clear: wire.clear };
        },
        [late, room] as const,
      );
      expect(seen).toEqual({ clear: 0 });
    });
  }
});
