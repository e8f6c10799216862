/**
 * What most browser tests begin with: Ada and Bob have accounts and know each other. Signing up costs seconds of processor time, so they do
 * it once in each of Playwright's workers, on the screen; what their browsers and their server have kept by then is copied for every test.
 * So each test has a server and browsers of its own and sees nothing of the others.
 *
 * A copy starts as a device does that was switched off. That it is one, the server's and the browsers' together, neither side can tell.
 */
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, type Browser, type Page } from '@playwright/test';
import { en } from '../../client/ui/text/en.ts';
import type { Canary } from '../support/canaries.ts';
import { makeKeysReadable, putKept, readKept, type Kept } from './browser-storage.ts';
import { openHost } from './host.ts';
import { Leaks, NOTHING_LEAKED } from './leaks.ts';
import { Person, type Who } from './pages/person.page.ts';

/** Who has an account when the test begins. Whoever else it asks for signs up on the screen. */
export type Beginning = 'nobody' | 'ada' | 'ada and bob';

export const ADA: Who = { name: 'Ada Lovelace', username: 'ada' };
export const BOB: Who = { name: 'Bob', username: 'bob' };

/** A person whose browser is closed. */
interface KeptPerson {
  readonly who: Who;
  readonly passphrase: string;
  /** Where in the client the browser was. */
  readonly path: string;
  readonly kept: Kept;
}

/** A server that is stopped, and its people. */
export interface KeptBeginning {
  readonly dataDir: string;
  readonly ada: KeptPerson;
  readonly bob: KeptPerson | undefined;
  /** What they typed. */
  readonly typed: readonly Canary[];
}

export interface Beginnings extends AsyncDisposable {
  /** Made when it is first asked for. */
  get(beginning: Exclude<Beginning, 'nobody'>): Promise<KeptBeginning>;
}

/** A browser in which somebody is going to sign up. */
async function openBrowser(browser: Browser, leaks: Leaks): Promise<Page> {
  const viewport = { width: 1280, height: 800 };
  const context = await browser.newContext({ locale: 'en-GB', serviceWorkers: 'block', viewport });
  await leaks.listen(context);
  const page = await context.newPage();
  page.on('worker', (worker) => {
    // Where it comes too late, the keys are not readable, and reading them says so.
    makeKeysReadable(worker).catch(() => undefined);
  });
  return page;
}

/** Closes the client in somebody's browser and reads what it leaves behind. */
async function keep({ page, name, username, passphrase }: Person): Promise<KeptPerson> {
  // The invite's address is left a moment after its form.
  await page.waitForURL((url) => !url.pathname.startsWith('/i/'));
  const path = new URL(page.url()).pathname;
  return { who: { name, username }, passphrase, path, kept: await readKept(page) };
}

async function makeBeginnings(
  browser: Browser,
  folder: string,
): Promise<Record<'ada' | 'both', KeptBeginning>> {
  await using host = await openHost({ ownProcess: false, copyOf: undefined });
  const leaks = new Leaks();
  /** When all browsers are closed, so that the server knows whatever they know. */
  const keepServer = async (name: string): Promise<string> => {
    await host.stop();
    const dataDir = join(folder, name);
    await cp(host.dataDir, dataDir, { recursive: true });
    return dataDir;
  };
  const ada = new Person(await openBrowser(browser, leaks), host.origin, ADA);
  await ada.signUp(host.firstInvite);
  const alone = await keep(ada);
  const aloneDir = await keepServer('ada');

  await host.startAgain();
  await ada.page.goto(host.origin);
  const bob = new Person(await openBrowser(browser, leaks), host.origin, BOB);
  await bob.signUp(await ada.makeInvite());
  await bob.open(ADA.username);
  await expect(ada.item(BOB.name)).toBeVisible();
  const [adaOfBoth, bobOfBoth] = [await keep(ada), await keep(bob)];
  const bothDir = await keepServer('both');
  await Promise.all([ada, bob].map(({ page }) => page.context().close()));
  for (const { passphrase } of [ada, bob]) leaks.canaries.add('passphrase', passphrase);
  expect(await leaks.look(host), NOTHING_LEAKED).toEqual([]);
  const typed = leaks.canaries.all;
  return {
    ada: { dataDir: aloneDir, ada: alone, bob: undefined, typed },
    both: { dataDir: bothDir, ada: adaOfBoth, bob: bobOfBoth, typed },
  };
}

/** Opens the beginnings of one worker. */
export async function openBeginnings(browser: Browser): Promise<Beginnings> {
  const folder = await mkdtemp(join(tmpdir(), 'tacet-beginnings-'));
  let making: ReturnType<typeof makeBeginnings> | undefined;
  return {
    async get(beginning) {
      making ??= makeBeginnings(browser, folder);
      const made = await making;
      return beginning === 'ada' ? made.ada : made.both;
    },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}

/** Lets a person's copy begin in a browser that is new. */
export async function begin(page: Page, origin: string, person: KeptPerson): Promise<Person> {
  const begun = new Person(page, origin, person.who);
  begun.passphrase = person.passphrase;
  await putKept(page, origin, person.kept);
  await page.goto(new URL(person.path, origin).href);
  await expect(person.path === '/' ? begun.button(en.list.newChat).first() : begun.composer).toBeVisible();
  return begun;
}
