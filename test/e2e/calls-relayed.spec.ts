/** Calls that find no direct way, or must not look for one: through the server's own media server, encrypted all the same. */
import { en } from '../../client/ui/text/en.ts';
import { WITH_CALLS } from '../support/call-settings.ts';
import { findWorker, mediaWorkers } from '../support/media-worker.ts';
import { ADA, BOB } from './beginning.ts';
import { CAMERAS, expect, test } from './fixtures.ts';
import { Caller } from './pages/call.page.ts';

/** The browser sends no UDP besides what a proxy carries, and there is none: what is left is TCP to the media server. */
const BLOCKED = ['--webrtc-ip-handling-policy=disable_non_proxied_udp'];

test.beforeAll(() => findWorker());

test.describe('with every direct path blocked', () => {
  test.use({ calling: { settings: WITH_CALLS, args: BLOCKED } });

  test('a call goes through the server, where each sees the other, and comes back when the media worker dies', async ({
    ada,
    bob,
  }) => {
    const [caller, callee] = [new Caller(ada, BOB.name), new Caller(bob, ADA.name)];
    await caller.call('video');
    await callee.expectRing('video');
    const acceptedAt = Date.now();
    await callee.accept();
    await Promise.all([caller.expectTalking(), callee.expectTalking()]);
    test.info().annotations.push({ type: 'accept to relayed', description: `${Date.now() - acceptedAt} ms` });
    await caller.expectColour(CAMERAS.bob);
    await callee.expectColour(CAMERAS.ada);
    for (const one of [caller, callee]) expect(await one.figure('way')).toBe(en.calls.stats.ways.relayed);
    expect(await callee.code()).toBe(await caller.code());

    const workers = mediaWorkers();
    expect(workers).toHaveLength(1);
    for (const pid of workers) process.kill(pid, 'SIGKILL');
    await expect(async () => {
      await Promise.all([caller.expectMoving(), callee.expectMoving()]);
      expect(mediaWorkers()).toHaveLength(1);
      expect(mediaWorkers()).not.toEqual(workers);
    }).toPass({ timeout: 90_000 });
    await caller.hangUp();
    await callee.expectEnd(en.calls.ended.hungUp);
  });
});

test.describe('who hides the own address', () => {
  test.use({ calling: { settings: WITH_CALLS } });

  test('is called, and calls, through the server alone', async ({ ada, bob }) => {
    await bob.page.goto(`${bob.origin}/settings`);
    await bob.page.getByRole('switch', { name: en.privacy.relayCalls }).click();
    await expect(bob.page.getByRole('switch', { name: en.privacy.relayCalls })).toBeChecked();
    const [caller, callee] = [new Caller(ada, BOB.name), new Caller(bob, ADA.name)];
    await caller.call('voice');
    await callee.expectRing('voice');
    await callee.accept();
    await Promise.all([caller.expectTalking(), callee.expectTalking()]);
    for (const one of [caller, callee]) {
      await one.expectFigure('opened', (frames) => frames > 20);
      expect(await one.figure('way')).toBe(en.calls.stats.ways.relayed);
    }
    await caller.hangUp();
    await callee.expectEnd(en.calls.ended.hungUp);
    await callee.call('voice');
    await caller.expectRing('voice');
    await caller.accept();
    await Promise.all([caller.expectTalking(), callee.expectTalking()]);
    for (const one of [caller, callee]) expect(await one.figure('way')).toBe(en.calls.stats.ways.relayed);
    await callee.hangUp();
  });
});
