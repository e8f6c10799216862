// `bench first-message`: the first-time path. From the opening of an invite link in a fresh browser to a message that has been
// delivered, walked by keys: 200 ms for each letter, and nothing for reading. Seconds of the whole, and of it those that the
// person types and those that he waits.

import { en } from '../client/ui/text/en.ts';
import { Person } from '../test/e2e/pages/person.page.ts';
import { openTwoPeople } from '../test/support/browser-people.ts';

const KEY_MS = 200;

export async function run(progress: (line: string) => void): Promise<Record<string, unknown>> {
  const people = await openTwoPeople(progress);
  try {
    const link = await people.ada.makeInvite();
    const context = await people.browser.newContext({
      viewport: { width: 1280, height: 800 },
      locale: 'en-GB',
    });
    const page = await context.newPage();
    const carol = new Person(page, people.origin, { name: 'Carol Shaw', username: 'carol' });
    let keys = 0;
    async function type(text: string): Promise<void> {
      keys += text.length;
      await page.keyboard.type(text, { delay: KEY_MS });
    }
    const startedAt = performance.now();
    await page.goto(link);
    await carol.button(en.welcome.create).click();
    await page.getByLabel(en.signUp.name, { exact: true }).focus();
    await type(carol.name);
    await page.getByLabel(en.signUp.username, { exact: true }).fill('');
    await page.getByLabel(en.signUp.username, { exact: true }).focus();
    await type(carol.username);
    await carol.button(en.common.continue).click();
    await carol.readWords();
    await carol.button(en.common.continue).click();
    // The word that is asked for is pasted.
    await carol.confirmWord();
    await carol.button(en.signUp.create).click();
    await carol.open('ada');
    await carol.composer.focus();
    await type('Hello Ada, I am in');
    await carol.composer.press('Enter');
    await carol.expectDelivery('Hello Ada, I am in', 'delivered');
    const seconds = (performance.now() - startedAt) / 1_000;
    const typed = (keys * KEY_MS) / 1_000;
    const tenth = (value: number): number => Math.round(value * 10) / 10;
    return {
      first_message_s: tenth(seconds),
      first_message_typing_s: tenth(typed),
      first_message_waiting_s: tenth(seconds - typed),
    };
  } finally {
    await people.close();
  }
}
