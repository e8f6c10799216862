/**
 * A person at a browser: signs up and in, invites, writes, reads. Finds everything by role and name, as a screen reader would.
 */
import { expect, type Locator, type Page } from '@playwright/test';
import { en } from '../../../client/ui/text/en.ts';

/** Stretching a passphrase and making two hundred keys on a busy machine. */
const SET_UP_MS = 90_000;

function fill(template: string, name: string): string {
  return template.replace('{name}', name);
}

export interface Who {
  readonly name: string;
  readonly username: string;
}

export class Person {
  readonly page: Page;
  readonly origin: string;
  readonly name: string;
  readonly username: string;
  /** The six words, once signed up. */
  passphrase = '';

  constructor(page: Page, origin: string, who: Who) {
    this.page = page;
    this.origin = origin;
    this.name = who.name;
    this.username = who.username;
  }

  button(name: string): Locator {
    return this.page.getByRole('button', { name, exact: true });
  }

  /** From an invite link to the list or the conversation. */
  async signUp(link: string): Promise<void> {
    await this.page.goto(link);
    await this.fillSignUp();
    await this.expectHome();
  }

  /** From an invitation on the screen to the last button of its form. */
  async fillSignUp(): Promise<void> {
    const name = this.page.getByLabel(en.signUp.name, { exact: true });
    // The button moves when the inviter's name comes: a press that began before is none where it ends.
    await expect(async () => {
      if (!(await name.isVisible())) await this.button(en.welcome.create).click({ timeout: 3_000 });
      await expect(name).toBeVisible({ timeout: 3_000 });
    }).toPass();
    await name.fill(this.name);
    await this.page.getByLabel(en.signUp.username, { exact: true }).fill(this.username);
    await this.button(en.common.continue).click();
    await this.readWords();
    await this.button(en.common.continue).click();
    await this.confirmWord();
    await this.button(en.signUp.create).click();
  }

  /** Reads the six words off the screen. */
  async readWords(): Promise<void> {
    const words = this.page.getByRole('list', { name: en.signUp.words }).getByRole('listitem');
    await expect(words.last()).not.toBeEmpty();
    this.passphrase = (await words.allInnerTexts()).join(' ');
    expect(this.passphrase.split(' ')).toHaveLength(6);
  }

  /** Types the one word that is asked for. */
  async confirmWord(): Promise<void> {
    const words = this.passphrase.split(' ');
    for (const [number, label] of Object.entries(en.signUp.confirmWord)) {
      const field = this.page.getByLabel(label, { exact: true });
      if (await field.isVisible()) return field.fill(words[Number(number) - 1] ?? '');
    }
    throw new Error('no word was asked for');
  }

  async signIn(passphrase: string): Promise<void> {
    await this.page.goto(`${this.origin}/sign-in`);
    await this.page.getByLabel(en.signIn.username, { exact: true }).fill(this.username);
    await this.page.getByLabel(en.signIn.passphrase, { exact: true }).fill(passphrase);
    await this.button(en.signIn.submit).click();
  }

  /** Signed in: the list of conversations is there, or on a phone the conversation that has just opened. */
  async expectHome(): Promise<void> {
    const list = this.page.getByRole('navigation', { name: en.list.label });
    await expect(list.or(this.composer).first()).toBeVisible({ timeout: SET_UP_MS });
  }

  /** The files of the app are kept, and the service worker answers for this page. */
  async expectAppKept(): Promise<void> {
    // As text: what measures in Node uses this page too, and knows no browser's types.
    const answers = (): Promise<unknown> => this.page.evaluate('navigator.serviceWorker.controller !== null');
    await expect.poll(answers).toBe(true);
  }

  /** Takes an invite link out of the dialog. */
  async makeInvite(): Promise<string> {
    await this.button(en.list.invite).first().click();
    const dialog = this.page.getByRole('dialog', { name: en.newInvite.title });
    const field = dialog.getByRole('textbox', { name: en.newInvite.link });
    const link = await field.inputValue();
    // Somebody is given it: the next one gets another.
    await field.press('ControlOrMeta+c');
    await dialog.getByRole('button', { name: en.common.close }).click();
    return link;
  }

  /** A line of the list by the other's name. */
  item(name: string): Locator {
    return this.page
      .getByRole('navigation', { name: en.list.label })
      .getByRole('link')
      .filter({ hasText: name });
  }

  async open(name: string): Promise<void> {
    // After a sign-up by invite the conversation opens by itself, maybe just now.
    await expect(async () => {
      if (!(await this.composer.isVisible())) await this.item(name).first().click({ timeout: 3_000 });
      await expect(this.composer).toBeVisible({ timeout: 3_000 });
    }).toPass();
  }

  get composer(): Locator {
    return this.page.getByRole('textbox', { name: new RegExp(`^${fill(en.conversation.composer, '.*')}$`) });
  }

  get timeline(): Locator {
    return this.page.getByRole('log');
  }

  /** Messages that hold a text. */
  message(text: string): Locator {
    return this.timeline.getByRole('article').filter({ hasText: text });
  }

  /** By Enter, or by the button where Enter breaks the line because there is no other key for it. From then on it is in sight. */
  async send(text: string): Promise<void> {
    await this.composer.fill(text);
    if ((await this.composer.getAttribute('enterkeyhint')) === 'send') await this.composer.press('Enter');
    else await this.button(en.conversation.send).click();
    await expect(this.composer).toHaveValue('');
    await expect(this.timeline.getByText(text).first(), 'what was sent is in sight').toBeAttached();
  }

  /** The text is in the timeline exactly once. */
  async expectOnce(text: string): Promise<void> {
    await expect(this.message(text)).toHaveCount(1);
    await expect(this.message(text)).toBeVisible();
  }

  /** An own message has come at least this far. */
  async expectDelivery(text: string, atLeast: 'sent' | 'delivered' | 'read'): Promise<void> {
    const order = ['sent', 'delivered', 'read'] as const;
    const allowed = order.slice(order.indexOf(atLeast)).join('|');
    await expect(this.message(text)).toHaveAttribute('data-delivery', new RegExp(`^(?:${allowed})$`));
  }
}
