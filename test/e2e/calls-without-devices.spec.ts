/** A call in a browser on a machine that has neither a microphone nor a camera. */
import { en } from '../../client/ui/text/en.ts';
import { bareLaunchOptions } from '../support/chromium.ts';
import { BOB } from './beginning.ts';
import { expect, test } from './fixtures.ts';

test.use({ launchOptions: bareLaunchOptions });

test('who has no microphone is told so and begins no call; a press tries again', async ({ ada, bob }) => {
  const { title, text } = en.calls.trouble.microphone.absent;
  await ada.open(BOB.name);
  await ada.page.evaluate(noteAsked);
  for (const media of ['voice', 'video'] as const) {
    await ada.button(en.calls[media]).click();
    const look = ada.page.getByRole('dialog', { name: en.calls.before.title.replace('{name}', BOB.name) });
    const told = look.getByRole('alert').filter({ hasText: title });
    const start = look.getByRole('button', { name: en.calls.before.start });
    await expect(told).toContainText(text);
    await expect(start).toBeDisabled();
    await look.getByRole('button', { name: en.common.retry }).click();
    await expect(told).toBeVisible();
    await expect(start).toBeDisabled();
    await look.getByRole('button', { name: en.common.cancel }).click();
    await expect(look).toHaveCount(0);
  }
  const asked = (): Promise<readonly string[]> =>
    ada.page.evaluate(() => Reflect.get(window, 'asked') as readonly string[]);
  const [forVoice, forVideo] = [['audio'], ['audio and video', 'audio']];
  await expect
    .poll(asked, 'without a microphone nobody asks for the camera alone')
    .toEqual([...forVoice, ...forVoice, ...forVideo, ...forVideo]);
  await ada.send('Then I write');
  await bob.expectOnce('Then I write');
  await expect(bob.timeline.getByText(en.calls.lines.audio.missed), 'nothing rang').toHaveCount(0);
});

/** Notes what the page asks the browser for. */
function noteAsked(): void {
  const asked: string[] = [];
  Reflect.set(window, 'asked', asked);
  const open = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  navigator.mediaDevices.getUserMedia = (constraints) => {
    asked.push(Object.keys(constraints ?? {}).join(' and '));
    return open(constraints);
  };
}
