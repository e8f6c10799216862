/**
 * What the browser suites stand on: the real server as a process with a fresh data folder, and people with browsers of their own. A
 * policy violation or an uncaught error in any page fails the test.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test as base, type BrowserContext, type Page } from '@playwright/test';
import { startServer, type ServerProcess } from '../support/server-process.ts';
import { Person } from './pages/person.page.ts';

/** A server that can be ended and started again on the same address and data. */
export interface Host {
  readonly origin: string;
  readonly dataDir: string;
  /** The link that the server prints while nobody has an account. */
  readonly firstInvite: string;
  /** SIGKILL. */
  kill(): Promise<void>;
  /** SIGTERM: drains. */
  stop(): Promise<void>;
  /** `clientDir`: with another build of the client. */
  startAgain(clientDir?: string): Promise<void>;
}

interface Fixtures {
  readonly host: Host;
  /** A browser of its own: nothing shared with anybody else's. */
  readonly newBrowser: (options?: { readonly phone?: boolean }) => Promise<Page>;
  /** Watches a page for violations and errors; for pages that a test opens by itself. */
  readonly watch: (page: Page) => Promise<void>;
  /** The first account, signed up by the first invite. */
  readonly ada: Person;
  /** A second account, invited by `ada`, with the conversation open. */
  readonly bob: Person;
  /** A third account, invited by `ada`, that nobody else knows. */
  readonly carol: Person;
}

async function openHost(dataDir: string): Promise<Host & { readonly close: () => Promise<void> }> {
  const settings = { TACET_OPEN_SIGN_UP: 'no' } as const;
  let running: ServerProcess | undefined = await startServer({ dataDir, settings });
  const { origin } = running;
  const port = new URL(origin).port;
  const firstInvite = /https?:\/\/\S+\/i\/\S+/.exec(running.output())?.[0] ?? '';
  return {
    origin,
    dataDir,
    firstInvite,
    async kill() {
      await running?.kill();
      running = undefined;
    },
    async stop() {
      await running?.stop();
      running = undefined;
    },
    async startAgain(clientDir) {
      const other = clientDir === undefined ? {} : { TACET_CLIENT_DIR: clientDir };
      running = await startServer({ dataDir, settings: { ...settings, TACET_PORT: port, ...other } });
    },
    async close() {
      await running?.kill();
    },
  };
}

/** What a browser complains about when a policy stopped something, or when a script failed. */
const COMPLAINT = /Content Security Policy|Trusted ?Type|violates the following|Uncaught/i;

/** Directives of the policy that stopped something in a page's workers since they began. */
export async function stoppedInWorkers(page: Page): Promise<readonly string[]> {
  const stopped = await Promise.all(
    page.workers().map((worker) =>
      worker.evaluate(
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
      ),
    ),
  );
  return stopped.flat();
}

export const test = base.extend<Fixtures>({
  // Playwright reads the names of the fixtures from the pattern.
  // oxlint-disable-next-line no-empty-pattern
  host: async ({}, use) => {
    const dataDir = await mkdtemp(join(tmpdir(), 'tacet-e2e-'));
    const host = await openHost(dataDir);
    await use(host);
    await host.close();
    await rm(dataDir, { recursive: true, force: true });
  },
  // oxlint-disable-next-line no-empty-pattern
  watch: async ({}, use) => {
    const complaints: string[] = [];
    await use(async (page) => {
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
  newBrowser: async ({ browser, watch }, use) => {
    const contexts: BrowserContext[] = [];
    await use(async (options) => {
      const context = await browser.newContext({
        locale: 'en-GB',
        ...(options?.phone === true
          ? { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true }
          : { viewport: { width: 1280, height: 800 } }),
      });
      contexts.push(context);
      await context.grantPermissions(['clipboard-read', 'clipboard-write']);
      const page = await context.newPage();
      await watch(page);
      return page;
    });
    for (const page of contexts.flatMap((context) => context.pages())) {
      expect(await stoppedInWorkers(page), 'no policy violation in a worker').toEqual([]);
    }
    await Promise.all(contexts.map((context) => context.close()));
  },
  ada: async ({ host, newBrowser }, use) => {
    const ada = new Person(await newBrowser(), host.origin, { name: 'Ada Lovelace', username: 'ada' });
    await ada.signUp(host.firstInvite);
    await use(ada);
  },
  bob: async ({ ada, host, newBrowser }, use) => {
    const bob = new Person(await newBrowser(), host.origin, { name: 'Bob', username: 'bob' });
    await bob.signUp(await ada.makeInvite());
    await bob.open('ada');
    await use(bob);
  },
  carol: async ({ ada, host, newBrowser }, use) => {
    const carol = new Person(await newBrowser(), host.origin, { name: 'Carol', username: 'carol' });
    await carol.signUp(await ada.makeInvite());
    await use(carol);
  },
});

export { expect };
