/** Calls through a media server that is a process of its own (`npm run sfu`), on its own address, that ends and comes back. */
import { en } from '../../client/ui/text/en.ts';
import { findLastingPort } from '../support/lasting-port.ts';
import { findWorker, mediaWorkers } from '../support/media-worker.ts';
import { startSfu, type SfuProcess } from '../support/sfu-process.ts';
import { ADA, BOB } from './beginning.ts';
import { CAMERAS, expect, test } from './fixtures.ts';
import { Caller } from './pages/call.page.ts';

const SECRET = 'a-secret-of-both-processes-and-nobody-else';

interface MediaServer {
  start(): Promise<void>;
  kill(): Promise<void>;
}

const apart = test.extend<{ readonly media: MediaServer; readonly controlPort: string }>({
  // Playwright reads the names of the fixtures from the pattern.
  // oxlint-disable-next-line no-empty-pattern
  controlPort: async ({}, use) => use(await findLastingPort()),
  media: async ({ controlPort }, use) => {
    const settings = {
      TACET_SFU_SECRET: SECRET,
      TACET_SFU_CONTROL_PORT: controlPort,
      TACET_SFU_PORT: await findLastingPort(),
      TACET_SFU_LISTEN: '127.0.0.1',
      TACET_SFU_WORKERS: '1',
      TACET_MEDIA_WORKER: await findWorker(),
    };
    let running: SfuProcess | undefined;
    const media: MediaServer = {
      async start() {
        running = await startSfu(settings);
        expect(running.line).toMatch(/^The media server is open at /);
      },
      kill: async () => running?.[Symbol.asyncDispose](),
    };
    await media.start();
    await use(media);
    await media.kill();
  },
  calling: async ({ controlPort }, use) =>
    use({
      settings: { TACET_SFU_URL: `ws://127.0.0.1:${controlPort}`, TACET_SFU_SECRET: SECRET },
      args: ['--webrtc-ip-handling-policy=disable_non_proxied_udp'],
    }),
});

apart(
  'a call goes through the media server of another process, and goes on when that one was killed and started again',
  async ({ media, ada, bob }) => {
    const [caller, callee] = [new Caller(ada, BOB.name), new Caller(bob, ADA.name)];
    await caller.call('video');
    await callee.expectRing('video');
    await callee.accept();
    await Promise.all([caller.expectColour(CAMERAS.bob), callee.expectColour(CAMERAS.ada)]);
    expect(mediaWorkers(), 'none of this process').toEqual([]);
    for (const one of [caller, callee]) expect(await one.figure('way')).toBe(en.calls.stats.ways.relayed);
    expect(await callee.code()).toBe(await caller.code());

    await media.kill();
    for (const one of [caller, callee])
      await expect(one.screen.getByText(en.calls.status.reconnecting).first()).toBeVisible({
        timeout: 60_000,
      });
    await media.start();
    await Promise.all([caller.expectMoving(), callee.expectMoving()]);
    for (const one of [caller, callee]) expect(await one.figure('way')).toBe(en.calls.stats.ways.relayed);
    expect(await callee.code()).toBe(await caller.code());
    await callee.hangUp();
    await caller.expectEnd(en.calls.ended.hungUp);
  },
);
