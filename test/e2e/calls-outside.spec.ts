/** A call in a small window above other programs, by the browser's own picture-in-picture, of a page or of a video. */
import type { Page } from '@playwright/test';
import { en } from '../../client/ui/text/en.ts';
import { CAMERAS, expect, test } from './fixtures.ts';
import { ADA, BOB } from './beginning.ts';
import { Caller } from './pages/call.page.ts';
import type { Person } from './pages/person.page.ts';

test.use({ calling: {} });

/** As large as such a window is when a person opens it. */
const SIZE = { width: 320, height: 240 };

/** Two who talk, the first by a press in the conversation. */
async function talk(ada: Person, bob: Person): Promise<readonly [Caller, Caller]> {
  const [caller, callee] = [new Caller(ada, BOB.name), new Caller(bob, ADA.name)];
  await caller.call('video');
  await callee.expectRing('video');
  await callee.accept();
  await Promise.all([caller.expectTalking(), callee.expectTalking()]);
  await caller.expectColour(CAMERAS.bob);
  return [caller, callee];
}

/** Takes the call out of the page, and gives the window that it is in then. */
async function takeOut(caller: Caller): Promise<Page> {
  const opening = caller.person.page.context().waitForEvent('page');
  await caller.choose(en.calls.inPicture);
  const outside = await opening;
  await outside.setViewportSize(SIZE);
  await expect(outside.getByRole('main')).toBeVisible();
  return outside;
}

test('a call is taken out into a small window, is held from there, and comes back', async ({ ada, bob }) => {
  const [caller, callee] = await talk(ada, bob);
  const outside = await takeOut(caller);
  await expect(caller.screen, 'the page shows the chat').toHaveCount(0);
  const picture = outside.getByLabel(en.calls.picture.theirs.replace('{name}', BOB.name), { exact: true });
  await expect(picture).toBeVisible();
  await expect
    .poll(() =>
      picture.evaluate((video: HTMLVideoElement) => video.getVideoPlaybackQuality().totalVideoFrames),
    )
    .toBeGreaterThan(10);
  const hangUp = outside.getByRole('button', { name: en.calls.hangUp, exact: true });
  await expect(hangUp, 'it looks as in the page').toHaveCSS('border-radius', '50%');

  await outside.getByRole('button', { name: en.calls.microphoneOff, exact: true }).click();
  await expect(outside.getByText(en.calls.myMicrophoneIsOff)).toBeVisible();
  await expect(
    callee.screen.getByText(en.calls.theirMicrophoneIsOff.replace('{name}', ADA.name)).first(),
  ).toBeVisible();
  await outside.getByRole('button', { name: en.calls.microphoneOn, exact: true }).click();
  await callee.press(en.calls.cameraOff);
  await expect(outside.getByText(BOB.name, { exact: true })).toBeVisible();
  for (const size of [SIZE, { width: 200, height: 140 }]) {
    await outside.setViewportSize(size);
    for (const shown of [outside.getByText(BOB.name, { exact: true }), outside.getByRole('timer')]) {
      const [place, buttons] = await Promise.all([shown.boundingBox(), hangUp.boundingBox()]);
      expect((place?.y ?? 0) + (place?.height ?? 0), 'nothing lies on the words').toBeLessThanOrEqual(
        buttons?.y ?? 0,
      );
    }
  }

  const closing = outside.waitForEvent('close');
  await ada.page.getByRole('button', { name: en.calls.expand, exact: true }).first().click();
  await closing;
  await caller.expectTalking();

  const again = await takeOut(caller);
  const ending = again.waitForEvent('close');
  await again.getByRole('button', { name: en.calls.hangUp, exact: true }).click();
  await ending;
  await callee.expectEnd(en.calls.ended.hungUp);
});

test('the small window goes when the other one hangs up, and one that the person closes brings the call back', async ({
  ada,
  bob,
}) => {
  const [caller, callee] = await talk(ada, bob);
  const outside = await takeOut(caller);
  await outside.close();
  await caller.expectTalking();
  const again = await takeOut(caller);
  const closing = again.waitForEvent('close');
  await callee.hangUp();
  await closing;
  await caller.expectEnd(en.calls.ended.hungUp);
});

test('a browser without such windows takes the other one’s picture out', async ({ ada, bob }) => {
  await ada.page.addInitScript(() => {
    Reflect.deleteProperty(globalThis, 'documentPictureInPicture');
  });
  await ada.page.reload();
  const [caller, callee] = await talk(ada, bob);
  const isOut = (): Promise<boolean> => ada.page.evaluate(() => document.pictureInPictureElement !== null);
  expect(await isOut()).toBe(false);
  await caller.choose(en.calls.inPicture);
  await expect.poll(isOut).toBe(true);
  await callee.hangUp();
  await caller.expectEnd(en.calls.ended.hungUp);
  await expect.poll(isOut, 'it goes with the call').toBe(false);
});
