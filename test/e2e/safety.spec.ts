/** Safety numbers: compared by their digits, scanned by a camera, marked and unmarked. The camera plays a film of the other's screen. */
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import config from '../../playwright.config.ts';
import { en } from '../../client/ui/text/en.ts';
import { writeFilm } from '../support/camera-film.ts';
import { changeKey } from '../support/change-key.ts';
import { expect, test } from './fixtures.ts';
import type { Person } from './pages/person.page.ts';
import { named, openSafety } from './pages/safety.page.ts';

const film = join(tmpdir(), `tacet-camera-${process.pid}.y4m`);
const launch = config.use?.launchOptions ?? {};

test.use({
  launchOptions: {
    ...launch,
    args: [
      ...(launch.args ?? []),
      '--use-fake-device-for-media-stream',
      `--use-file-for-fake-video-capture=${film}`,
    ],
  },
});

// One worker, and with it one browser whose camera plays the film, takes all.
test.describe.configure({ mode: 'default' });

test.afterAll(() => rm(film, { force: true }));

/** The digits as they are read out. */
async function digitsOf(person: Person, name: string): Promise<string> {
  const group = person.page.getByRole('group', { name: named(en.safety.digits, name) });
  await expect(group).toBeVisible();
  return ((await group.textContent()) ?? '').replace(/\D/g, '');
}

/** Puts somebody's screen before the camera. */
async function show(person: Person, name: string): Promise<void> {
  await writeFilm(film, person.page.getByRole('img', { name: named(en.safety.code, name) }));
}

test('both read the same digits, mark each other by the keyboard, and can take it back', async ({
  ada,
  bob,
}) => {
  await openSafety(bob, 'ada');
  await openSafety(ada, 'Bob');
  const digits = await digitsOf(ada, 'Bob');
  expect(digits).toHaveLength(120);
  expect(await digitsOf(bob, 'Ada Lovelace')).toBe(digits);
  await ada.button(en.safety.verify).focus();
  await ada.page.keyboard.press('Enter');
  await expect(ada.button(en.safety.unverify)).toBeVisible();
  await ada.page.reload();
  await ada.button(en.safety.unverify).click();
  await expect(ada.button(en.safety.verify)).toBeVisible();
});

test('a scanned code that is equal marks as verified, one of another conversation does not; later one that is equal to the key from before keeps that key', async ({
  ada,
  bob,
  host,
}) => {
  await openSafety(bob, 'ada');
  await openSafety(ada, 'Bob');
  await ada.page.context().grantPermissions(['camera']);
  await show(ada, 'Bob');
  await ada.button(en.safety.scan).click();
  await expect(ada.page.getByText(named(en.safety.readings['another-person'], 'Bob'))).toBeVisible();
  await expect(ada.button(en.safety.verify)).toBeVisible();
  await show(bob, 'Ada Lovelace');
  await ada.button(en.safety.scan).click();
  await expect(ada.page.getByText(named(en.safety.readings.equal, 'Bob'))).toBeVisible();
  await expect(ada.button(en.safety.unverify)).toBeVisible();

  const undo = await changeKey(host, 'bob');
  await ada.page.goto(ada.origin);
  await ada.open('Bob');
  await ada.composer.fill('For the real one');
  await ada.composer.press('Enter');
  const bar = ada.page.getByRole('region', { name: named(en.safety.blockedTitle, 'Bob') });
  await bar.getByRole('link', { name: en.safety.compare }).click();
  await ada.button(en.safety.scan).click();
  await expect(ada.page.getByText(named(en.safety.readings['equal-to-earlier'], 'Bob'))).toBeVisible();
  await undo();
  await ada.button(en.safety.keepEarlier).click();
  await expect(ada.button(en.safety.unverify)).toBeVisible();
  await ada.page.goBack();
  await ada.expectDelivery('For the real one', 'sent');
  await bob.page.goto(bob.origin);
  await bob.open('Ada');
  await bob.expectOnce('For the real one');
  await expect(ada.page.getByRole('heading', { level: 1, name: /Bob/ })).toContainText(
    en.trust.label.verified,
  );
  await expect(ada.timeline.locator('[data-event="key-changed"]')).toHaveCount(1);
});

test('without the camera’s permission the digits remain, and it says so', async ({ ada, bob }) => {
  await openSafety(ada, bob.name);
  // There is a camera, but it may not be used.
  await show(ada, bob.name);
  await ada.button(en.safety.scan).click();
  await expect(ada.page.getByText(en.safety.cameraState.denied)).toBeVisible();
  await expect(ada.button(en.safety.endScan)).toBeFocused();
  await ada.button(en.safety.endScan).click();
  await expect(ada.button(en.safety.scan)).toBeFocused();
});
