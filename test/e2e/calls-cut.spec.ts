/** The network goes in the middle of a call, for a moment or for good, and the call goes on; and nothing of that seals two frames alike. */
import type { Page } from '@playwright/test';
import { parseHeader } from '../../crypto/sframe/header.ts';
import { en } from '../../client/ui/text/en.ts';
import { WITH_CALLS } from '../support/call-settings.ts';
import { captureFrames, tapMediaServer } from '../support/captured-frames.ts';
import { findWorker, mediaWorkers } from '../support/media-worker.ts';
import { countRepeats, tapSeals, type SealedFrame } from '../support/seal-tap.ts';
import { ADA, BOB } from './beginning.ts';
import { openCutNetwork } from './cut-network.ts';
import { CAMERAS, expect, test } from './fixtures.ts';
import { Caller } from './pages/call.page.ts';
import type { Person } from './pages/person.page.ts';

/** Before the first server of this process begins. */
const tapped = tapMediaServer();
test.afterAll(() => tapped.stop());
test.beforeAll(() => findWorker());

/** Has the page keep what the browser's media workers seal from now on. The answer gives it so far. */
async function keepSeals(page: Page): Promise<() => Promise<readonly SealedFrame[]>> {
  await page.evaluate(() => {
    const sealed: unknown[] = [];
    Object.assign(globalThis, { sealed });
    new BroadcastChannel('sealed').onmessage = ({ data }) => sealed.push(data);
  });
  await page.route(/\/media\.worker[^/]*\.js$/, async (route) => {
    const response = await route.fetch();
    const { 'content-encoding': _, 'content-length': __, ...headers } = response.headers();
    const tap = `{ const told = new BroadcastChannel('sealed'); (${tapSeals.toString()})((one) => told.postMessage(one)); }`;
    await route.fulfill({ response, headers, body: `${tap}\n${await response.text()}` });
  });
  return () =>
    // What the script above keeps in the page has no type here.
    page.evaluate(() => (globalThis as unknown as { readonly sealed: readonly SealedFrame[] }).sealed);
}

async function beginVideo(ada: Person, bob: Person): Promise<readonly [Caller, Caller]> {
  const [caller, callee] = [new Caller(ada, BOB.name), new Caller(bob, ADA.name)];
  await caller.call('video');
  await callee.expectRing('video');
  await callee.accept();
  await Promise.all([caller.expectTalking(), callee.expectTalking()]);
  await caller.expectColour(CAMERAS.bob);
  await callee.expectColour(CAMERAS.ada);
  return [caller, callee];
}

function expectBothMoving(pair: readonly Caller[]): Promise<unknown> {
  return Promise.all(pair.map((one) => one.expectMoving()));
}

type Sealer = Awaited<ReturnType<typeof keepSeals>>;

/** Does something, after which these send sound and picture under other keys. */
async function expectAnew(sealers: readonly Sealer[], act: () => Promise<unknown>): Promise<void> {
  const keysOf = async (sealer: Sealer) => new Set((await sealer()).map(({ key }) => key)).size;
  const before = await Promise.all(sealers.map(keysOf));
  await act();
  for (const [i, sealer] of sealers.entries())
    await expect.poll(() => keysOf(sealer), { timeout: 90_000 }).toBeGreaterThanOrEqual((before[i] ?? 0) + 2);
}

function expectReconnecting(pair: readonly Caller[]): Promise<unknown> {
  const words = en.calls.status.reconnecting;
  return Promise.all(pair.map(({ screen }) => expect(screen.getByText(words).first()).toBeVisible()));
}

