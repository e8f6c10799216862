/**
 * What the browser suites stand on: the real server with a data folder of its own, and people with browsers of their own. A
 * policy violation or an uncaught error in any page fails the test.
 */
import {
  expect,
  test as base,
  type Browser,
  type BrowserContext,
  type LaunchOptions,
  type Page,
  type Worker,
} from '@playwright/test';
import { callLaunchOptions } from '../support/chromium.ts';
import { writeSolidFilm, type Rgb } from '../support/solid-film.ts';
import {
  ADA,
  begin,
  BOB,
  CAROL,
  folderOf,
  readBeginnings,
  type Beginning,
  type Beginnings,
  type KeptBeginning,
} from './beginning.ts';
import { openHost, type Host, type HostOptions } from './host.ts';
import { Leaks, NOTHING_LEAKED } from './leaks.ts';
import { Person } from './pages/person.page.ts';

interface Options {
  /** The server is a process, as `npm start` runs it. Loading it costs a second, so it is otherwise opened in the process of the tests. */
  readonly ownProcess: boolean;
  /** Who has an account already. */
  readonly beginning: Beginning;
  /** Bob's browser is that of a phone. */
  readonly bobOnPhone: boolean;
  /** Where they call each other: what their browsers are. Otherwise nobody has a microphone or a camera. */
  readonly calling: Calling | undefined;
}

/** Browsers with a microphone and a camera, which may be used, each a process of its own. */
export interface Calling {
  /** More of the browsers' switches. */
  readonly args?: readonly string[];
  /** More of the server's settings; by default it has neither STUN nor a media server. */
  readonly settings?: HostOptions['texts'];
}

/** What the camera of each shows. */
export const CAMERAS = {
  ada: [200, 40, 40],
  bob: [40, 60, 200],
  carol: [40, 170, 60],
} as const satisfies Record<string, Rgb>;

interface WorkerFixtures {
  readonly beginnings: Beginnings;
}

interface BrowserOptions {
  readonly phone?: boolean;
  /** The browser's language; English where a test says nothing. */
  readonly language?: string;
  /** `http://host:port` of a proxy that everything goes through, requests to this machine too. */
  readonly proxy?: string;
  /** What its camera shows, where people call each other. */
  readonly camera?: Rgb;
}

interface Fixtures {
  /** Knows what the people of this test type, and looks for it where nothing of it may stand. */
  readonly leaks: Leaks;
  /** What the server and the people of this test begin with. */
  readonly kept: KeptBeginning | undefined;
  readonly host: Host;
  /** A browser of its own: nothing shared with anybody else's. */
  readonly newBrowser: (options?: BrowserOptions) => Promise<Page>;
  /** Watches a page for violations and errors; for pages that a test opens by itself. */
  readonly watch: (page: Page) => Promise<void>;
  /** The first account, signed up by the first invite, with the list open. */
  readonly ada: Person;
  /** A second account, invited by `ada`, with the conversation open. */
  readonly bob: Person;
  /** A third account, invited by `ada`, that nobody else knows. */
  readonly carol: Person;
}

/** Characters of a page's words that are worth printing. */
const PICTURE_MAX = 4_000;

/** What a browser complains about when a policy stopped something, or when a script failed. */
const COMPLAINT = /Content Security Policy|Trusted ?Type|violates the following|Uncaught/i;

/** Directives of the policy that stopped something in a page's workers since they began; of one that ends meanwhile, none. */
export async function stoppedInWorkers(page: Page): Promise<readonly string[]> {
  const stopped = await Promise.all(
    page.workers().map(async (worker) => {
      try {
        return await stoppedIn(worker);
      } catch (error) {
        // The media worker of a call ends with it.
        await expect.poll(() => page.workers().includes(worker), { message: String(error) }).toBe(false);
        return [];
      }
    }),
  );
  return stopped.flat();
}

function stoppedIn(worker: Worker): Promise<readonly string[]> {
  return worker.evaluate(
    () =>
      new Promise<readonly string[]>((resolve) => {
        const found: string[] = [];
        const observer = new ReportingObserver(
          (reports) => {
            for (const { body } of reports) {
              const { effectiveDirective } = body as { readonly effectiveDirective?: string };
              found.push(effectiveDirective ?? 'unknown');
            }
          },
          { buffered: true, types: ['csp-violation'] },
        );
        observer.observe();
        // What was kept is handed over in a task of its own.
        setTimeout(() => resolve(found), 50);
      }),
  );
}

/** How a browser starts that has a camera which shows a colour, and a microphone that beeps. */
async function withCamera(colour: Rgb, { args = [] }: Calling, film: string): Promise<LaunchOptions> {
  await writeSolidFilm(film, colour);
  return {
    ...callLaunchOptions,
    args: [...(callLaunchOptions.args ?? []), `--use-file-for-fake-video-capture=${film}`, ...args],
  };
}

/** What a page shows, in words: where a test has failed, all that its output can tell of the other pages. */
async function pictureOf(page: Page): Promise<string> {
  const shown = await page
    .locator('body')
    .ariaSnapshot({ timeout: 5_000 })
    .catch(() => 'nothing: it does not answer');
  return `# ${page.url()} shows\n${shown.slice(0, PICTURE_MAX)}\n`;
}

