/** Two people in two browsers on a fresh server, for benchmarks of what they feel. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from '@playwright/test';
import { Person } from '../e2e/pages/person.page.ts';
import { openChromium } from './chromium.ts';
import { startServer, type ServerProcessOptions } from './server-process.ts';

export interface TwoPeople {
  readonly origin: string;
  readonly browser: Browser;
  readonly ada: Person;
  readonly bob: Person;
  close(): Promise<void>;
}

export interface TwoPeopleOptions {
  /** The browser has a camera and a microphone of its own making, which both may use. */
  readonly calling?: boolean;
  /** More of the browser's switches. */
  readonly args?: readonly string[];
  /** More of the server's settings. */
  readonly settings?: ServerProcessOptions['settings'];
}

/** Signs up Ada by the first invite and Bob by hers; both have the conversation open. */
export async function openTwoPeople(
  progress: (line: string) => void,
  { calling = false, args = [], settings = {} }: TwoPeopleOptions = {},
): Promise<TwoPeople> {
  const dataDir = await mkdtemp(join(tmpdir(), 'tacet-bench-'));
  const server = await startServer({ dataDir, settings: { TACET_OPEN_SIGN_UP: 'no', ...settings } });
  const browser = await openChromium([...(calling ? ['--use-fake-device-for-media-stream'] : []), ...args]);
  const newPerson = async (name: string): Promise<Person> => {
    const context = await browser.newContext({
      viewport: { width: 1280, height: 800 },
      locale: 'en-GB',
      // Starts are measured against the server, not against what a service worker kept.
      serviceWorkers: 'block',
      permissions: calling ? ['camera', 'microphone'] : [],
    });
    return new Person(await context.newPage(), server.origin, { name, username: name.toLowerCase() });
  };
  const ada = await newPerson('Ada');
  progress('signing up the first person');
  await ada.signUp(/https?:\/\/\S+\/i\/\S+/.exec(server.output())?.[0] ?? '');
  const bob = await newPerson('Bob');
  progress('signing up the second person');
  await bob.signUp(await ada.makeInvite());
  await bob.open('Ada');
  await bob.send('hello');
  await ada.open('Bob');
  await ada.expectOnce('hello');
  return {
    origin: server.origin,
    browser,
    ada,
    bob,
    async close() {
      await browser.close();
      await server.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