test.describe('between two browsers', () => {
  test.use({ calling: { settings: WITH_CALLS } });

  test('a network that is cut: by other addresses, then through the server, and no key meets a counter twice', async ({
    ada,
    bob,
  }) => {
    const line = await openCutNetwork([ada.page, bob.page]);
    const sealers = [await keepSeals(ada.page), await keepSeals(bob.page)];
    const pair = await beginVideo(ada, bob);
    const [caller, callee] = pair;
    const code = await caller.code();
    expect(await caller.figure('way')).toBe(en.calls.stats.ways.direct);

    // The addresses that they had are of no use any more; others are found.
    line.cut();
    await expectReconnecting(pair);
    await expectBothMoving(pair);
    for (const one of pair) expect(await one.figure('way')).toBe(en.calls.stats.ways.direct);

    await callee.press(en.calls.cameraOff);
    await expect(caller.picture()).toHaveCount(0);
    await callee.press(en.calls.cameraOn);
    await caller.expectColour(CAMERAS.bob);

    // None is of use.
    await expectAnew(sealers, async () => {
      line.takeDown();
      await expectReconnecting(pair);
    });
    await expectBothMoving(pair);
    for (const one of pair) expect(await one.figure('way')).toBe(en.calls.stats.ways.relayed);

    const workers = mediaWorkers();
    expect(workers).toHaveLength(1);
    await expectAnew(sealers, async () => {
      for (const pid of workers) process.kill(pid, 'SIGKILL');
    });
    await expectBothMoving(pair);

    // Only the one whose media worker ends begins anew.
    const media = bob.page.workers().filter((worker) => worker.url().includes('/media.worker'));
    expect(media).toHaveLength(1);
    await expectAnew(sealers.slice(1), () =>
      Promise.all(media.map((worker) => worker.evaluate(() => close()).catch(() => undefined))),
    );
    await expectBothMoving(pair);
    expect(await callee.code()).toBe(code);

    // What the media server has in its hands was sealed here, and heard of.
    const cameras = tapped.producers.filter(({ producer }) => !producer.closed && producer.kind === 'video');
    expect(cameras.length).toBeGreaterThanOrEqual(2);
    for (const camera of cameras.slice(-2)) {
      const frames = await captureFrames(camera, 20);
      const wire = frames.map((frame) => frame.subarray(1, 1 + parseHeader(frame, 1).length));
      await expect
        .poll(async () => {
          const heard = (await Promise.all(sealers.map((sealed) => sealed()))).flat();
          const known = new Set(heard.map(({ header }) => header));
          return wire.filter((header) => !known.has(Buffer.from(header).toString('hex')));
        })
        .toEqual([]);
    }
    await caller.hangUp();
    await callee.expectEnd(en.calls.ended.hungUp);
    line.close();

    for (const sealer of sealers) {
      const sealed = await sealer();
      expect(sealed.length).toBeGreaterThan(100);
      const keys = new Set(sealed.map(({ key }) => key));
      expect(keys.size, 'each way and place has others').toBeGreaterThanOrEqual(6);
      expect(countRepeats(sealed.map(({ key, nonce }) => `${key} ${nonce}`)), 'key and nonce').toBe(0);
      expect(countRepeats(sealed.map(({ header }) => header)), 'key id and counter').toBe(0);
    }
  });
});

test.describe('through the server', () => {
  test.use({
    calling: { settings: WITH_CALLS, args: ['--webrtc-ip-handling-policy=disable_non_proxied_udp'] },
  });

  test('a server that ends and comes back: the call goes on', async ({ ada, bob, host }) => {
    const pair = await beginVideo(ada, bob);
    const [caller, callee] = pair;
    const code = await caller.code();
    for (const one of pair) expect(await one.figure('way')).toBe(en.calls.stats.ways.relayed);
    await host.stop();
    await expectReconnecting(pair);
    await host.startAgain();
    await expectBothMoving(pair);
    await caller.expectColour(CAMERAS.bob);
    await callee.expectColour(CAMERAS.ada);
    for (const one of pair) expect(await one.code()).toBe(code);
    // What is said comes by a new socket.
    await callee.press(en.calls.cameraOff);
    await expect(caller.picture()).toHaveCount(0);
    await caller.hangUp();
    await callee.expectEnd(en.calls.ended.hungUp);
  });
});
