/**
 * Calls as people meet them: the first one, from the look at the own devices to the line that it leaves; and one without a pointer. Two
 * browsers with a camera and a microphone that are none, and everything else real.
 */
import type { Locator, Page } from '@playwright/test';
import { en } from '../../client/ui/text/en.ts';
import { callLaunchOptions } from '../support/chromium.ts';
import { ADA, BOB } from './beginning.ts';
import { expect, test } from './fixtures.ts';
import type { Person } from './pages/person.page.ts';

test.use({ launchOptions: callLaunchOptions });

/** Two browsers, two connections and a key for each stream on a busy machine. */
const CONNECTED_MS = 120_000;

function fill(template: string, name: string): string {
  return template.replace('{name}', name);
}

/** The call over the whole window, with somebody. */
function callWith(page: Page, name: string): Locator {
  return page.getByRole('dialog', { name: fill(en.calls.with, name), exact: true });
}

async function expectTalking(screen: Locator): Promise<void> {
  await expect(screen.getByRole('timer')).toBeVisible({ timeout: CONNECTED_MS });
  await expect(screen.getByText(en.calls.encrypted)).toBeVisible();
}

/** The six digits, from the menu of the call. */
async function readCode(person: Person, screen: Locator): Promise<string> {
  await screen.getByRole('button', { name: en.calls.more }).click();
  await screen.getByRole('menuitem', { name: en.calls.code.open }).click();
  const panel = person.page.getByRole('dialog', { name: en.calls.code.title });
  const digits = (await panel.getByRole('img').textContent()) ?? '';
  await panel.getByRole('button', { name: en.common.close }).last().click();
  return digits.replaceAll(/\D/g, '');
}

test('the first call: a look at the own devices, a ring, a talk beside the chat, and a line on both sides', async ({
  ada,
  bob,
}) => {
  await ada.open(BOB.name);
  await ada.button(en.calls.video).click();

  const look = ada.page.getByRole('dialog', { name: fill(en.calls.before.title, BOB.name) });
  await expect(look.getByLabel(en.calls.devices.preview)).toBeVisible();
  await expect(look.getByLabel(en.calls.devices.microphone, { exact: true })).not.toHaveValue('');
  await expect(look.getByLabel(en.calls.devices.camera, { exact: true })).not.toHaveValue('');
  await expect
    .poll(() => look.getByRole('meter').getAttribute('aria-valuenow'), { message: 'the microphone is heard' })
    .not.toBe('0');
  await look.getByRole('button', { name: en.calls.before.start }).click();

  const here = callWith(ada.page, BOB.name);
  await expect(here.getByText(en.calls.status.heard).first()).toBeVisible({ timeout: CONNECTED_MS });
  const ring = bob.page.getByRole('alertdialog', { name: fill(en.calls.incoming.video, ADA.name) });
  await expect(ring).toBeVisible();
  await expect(bob.page).toHaveTitle(fill(en.calls.titleRinging, ADA.name));
  await expect(bob.page.locator('link[rel=icon]')).toHaveAttribute('href', '/favicon-call.svg');
  await ring.getByRole('button', { name: en.calls.incoming.withVideo }).click();

  const there = callWith(bob.page, ADA.name);
  await Promise.all([expectTalking(here), expectTalking(there)]);
  await expect(bob.page).not.toHaveTitle(fill(en.calls.titleRinging, ADA.name));
  await expect(here.getByLabel(fill(en.calls.picture.theirs, BOB.name))).toBeVisible();
  await expect(here.getByLabel(en.calls.picture.mine, { exact: true })).toBeVisible();
  const code = await readCode(ada, here);
  expect(code).toMatch(/^\d{6}$/);
  expect(await readCode(bob, there)).toBe(code);

  await here.getByRole('button', { name: en.calls.microphoneOff }).click();
  await expect(here.getByText(en.calls.myMicrophoneIsOff)).toBeVisible();
  await expect(there.getByText(fill(en.calls.theirMicrophoneIsOff, ADA.name)).first()).toBeVisible();

  await here.getByRole('button', { name: en.calls.shrink }).click();
  const small = ada.page.getByRole('region', { name: fill(en.calls.with, BOB.name) });
  await expect(small.getByRole('timer')).toBeVisible();
  await ada.send('I write while I listen');
  await bob.page.keyboard.press('Escape');
  await bob.expectOnce('I write while I listen');
  await small.getByRole('button', { name: en.calls.expand }).last().click();
  await here.getByRole('button', { name: en.calls.hangUp }).click();

  await expect(here).toHaveCount(0);
  await expect(ada.button(en.calls.video)).toBeEnabled();
  for (const person of [ada, bob]) {
    await expect(person.timeline.getByText(en.calls.lines.video.talked.replace('{time}', ''))).toHaveCount(1);
  }

  // Known by now: the next call begins at the press, and rings there again.
  await ada.timeline.getByRole('button', { name: en.calls.ended.again }).click();
  await expect(ring).toBeVisible({ timeout: CONNECTED_MS });
  await expect(look).toHaveCount(0);
  await ring.getByRole('button', { name: en.calls.incoming.decline }).click();
  await expect(here.getByText(fill(en.calls.ended.declined, BOB.name))).toBeVisible();
  await here.getByRole('button', { name: en.common.close }).click();
  await expect(here).toHaveCount(0);
});

