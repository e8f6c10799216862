/** Calls between two people as they have them: two browsers with cameras of their own, a real server, everything between them encrypted. */
import { en } from '../../client/ui/text/en.ts';
import { CAMERAS, expect, test, testThree } from './fixtures.ts';
import { ADA, BOB } from './beginning.ts';
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
  for (const person of [ada, bob]) await expect(person.timeline.getByText(/Video call, /)).toHaveCount(1);
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
