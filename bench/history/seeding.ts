/** Builds the seeding page and runs it in a browser's profile: see `seed.ts`. Used by the benchmark and by the history's browser tests. */
import { join } from 'node:path';
import type { BrowserContext } from '@playwright/test';
import { build } from 'vite';
import clientConfig from '../../client/vite.config.ts';

const NAME = 'seed-history';

/** What is to be there. */
export interface SeedPlan {
  readonly conversations: number;
  readonly messages: number;
  /** The newest message's instant. */
  readonly until: number;
  /** Time between two messages of a conversation. */
  readonly everyMs: number;
  /** Puts this many more of them into the first conversation. */
  readonly first: number;
  /** How many of the newest of the first conversation are unread. */
  readonly unread: number;
}

async function buildSeed(): Promise<string> {
  const client = clientConfig({ command: 'build', mode: 'production' });
  const output = await build({
    root: import.meta.dirname,
    configFile: false,
    publicDir: false,
    logLevel: 'silent',
    define: client.define ?? {},
    build: {
      write: false,
      target: 'es2024',
      lib: { entry: join(import.meta.dirname, 'seed.ts'), formats: ['es'], fileName: NAME },
      rollupOptions: { output: { codeSplitting: false } },
    },
  });
  for (const one of Array.isArray(output) ? output : [output]) {
    if (!('output' in one)) continue;
    for (const file of one.output) if (file.type === 'chunk' && file.isEntry) return file.code;
  }
  throw new Error('the seeding page was not built');
}

/** Seeds the profile of a context in which somebody is signed in and the app is closed. Gives the addresses of the conversations. */
export async function seedHistory(
  context: BrowserContext,
  origin: string,
  plan: SeedPlan,
  progress: (line: string) => void = () => undefined,
): Promise<readonly string[]> {
  const code = await buildSeed();
  const page = await context.newPage();
  // A page on the server's origin that the server knows nothing of.
  await page.route(`${origin}/${NAME}/*`, (route) =>
    route.request().url().endsWith('.js')
      ? route.fulfill({ contentType: 'text/javascript', body: code })
      : route.fulfill({
          contentType: 'text/html',
          body: `<script type="module" src="/${NAME}/seed.js"></script>`,
        }),
  );
  let told = 0;
  await page.exposeFunction('tellWritten', (written: number) => {
    if (written - told < 20_000) return;
    told = written;
    progress(`  ${written} messages written`);
  });
  await page.goto(`${origin}/${NAME}/page`);
  await page.waitForFunction(() => 'seed' in globalThis);
  const ids = await page.evaluate((asked) => {
    const { seed, tellWritten } = globalThis as unknown as {
      readonly seed: (plan: unknown, progress: (written: number) => void) => Promise<readonly string[]>;
      readonly tellWritten: (written: number) => void;
    };
    return seed(asked, tellWritten);
  }, plan);
  await page.close();
  return ids.map((id) => `${origin}/c/${id}`);
}