test('a call by keyboard alone: what is typed into a message takes no call, and the focus goes back to it', async ({
  ada,
  bob,
}) => {
  await ada.open(BOB.name);
  await bob.composer.focus();
  await bob.page.keyboard.type('half a sent');

  await ada.button(en.calls.voice).focus();
  await ada.page.keyboard.press('Enter');
  const start = ada.button(en.calls.before.start);
  await expect(start).toBeEnabled();
  await start.focus();
  await ada.page.keyboard.press('Enter');

  const ring = bob.page.getByRole('alertdialog', { name: fill(en.calls.incoming.voice, ADA.name) });
  await expect(ring).toBeVisible({ timeout: CONNECTED_MS });
  await expect(ring.getByRole('heading')).toBeFocused();
  await bob.page.keyboard.type('ence');
  await bob.page.keyboard.press('Enter');
  await expect(ring, 'an Enter that was meant for the message').toBeVisible();
  await bob.page.keyboard.press('Tab');
  await expect(ring.getByRole('button', { name: en.calls.incoming.accept })).toBeFocused();
  await bob.page.keyboard.press('Enter');

  const [here, there] = [callWith(ada.page, BOB.name), callWith(bob.page, ADA.name)];
  await Promise.all([expectTalking(here), expectTalking(there)]);
  await bob.page.keyboard.press('m');
  await expect(there.getByRole('button', { name: en.calls.microphoneOn })).toBeVisible();
  await expect(here.getByText(fill(en.calls.theirMicrophoneIsOff, BOB.name)).first()).toBeVisible();
  await bob.page.keyboard.press('v');
  await expect(here.getByLabel(fill(en.calls.picture.theirs, ADA.name))).toHaveCount(0);
  await expect(here.getByLabel(fill(en.calls.picture.theirs, BOB.name))).toBeVisible();

  const move = there.getByRole('button', { name: en.calls.picture.move });
  const top = async (): Promise<number> => (await move.boundingBox())?.y ?? NaN;
  const low = await top();
  await move.focus();
  await bob.page.keyboard.press('ArrowUp');
  expect(await top()).toBeLessThan(low);

  await bob.page.keyboard.press('Escape');
  await expect(there).toHaveCount(0);
  await expect(bob.composer).toBeFocused();
  await bob.page.keyboard.type('ence');
  await bob.page.keyboard.press('Enter');
  await ada.expectOnce('half a sentence');

  await ada.page.keyboard.press('Tab');
  await here.getByRole('button', { name: en.calls.hangUp }).focus();
  await ada.page.keyboard.press('Enter');
  await expect(here).toHaveCount(0);
  const small = bob.page.getByRole('region', { name: fill(en.calls.with, ADA.name) });
  await expect(small.getByRole('status')).toContainText(fill(en.calls.ended.hungUp, ADA.name));
});

