/** Calls between two people as they have them: two browsers with cameras of their own, a real server, everything between them encrypted. */
import { en } from '../../client/ui/text/en.ts';
import { CAMERAS, expect, test, testThree } from './fixtures.ts';
import { ADA, BOB, CAROL } from './beginning.ts';
import { Caller } from './pages/call.page.ts';

test.use({ calling: {} });

test('a video call: each sees the other’s camera, both read one code, and both keep a line of it', async ({
  ada,
  bob,
}) => {
  const [caller, callee] = [new Caller(ada, BOB.name), new Caller(bob, ADA.name)];
  await caller.call('video');
  await callee.expectRing('video');
  await callee.accept();
  await Promise.all([caller.expectTalking(), callee.expectTalking()]);
  await caller.expectColour(CAMERAS.bob);
  await callee.expectColour(CAMERAS.ada);
  await Promise.all([caller.expectMoving(), callee.expectMoving()]);
  for (const one of [caller, callee]) {
    await one.expectFigure('sealed', (frames) => frames > 20);
    await one.expectFigure('opened', (frames) => frames > 20);
    expect(await one.figure('way')).toBe(en.calls.stats.ways.direct);
  }
  const code = await caller.code();
  expect(code).toMatch(/^\d{6}$/);
  expect(await callee.code()).toBe(code);
  await callee.hangUp();
  await caller.expectEnd(en.calls.ended.hungUp);
  const line = /Video call, /;
  for (const person of [ada, bob]) await expect(person.timeline.getByText(line)).toHaveCount(1);
  for (const [person, other] of [
    [ada, BOB.name],
    [bob, ADA.name],
  ] as const) {
    await person.page.reload();
    await person.open(other);
    await expect(person.timeline.getByText(line), 'it is kept').toHaveCount(1);
  }
});

test('a voice call to which a picture and a screen are added, and microphones that are shown as off', async ({
  ada,
  bob,
}) => {
  const [caller, callee] = [new Caller(ada, BOB.name), new Caller(bob, ADA.name)];
  await caller.call('voice');
  await callee.expectRing('voice');
  await callee.accept();
  await Promise.all([caller.expectTalking(), callee.expectTalking()]);
  await expect(caller.picture()).toHaveCount(0);
  await callee.expectFigure('opened', (frames) => frames > 20);

  await caller.press(en.calls.cameraOn);
  await callee.expectColour(CAMERAS.ada);
  await callee.press(en.calls.microphoneOff);
  await expect(
    caller.screen.getByText(en.calls.theirMicrophoneIsOff.replace('{name}', BOB.name)).first(),
  ).toBeVisible();
  await callee.press(en.calls.screenOn);
  await expect(caller.picture('screen')).toBeVisible();
  await caller.expectMoving('screen');
  await callee.press(en.calls.screenOff);
  await expect(caller.picture('screen')).toHaveCount(0);
  await caller.press(en.calls.cameraOff);
  await expect(callee.picture()).toHaveCount(0);
  await caller.hangUp();
  await callee.expectEnd(en.calls.ended.hungUp);
});

test('a call that is declined, and one that is given up before anybody took it', async ({ ada, bob }) => {
  const [caller, callee] = [new Caller(ada, BOB.name), new Caller(bob, ADA.name)];
  await caller.call('voice');
  await callee.expectRing('voice');
  await bob.button(en.calls.incoming.decline).click();
  await caller.expectEnd(en.calls.ended.declined);
  await ada.button(en.common.close).click();

  await caller.call('voice');
  await callee.expectRing('voice');
  await caller.hangUp();
  await expect(bob.timeline.getByText(en.calls.lines.audio.missed)).toHaveCount(1);
});

test('two who call each other at the same moment are in one call, and each sees the other’s camera', async ({
  ada,
  bob,
}) => {
  const [one, other] = [new Caller(ada, BOB.name), new Caller(bob, ADA.name)];
  await Promise.all([one.wish('video'), other.wish('video')]);
  await Promise.all([one.begin(), other.begin()]);
  await Promise.all([one.expectTalking(), other.expectTalking()]);
  await one.expectColour(CAMERAS.bob);
  await other.expectColour(CAMERAS.ada);
  await Promise.all([one.expectMoving(), other.expectMoving()]);
  await one.hangUp();
  await other.expectEnd(en.calls.ended.hungUp);
});

testThree('who is in a call is busy for others', async ({ ada, bob, carol }) => {
  const [caller, callee] = [new Caller(ada, BOB.name), new Caller(bob, ADA.name)];
  await caller.call('voice');
  await callee.expectRing('voice');
  await callee.accept();
  await callee.expectTalking();
  await carol.open(ADA.name);
  const third = new Caller(carol, ADA.name);
  await third.call('voice');
  await third.expectEnd(en.calls.ended.busy);
  await caller.expectTalking();
  await caller.hangUp();
  await callee.expectEnd(en.calls.ended.hungUp);
});

testThree(
  'a press takes the call that it was meant for, and not one that rings instead meanwhile',
  async ({ ada, bob, carol }) => {
    await ada.page.addInitScript(() => {
      const devices = navigator.mediaDevices;
      const opens = devices.getUserMedia.bind(devices);
      const leave = new Promise<void>((resolve) => {
        addEventListener('leave-given', () => resolve());
      });
      // As a browser that asks whether the microphone may be used.
      devices.getUserMedia = async (wanted) => {
        const stream = await opens(wanted);
        Object.assign(globalThis, { opened: stream });
        await leave;
        return stream;
      };
    });
    await ada.page.reload();
    const [first, second] = [new Caller(bob, ADA.name), new Caller(carol, ADA.name)];
    const [callee, next] = [new Caller(ada, BOB.name), new Caller(ada, CAROL.name)];
    await first.call('voice');
    await callee.expectRing('voice');
    await callee.accept();
    await ada.page.waitForFunction(() => 'opened' in globalThis);
    await first.hangUp();
    await second.call('voice');
    await next.expectRing('voice');
    await ada.page.evaluate(() => dispatchEvent(new Event('leave-given')));
    await ada.page.waitForFunction(() => {
      // Kept in the page by what was evaluated above.
      const { opened } = globalThis as unknown as { readonly opened: MediaStream };
      return opened.getTracks().every(({ readyState }) => readyState === 'ended');
    });
    await next.expectRing('voice');
    await expect(second.screen.getByRole('timer')).toHaveCount(0);
    await next.accept();
    await Promise.all([second.expectTalking(), next.expectTalking()]);
  },
);
