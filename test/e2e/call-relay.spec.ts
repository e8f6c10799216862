/** The window's part of calls through the real media server: two people with fake devices, driven as core drives it. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { expect, test, type Page } from '@playwright/test';
import { CallAnswer, CallEvent } from '@tacet/protocol/calls/answers';
import { parseCallRequest, type CallRequest } from '@tacet/protocol/calls/requests';
import { decodeCbor, encodeCbor, parseCbor } from '@tacet/protocol/cbor';
import { openSfu, type CallChannel, type EmbeddedSfu } from '@tacet/sfu';
import { openBuiltPage } from '../support/built-page.ts';
import { callLaunchOptions } from '../support/chromium.ts';
import { findWorker } from '../support/media-worker.ts';
import type { ServedFiles } from '../support/serve-files.ts';
import type { Rig } from './calls/page.ts';

declare const rig: Rig;

test.use({ launchOptions: callLaunchOptions });
test.describe.configure({ mode: 'default' });

let site: ServedFiles;
let sfu: EmbeddedSfu;
test.beforeAll(async () => {
  site = await openBuiltPage(join(import.meta.dirname, 'calls', 'page.ts'));
  sfu = await openSfu({
    settings: { workerPath: await findWorker(), workers: 1, listenIp: '127.0.0.1', port: 0 },
    log: () => undefined,
  });
});
test.afterAll(async () => {
  await site.close();
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
  page.on('console', (line) => console.log(line.text()));
  await page.goto(site.url);
  await page.waitForFunction(() => 'rig' in globalThis);
  return asked;
}

test('two people hear and see each other through the media server, each stream under keys of its own', async ({
  page,
}) => {
  const asked = await open(page);
  const room = [...randomBytes(16)];
  const seen = await page.evaluate(async (room) => {
    const sides = await rig.openTwo('audio');
    const [ada, ben] = sides;
    await rig.relay(sides, 1, Uint8Array.from(room));
    for (const side of sides) await side.hear('way', ({ state }) => state === 'connected');
    await rig.exchangeKeys(sides);
    const { send } = ada.streams(1).audio;
    await ada.media('attached', ({ stream }) => stream === send);
    const withheld = [await ada.isStill(1, 'sent', 'audio'), ada.frames(1, 'sent', 'audio')];
    for (const side of sides) await rig.release(side);
    for (const side of sides) {
      await side.flows(1, 'sent', 'audio');
      await side.flows(1, 'received', 'audio');
    }
    await ada.stage.setCamera(true);
    await ben.flows(1, 'received', 'camera');
    const colour = await rig.colour(ben.stage.theirs.value.camera);
    await ada.stage.setCamera(false);
    const still = await ada.isStill(1, 'sent', 'camera');
    await ada.stage.setCamera(true);
    await ben.flows(1, 'received', 'camera');
    await ada.core.restartRelay({ connection: 1 });
    await ben.flows(1, 'received', 'camera');
    await ada.flows(1, 'received', 'audio');
    const figures = ada.told.findLast((told) => told.kind === 'figures');
    return { withheld, colour, still, figures, counts: await ada.counts() };
  }, room);
  console.log(JSON.stringify(seen), JSON.stringify(asked));
  expect(seen.withheld).toEqual([true, 0]);
});