test('devices, figures and a screen without a pointer, from the page of the contact and back to it', async ({
  ada,
  bob,
}) => {
  await ada.open(BOB.name);
  await ada.page.getByRole('heading', { level: 1 }).getByRole('link').click();
  const contact = ada.page.getByRole('heading', { name: en.contact.title });
  await expect(contact).toBeFocused();
  const { keyboard } = ada.page;
  const call = ada.page.getByRole('button', { name: en.calls.voice }).filter({ hasText: en.calls.voice });
  await call.focus();
  await keyboard.press('Enter');
  const look = ada.page.getByRole('dialog', { name: fill(en.calls.before.title, BOB.name) });
  await expect(look.getByRole('button', { name: en.calls.before.start })).toBeEnabled();
  await look.getByRole('button', { name: en.calls.before.start }).focus();
  await keyboard.press('Enter');
  const [here, there] = [callWith(ada.page, BOB.name), callWith(bob.page, ADA.name)];
  const heard = here.getByRole('status').filter({ hasText: en.calls.status.heard });
  await expect(heard, 'a screen reader says that it rings there').toHaveCount(1, { timeout: CONNECTED_MS });
  const hangUp = here.getByRole('button', { name: en.calls.hangUp });
  const place = await hangUp.boundingBox();
  await bob.button(en.calls.incoming.accept).click({ timeout: CONNECTED_MS });
  await Promise.all([expectTalking(here), expectTalking(there)]);
  expect(await hangUp.boundingBox(), 'no button has moved').toEqual(place);
  await expect(call, 'nobody is called twice').toBeDisabled();

  const more = here.getByRole('button', { name: en.calls.more });
  const choose = async (item: string): Promise<Locator> => {
    await more.focus();
    await keyboard.press('Enter');
    const wanted = ada.page.getByRole('menuitem', { name: item, exact: true });
    await expect(ada.page.getByRole('menuitem').first()).toBeFocused();
    for (let i = 0; !(await wanted.evaluate((one) => one.matches(':focus'))); i += 1) {
      expect(i, 'the arrows lead to every item').toBeLessThan(8);
      await keyboard.press('ArrowDown');
    }
    await keyboard.press('Enter');
    const dialog = ada.page.getByRole('dialog', { name: item, exact: true });
    await expect(dialog.getByRole('heading', { name: item })).toBeFocused();
    return dialog;
  };
  const devices = await choose(en.calls.devices.title);
  await expect
    .poll(() => devices.getByRole('meter').getAttribute('aria-valuenow'), { message: 'it hears' })
    .not.toBe('0');
  await keyboard.press('Tab');
  await keyboard.press('Tab');
  await expect(devices.getByLabel(en.calls.devices.microphone, { exact: true })).toBeFocused();
  await keyboard.press('m');
  await keyboard.press('Escape');
  await expect(devices).toHaveCount(0);
  await expect(more).toBeFocused();
  await expect(
    here.getByRole('button', { name: en.calls.microphoneOff }),
    'a letter in a list mutes nobody',
  ).toBeVisible();

  const figures = await choose(en.calls.stats.title);
  await expect(figures.getByText(en.calls.stats.sealed, { exact: true })).toBeVisible();
  await keyboard.press('Escape');
  await expect(more).toBeFocused();

  await here.getByRole('button', { name: en.calls.screenOn }).focus();
  await keyboard.press('Enter');
  const stop = here.getByRole('button', { name: en.calls.screenOff });
  await expect(stop).toBeFocused();
  await expect(there.getByLabel(fill(en.calls.picture.screen, ADA.name))).toBeVisible();
  const shares = there.getByRole('status').filter({ hasText: fill(en.calls.theirScreenIsOn, ADA.name) });
  await expect(shares).toHaveCount(1);
  await keyboard.press('Enter');
  await expect(there.getByLabel(fill(en.calls.picture.screen, ADA.name))).toHaveCount(0);

  await keyboard.press('Escape');
  await expect(here).toHaveCount(0);
  expect(
    await ada.page.evaluate(() => document.activeElement === document.body),
    'the button that had the focus takes none now, and it is not lost',
  ).toBe(false);
  const small = ada.page.getByRole('region', { name: fill(en.calls.with, BOB.name) });
  await small.getByRole('button', { name: en.calls.expand }).last().focus();
  await keyboard.press('Enter');
  await hangUp.focus();
  await keyboard.press('Enter');
  await expect(here).toHaveCount(0);
  await expect(call).toBeEnabled();
  expect(await ada.page.evaluate(() => document.activeElement === document.body)).toBe(false);
});