/** Ada and Bob know each other. Bob, where a test does not ask for him, is away. */
export const test = base.extend<Fixtures & Options, WorkerFixtures>({
  ownProcess: [false, { option: true }],
  beginning: ['ada and bob', { option: true }],
  bobOnPhone: [false, { option: true }],
  calling: [undefined, { option: true }],
  beginnings: [
    // Playwright reads the names of the fixtures from the pattern.
    // oxlint-disable-next-line no-empty-pattern
    async ({}, use, { project }) => {
      await use(await readBeginnings(folderOf(project.outputDir)));
    },
    { scope: 'worker' },
  ],
  // Playwright reads the names of the fixtures from the pattern.
  // oxlint-disable-next-line no-empty-pattern
  leaks: async ({}, use) => {
    await use(new Leaks());
  },
  kept: async ({ beginning, beginnings, leaks }, use) => {
    const kept = beginning === 'nobody' ? undefined : beginnings[beginning];
    if (kept !== undefined) leaks.canaries.addAll(kept.typed);
    await use(kept);
  },
  host: async ({ calling, kept, leaks, ownProcess }, use) => {
    await using host = await openHost({
      ownProcess,
      copyOf: kept?.dataDir,
      texts: calling?.settings ?? {},
    });
    await use(host);
    const whileItRuns = await leaks.look(host);
    await host.stop();
    const found = new Set([...whileItRuns, ...(await leaks.look(host))]);
    expect([...found], NOTHING_LEAKED).toEqual([]);
  },
  watch: async ({ leaks }, use) => {
    const complaints: string[] = [];
    await use(async (page) => {
      await leaks.listen(page.context());
      page.on('console', (message) => {
        if (COMPLAINT.test(message.text())) complaints.push(message.text());
      });
      page.on('pageerror', (error) => complaints.push(error.message));
      await page.exposeFunction('tellViolation', (violation: string) => complaints.push(violation));
      await page.addInitScript(() => {
        document.addEventListener('securitypolicyviolation', (event) => {
          const tell = (globalThis as unknown as { tellViolation?: (text: string) => void }).tellViolation;
          tell?.(`${event.effectiveDirective} ${event.blockedURI}`);
        });
      });
    });
    expect(complaints, 'no policy violation, no uncaught error').toEqual([]);
  },
  newBrowser: async ({ browser, calling, leaks, playwright, watch }, use, info) => {
    const contexts: BrowserContext[] = [];
    const browsers: Browser[] = [];
    await use(async (options) => {
      const own =
        calling === undefined
          ? undefined
          : await playwright.chromium.launch(
              await withCamera(
                options?.camera ?? CAMERAS.carol,
                calling,
                info.outputPath(`camera-${browsers.length}.y4m`),
              ),
            );
      if (own !== undefined) browsers.push(own);
      const context = await (own ?? browser).newContext({
        locale: options?.language ?? 'en-GB',
        ...(options?.proxy === undefined ? {} : { proxy: { server: options.proxy, bypass: '<-loopback>' } }),
        ...(options?.phone === true
          ? { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true }
          : { viewport: { width: 1280, height: 800 } }),
      });
      contexts.push(context);
      await context.grantPermissions([
        'clipboard-read',
        'clipboard-write',
        ...(own === undefined ? [] : ['microphone', 'camera']),
      ]);
      const page = await context.newPage();
      await watch(page);
      return page;
    });
    const pages = contexts.flatMap((context) => context.pages());
    if (info.status !== info.expectedStatus)
      for (const page of pages) process.stdout.write(await pictureOf(page));
    for (const page of pages) {
      expect(await stoppedInWorkers(page), 'no policy violation in a worker').toEqual([]);
    }
    await Promise.all(contexts.map((context) => leaks.settle(context)));
    await Promise.all(contexts.map((context) => context.close()));
    await Promise.all(browsers.map((one) => one.close()));
  },
  ada: async ({ host, kept, newBrowser }, use) => {
    const page = await newBrowser({ camera: CAMERAS.ada });
    if (kept !== undefined) return use(await begin(page, host.origin, kept.ada));
    const ada = new Person(page, host.origin, ADA);
    await ada.signUp(host.firstInvite);
    await use(ada);
  },
  bob: async ({ ada, bobOnPhone, host, kept, newBrowser }, use) => {
    const page = await newBrowser({ phone: bobOnPhone, camera: CAMERAS.bob });
    if (kept?.bob !== undefined) return use(await begin(page, host.origin, kept.bob));
    const bob = new Person(page, host.origin, BOB);
    await bob.signUp(await ada.makeInvite());
    await bob.open(ADA.username);
    await use(bob);
  },
  carol: async ({ ada, host, kept, newBrowser }, use) => {
    const page = await newBrowser({ camera: CAMERAS.carol });
    if (kept?.carol !== undefined) return use(await begin(page, host.origin, kept.carol));
    const carol = new Person(page, host.origin, CAROL);
    await carol.signUp(await ada.makeInvite());
    await use(carol);
  },
});

/** Ada has the only account, and knows nobody. */
export const testAlone = test.extend({ beginning: 'ada' });

/** Carol has an account too. Ada knows her, Bob does not. */
export const testThree = test.extend({ beginning: 'ada, bob and carol' });

/** Nobody has an account: whoever the test asks for signs up on the screen. */
export const testEmpty = test.extend({ beginning: 'nobody' });

export { expect };
