/**
 * What most browser tests begin with: Ada and Bob have accounts and know each other. Signing up costs seconds of processor time, so they do
 * it once in a run, on the screen (beginnings.setup.ts); what their browsers and their server have kept by then is copied for every test.
 * So each test has a server and browsers of its own and sees nothing of the others.
 *
 * A copy starts as a device does that was switched off. That it is one, the server's and the browsers' together, neither side can tell.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { deserialize, serialize } from 'node:v8';
import { expect, type Page } from '@playwright/test';
import { en } from '../../client/ui/text/en.ts';
import type { Canary } from '../support/canaries.ts';
import { putKept, type Kept } from './browser-storage.ts';
import { Person, type Who } from './pages/person.page.ts';

/** Who has an account when the test begins. Whoever else it asks for signs up on the screen. */
export type Beginning = 'nobody' | 'ada' | 'ada and bob' | 'ada, bob and carol';

export const ADA: Who = { name: 'Ada Lovelace', username: 'ada' };
export const BOB: Who = { name: 'Bob', username: 'bob' };
export const CAROL: Who = { name: 'Carol', username: 'carol' };

/** A person whose browser is closed. */
export interface KeptPerson {
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
  readonly carol: KeptPerson | undefined;
  /** What they typed. */
  readonly typed: readonly Canary[];
}

/** All that tests can begin with. */
export type Beginnings = Readonly<Record<Exclude<Beginning, 'nobody'>, KeptBeginning>>;

/** Where the beginnings of a run lie: a folder that Playwright empties before each run and that all of its workers see. */
export function folderOf(outputDir: string): string {
  return join(outputDir, 'beginnings');
}

const PEOPLE_FILE = 'people';

/** Leaves them to the tests. */
export async function saveBeginnings(folder: string, beginnings: Beginnings): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, PEOPLE_FILE), serialize(beginnings));
}

/** What `saveBeginnings` left in this folder. */
export async function readBeginnings(folder: string): Promise<Beginnings> {
  return deserialize(await readFile(join(folder, PEOPLE_FILE))) as Beginnings;
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
