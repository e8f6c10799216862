/** A new chat by QR code: one shows the own invite, the other scans it, and both say who is there; without a camera the field remains. */
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import config from '../../playwright.config.ts';
import { en } from '../../client/ui/text/en.ts';
import { writeFilm } from '../support/camera-film.ts';
import { expect, test, testThree } from './fixtures.ts';
import { Person } from './pages/person.page.ts';

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

/** The number that a screen asks to compare. */
async function numberOn({ page }: Person): Promise<string> {
  const shown = page.getByRole('group', { name: en.encounter.number }).locator('[aria-hidden]');
  return (await shown.textContent()) ?? '';
}

/** How a button that shows this number is called. */
function spoken(number: string): string {
  return number.replace(' ', '').split('').join(' ');
}

testThree(
  'one shows a code, the other scans it, and both are verified once both say so',
  async ({ bob, carol }) => {
    await bob.button(en.list.newChat).first().click();
    await bob.button(en.newChat.invite).click();
    await writeFilm(film, bob.page.getByRole('img', { name: en.newInvite.qr }));

    await carol.page.context().grantPermissions(['camera']);
    await carol.button(en.list.newChat).first().click();
    await carol.button(en.newChat.scan).click();
    await carol.button(en.invite.follow).click();
    await expect(carol.button(en.encounter.confirm)).toBeVisible();
    await expect(
      bob.page.getByRole('heading', { name: en.encounter.title.replace('{name}', 'Carol') }),
    ).toBeVisible();
    // The code is put away once it is answered.
    await expect(bob.page.getByRole('img', { name: en.newInvite.qr })).toHaveCount(0);
    const number = await numberOn(carol);
    expect(number).toMatch(/^\d{3} \d{3}$/);
    await expect(bob.page.getByRole('group', { name: en.encounter.number })).toHaveCount(0);
    await carol.button(en.encounter.confirm).click();
    await expect(carol.page.getByText(en.encounter.confirmed.replace('{name}', 'Bob'))).toBeVisible();
    // What was answered and what is asked is there after a reload.
    await bob.page.reload();
    await expect(bob.button(en.encounter.none)).toBeVisible();
    // Put aside by Escape it is not refused.
    await bob.page.keyboard.press('Escape');
    await bob.button(en.list.encounterOpen).click();
    await bob.button(spoken(number)).click();
    for (const [person, name] of [
      [bob, 'Carol'],
      [carol, 'Bob'],
    ] as const) {
      await expect(
        person.page.getByRole('heading', { name: en.encounter.metTitle.replace('{name}', name) }),
      ).toBeVisible();
      await person.page.keyboard.press('Escape');
      await expect(person.page.getByRole('dialog')).toHaveCount(0);
    }
    await carol.send('Scanned you');
    await bob.item('Carol').click();
    await bob.expectOnce('Scanned you');
    for (const [{ page }, name] of [
      [bob, /Carol/],
      [carol, /Bob/],
    ] as const) {
      await expect(page.getByRole('heading', { level: 1, name })).toContainText(en.trust.label.verified);
    }
  },
);

test('a code that was put away is no invite any more; who says no to the next one verifies nobody', async ({
  ada,
  bob,
}) => {
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
  await ada.page.keyboard.press('Escape');

  await bob.button(en.list.newChat).first().click();
  await bob.button(en.newChat.invite).click();
  await writeFilm(film, bob.page.getByRole('img', { name: en.newInvite.qr }));
  await ada.button(en.list.newChat).first().click();
  await ada.button(en.newChat.scan).click();
  await ada.button(en.invite.follow).click();
  await expect(ada.button(en.encounter.confirm)).toBeVisible();
  const number = await numberOn(ada);
  await ada.button(en.encounter.refuse).click();
  await expect(ada.page.getByRole('heading', { name: en.encounter.refusedTitle })).toBeVisible();
  await bob.button(spoken(number)).click();
  await expect(
    bob.page.getByRole('heading', { name: en.encounter.confirmedTitle.replace('{name}', 'Ada Lovelace') }),
  ).toBeVisible();
  for (const { page } of [ada, bob]) {
    await page.keyboard.press('Escape');
    await expect(page.getByRole('dialog')).toHaveCount(0);
  }
  await bob.open('Ada');
  for (const [{ page }, name] of [
    [ada, /Bob/],
    [bob, /Ada/],
  ] as const) {
    const header = page.getByRole('heading', { level: 1, name });
    await expect(header).toContainText(en.trust.label['by-invite']);
  }
});

test('a code that is shown while another tab takes over makes way for one that serves', async ({
  ada,
  bob,
}) => {
  const first = bob.page;
  const page = await first.context().newPage();
  const second = new Person(page, bob.origin, bob);
  await page.goto(first.url());
  await expect(second.composer).toBeVisible();
  await second.button(en.list.newChat).first().click();
  await second.button(en.newChat.invite).click();
  const code = page.getByRole('img', { name: en.newInvite.qr });
  await expect(code).toBeVisible();
  const before = await code.screenshot();
  await first.close();
  // The one before goes away at some moment, maybe while it is looked at.
  await expect(async () => {
    expect((await code.screenshot({ timeout: 5_000 })).equals(before)).toBe(false);
  }).toPass();
  await writeFilm(film, code);
  await ada.page.context().grantPermissions(['camera']);
  await ada.button(en.list.newChat).first().click();
  await ada.button(en.newChat.scan).click();
  await ada.button(en.invite.follow).click();
  await expect(ada.button(en.encounter.confirm)).toBeVisible();
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
