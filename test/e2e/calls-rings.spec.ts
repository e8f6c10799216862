/** What becomes of a ring in browsers that nobody sits at, and in those of somebody who has two. */
import { LIMITS } from '../../protocol/limits.ts';
import { en } from '../../client/ui/text/en.ts';
import { ADA, BOB } from './beginning.ts';
import { expect, test } from './fixtures.ts';
import { Caller } from './pages/call.page.ts';
import { Person } from './pages/person.page.ts';

test.use({ calling: {} });

test('a call that nobody takes ends by itself, and is a missed one there', async ({ ada, bob }) => {
  const [caller, callee] = [new Caller(ada, BOB.name), new Caller(bob, ADA.name)];
  await caller.call('voice');
  await callee.expectRing('voice');
  const words = en.calls.ended['no-answer'].replace('{name}', BOB.name);
  await expect(caller.screen.getByText(words)).toBeVisible({ timeout: LIMITS.callRingMs + 60_000 });
  await expect(caller.screen.getByRole('button', { name: en.calls.ended.again })).toBeVisible();
  await expect(bob.page.getByRole('alertdialog')).toHaveCount(0);
  await expect(bob.timeline.getByText(en.calls.lines.audio.missed)).toHaveCount(1);
  await ada.button(en.common.close).click();
  await expect(ada.timeline.getByText(en.calls.lines.audio.unanswered)).toHaveCount(1);
});

test('all devices ring, and where one takes the call the others are still and say so', async ({
  ada,
  bob,
  host,
  newBrowser,
}) => {
  const second = new Person(await newBrowser(), host.origin, BOB);
  await second.signIn(bob.passphrase);
  await second.expectHome();
  await second.open(ADA.name);
  await ada.open(BOB.name);
  await ada.send('to both of them');
  await second.expectOnce('to both of them');

  const caller = new Caller(ada, BOB.name);
  const [here, there] = [new Caller(bob, ADA.name), new Caller(second, ADA.name)];
  await caller.call('voice');
  await Promise.all([here.expectRing('voice'), there.expectRing('voice')]);
  await there.accept();
  await Promise.all([caller.expectTalking(), there.expectTalking()]);
  await expect(bob.page.getByRole('alertdialog')).toHaveCount(0);
  await expect(bob.timeline.getByText(en.calls.lines.audio.elsewhere)).toHaveCount(1);
  await expect(here.screen, 'nothing of it is shown here').toHaveCount(0);
  await caller.hangUp();
  await there.expectEnd(en.calls.ended.hungUp);
});
