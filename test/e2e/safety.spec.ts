/** Safety numbers: compared by their digits, scanned by a camera, marked and unmarked. The camera plays a film of the other's screen. */
import { rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import config from '../../playwright.config.ts';
import { en } from '../../client/ui/text/en.ts';
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

test.afterAll(() => rm(film, { force: true }));

/** The digits as they are read out. */
async function digitsOf(person: Person, name: string): Promise<string> {
  const group = person.page.getByRole('group', { name: named(en.safety.digits, name) });
  await expect(group).toBeVisible();
  return ((await group.textContent()) ?? '').replace(/\D/g, '');
}

/** Dark modules of the code on somebody's screen, and its side with the white around. */
async function modulesOf(person: Person, name: string): Promise<{ side: number; dark: Set<string> }> {
  const code = person.page.getByRole('img', { name: named(en.safety.code, name) });
  const side = Number((await code.getAttribute('viewBox'))?.split(' ')[2]);
  const path = (await code.locator('path').getAttribute('d')) ?? '';
  const dark = new Set([...path.matchAll(/M(\d+) (\d+)h/g)].map(([, x, y]) => `${x} ${y}`));
  return { side, dark };
}

/** Puts a screen before the camera: a grey film of 640 × 480 in YUV4MPEG2. */
async function show(person: Person, name: string): Promise<void> {
  const { side, dark } = await modulesOf(person, name);
  const [width, height] = [640, 480];
  const scale = Math.floor(height / side);
  const luma = Buffer.alloc(width * height, 235);
  for (let y = 0; y < side * scale; y += 1) {
    for (let x = 0; x < side * scale; x += 1) {
      if (dark.has(`${Math.floor(x / scale)} ${Math.floor(y / scale)}`)) luma[y * width + x] = 16;
    }
  }
  const frame = Buffer.concat([Buffer.from('FRAME\n'), luma, Buffer.alloc((width * height) / 2, 128)]);
  const header = Buffer.from(`YUV4MPEG2 W${width} H${height} F10:1 Ip A1:1 C420jpeg\n`);
  await writeFile(film, Buffer.concat([header, frame, frame, frame, frame]));
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

test('a scanned code that is equal marks as verified, one of another conversation does not', async ({
  ada,
  bob,
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
});

test('without the camera’s permission the digits remain, and it says so', async ({ ada, bob }) => {
  await openSafety(ada, bob.name);
  await ada.button(en.safety.scan).click();
  await expect(ada.page.getByText(en.safety.cameraState.denied)).toBeVisible();
  await ada.button(en.safety.stopScan).click();
  await expect(ada.button(en.safety.scan)).toBeVisible();
});
