/** A new chat by QR code: one shows the own invite, the other scans it; without a camera the field remains. */
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import config from '../../playwright.config.ts';
import { en } from '../../client/ui/text/en.ts';
import { writeFilm } from '../support/camera-film.ts';
import { expect, test } from './fixtures.ts';

const film = join(tmpdir(), `tacet-scan-${process.pid}.y4m`);
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

test('one shows a code, the other scans it, and both can talk', async ({ bob, carol }) => {
  await bob.button(en.list.newChat).first().click();
  await bob.button(en.newChat.invite).click();
  await writeFilm(film, bob.page.getByRole('img', { name: en.newInvite.qr }));

  await carol.page.context().grantPermissions(['camera']);
  await carol.button(en.list.newChat).first().click();
  await carol.button(en.newChat.scan).click();
  await carol.button(en.invite.follow).click();
  await expect(carol.composer).toBeVisible();
  await carol.send('Scanned you');
  // The code counts while it is shown: it is put away once she is in.
  await expect(bob.page.getByText('Scanned you').first()).toBeVisible();
  await bob.page.keyboard.press('Escape');
  await bob.item('Carol').click();
  await bob.expectOnce('Scanned you');
  await expect(bob.page.getByRole('heading', { level: 1, name: /Carol/ })).toContainText(
    en.trust.label['by-invite'],
  );
});

test('a code that was put away is no invite any more', async ({ ada, bob }) => {
  await bob.button(en.list.newChat).first().click();
  await bob.button(en.newChat.invite).click();
  await writeFilm(film, bob.page.getByRole('img', { name: en.newInvite.qr }));
  const withdrawn = bob.page.context().waitForEvent('response', {
    predicate: (response) =>
      response.request().method() === 'DELETE' && new URL(response.url()).pathname.startsWith('/v1/invites/'),
  });
  await bob.page.keyboard.press('Escape');
  expect((await withdrawn).status()).toBe(204);

  await ada.page.context().grantPermissions(['camera']);
  await ada.button(en.list.newChat).first().click();
  await ada.button(en.newChat.scan).click();
  await expect(ada.page.getByText(en.failures['invite-invalid'])).toBeVisible();
});

test('a code that is no invite says so in the dialog, and without permission the field remains', async ({
  ada,
  bob,
}) => {
  await bob.open('ada');
  await bob.page.getByRole('heading', { level: 1 }).getByRole('link').click();
  await bob.page.getByRole('link', { name: en.safety.compare }).last().click();
  await writeFilm(
    film,
    bob.page.getByRole('img', { name: en.safety.code.replace('{name}', 'Ada Lovelace') }),
  );
  await ada.button(en.list.newChat).first().click();
  await ada.button(en.newChat.scan).click();
  await expect(ada.page.getByText(en.newChat.noCamera.denied)).toBeVisible();
  await expect(ada.button(en.safety.stopScan)).toHaveCount(0);
  await ada.button(en.safety.endScan).click();
  await expect(ada.page.getByLabel(en.newChat.label)).toBeVisible();
  await ada.page.context().grantPermissions(['camera']);
  await ada.button(en.newChat.scan).click();
  await expect(ada.page.getByText(en.newChat.codeForeign)).toBeVisible();
});
