/** A contact in a browser test whose words, name and picture try to be more than text, and how it shows that they are not. */
import { randomBytes } from 'node:crypto';
import { expect, type Page } from '@playwright/test';
import { encodeB64u } from '@tacet/protocol/bytes';
import { encodeCbor } from '@tacet/protocol/cbor';
import { idBytes } from '@tacet/protocol/ids';
import { putDeliveryKey, putProfile } from '@tacet/protocol/rest/accounts';
import {
  deriveDeliveryKey,
  generateKey,
  hashDeliveryKey,
  sealProfile,
  type ProfileKey,
} from '@tacet/crypto/vault';
import { en } from '../../client/ui/text/en.ts';
import { openLiar, type Liar } from '../hostile/mallory.ts';
import { openProxy } from '../hostile/proxy.ts';
import { accountOf } from '../support/make-client.ts';
import type { Person } from './pages/person.page.ts';
import { named } from './pages/safety.page.ts';

/** Would be an element, would run, and would show that it did. Fits a name. */
export const PLANT = '<img src=x data-planted onerror=ran=1>';

/** Mallory, whom Ada has invited, with a client in Node behind a proxy of his own. */
export async function openMalloryFor(ada: Person): Promise<Liar> {
  const { origin: url, name } = ada;
  await using stack = new AsyncDisposableStack();
  const proxy = stack.use(await openProxy(url));
  const invite = await ada.makeInvite();
  const mallory = stack.use(await openLiar(proxy, { url, username: 'mallory', invite, ada: name }));
  const kept = stack.move();
  return { ...mallory, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

/** Publishes what Mallory shows of himself, unlooked at, under a key that he gives Ada. */
export async function showProfile(mallory: Liar, name: string, picture: Uint8Array): Promise<void> {
  const profileKey = generateKey<ProfileKey>();
  const deliveryKey = deriveDeliveryKey(profileKey);
  const account = idBytes(accountOf(mallory.client));
  const document = encodeCbor({ v: 1, name, username: 'mallory', picture: Uint8Array.from(picture) });
  mallory.wire.rewrite = (request) => {
    if (request.path === putDeliveryKey.path) {
      return { ...request, body: JSON.stringify({ hash: encodeB64u(hashDeliveryKey(deliveryKey)) }) };
    }
    if (request.path !== putProfile.path) return request;
    const { version } = JSON.parse(request.body ?? '') as { readonly version: number };
    const sealed = encodeB64u(sealProfile(profileKey, document, { account, version }));
    return { ...request, body: JSON.stringify({ version, sealed }) };
  };
  await mallory.client.commands.setName(`Mallory ${randomBytes(4).toString('hex')}`);
  mallory.wire.rewrite = undefined;
  await mallory.sayBody('profile', { profileKey, deliveryKey });
}

/** What a page holds that only markup of somebody’s could have made: what is marked, what would run, what leads elsewhere unasked. */
function plantedIn(page: Page): Promise<readonly string[]> {
  return page.evaluate(() => {
    const active = ['IFRAME', 'OBJECT', 'EMBED', 'BASE', 'STYLE'];
    const addresses = [
      'src',
      'srcset',
      'href',
      'xlink:href',
      'data',
      'action',
      'formaction',
      'poster',
      'ping',
    ];
    const found: string[] = 'ran' in globalThis ? ['it ran'] : [];
    for (const element of document.querySelectorAll('*')) {
      const isLink = element.matches('a[target="_blank"][rel="noopener noreferrer"][href^="http"]');
      for (const { name, value } of element.attributes) {
        const leads = addresses.includes(name) && URL.parse(value, location.href)?.origin !== location.origin;
        if (name === 'data-planted' || name.startsWith('on') || (leads && !isLink) || /url\(/i.test(value))
          found.push(`${element.tagName} ${name}=${value}`);
      }
      if (active.includes(element.tagName)) found.push(element.tagName);
    }
    return found;
  });
}

/** The page holds nothing but what is the client’s own. */
export async function expectPlain(page: Page): Promise<void> {
  expect(await plantedIn(page)).toEqual([]);
}

/** Opens what shows two messages, found by a word of each, and the contact, one after the other. */
export async function lookAround(
  { page }: Person,
  name: string,
  words: { readonly theirs: string; readonly own: string },
): Promise<void> {
  const dialog = page.getByRole('dialog');
  const message = (word: string) => page.getByRole('log').getByRole('article').filter({ hasText: word });
  const [theirs, own] = [message(words.theirs).last(), message(words.own).first()];
  const act = async (action: string, on = theirs): Promise<void> => {
    await on.focus();
    await page.keyboard.press('Enter');
    await page.getByRole('menuitem', { name: action, exact: true }).click();
  };
  const leave = async (): Promise<void> => {
    await expectPlain(page);
    await page.keyboard.press('Escape');
    await expect(dialog).toHaveCount(0);
  };
  await act(en.details.open, own);
  await expect(dialog).toContainText(named(en.details.devices, name));
  await leave();
  await act(en.message.delete);
  await expect(dialog).toBeVisible();
  await leave();
  await act(en.message.reply);
  await expect(page.getByText(named(en.message.replyingTo, name))).toBeVisible();
  await leave();
  await page.keyboard.press('Control+k');
  await page.keyboard.type(name);
  await expect(page.getByRole('option').filter({ hasText: name })).toBeVisible();
  await leave();
  const field = page.getByRole('searchbox', { name: en.search.label });
  await field.fill(words.theirs);
  await expect(page.locator('mark').first()).toBeVisible();
  await expectPlain(page);
  await field.fill(name);
  await expectPlain(page);
  await field.fill('');
  const here = page.url();
  for (const part of ['contact', 'safety']) {
    await page.goto(`${here}/${part}`);
    await expect(page.getByText(name).first()).toBeVisible();
    await expectPlain(page);
  }
  await page.goto(here);
  await expect(theirs).toBeVisible();
}
