// `npm run shots [-- PART ...]`: renders every view at three sizes, light and dark, into screenshots/. Words after the command choose the
// scenes, sizes or themes whose names hold one of them.

import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { chromium, type Browser, type Page } from '@playwright/test';
import { createServer } from 'vite';
import clientConfig from '../client/vite.config.ts';
import { NOW } from './shots/people.ts';
import { SCENES, type NamedScene } from './shots/scenes.ts';

const root = join(import.meta.dirname, '..');
const out = join(root, 'screenshots');
const SIZES = { phone: [360, 740], tablet: [768, 1024], desk: [1440, 900] } as const;
const THEMES = ['light', 'dark'] as const;

const parts = process.argv.slice(2);
const wanted = (name: string): boolean => parts.length === 0 || parts.some((part) => name.includes(part));

async function prepare(page: Page, scene: NamedScene): Promise<void> {
  const typed = new Set<string>();
  const fillIn = async (): Promise<void> => {
    for (const [label, value] of Object.entries(scene.type ?? {})) {
      const field = page.getByLabel(label, { exact: true });
      if (typed.has(label) || !(await field.isVisible())) continue;
      await field.fill(value);
      typed.add(label);
    }
  };
  await fillIn();
  for (const name of scene.press ?? []) {
    const pattern = name.startsWith('/') ? new RegExp(name.slice(1, -1)) : name;
    const control = page.getByRole('button', { name: pattern, exact: true }).first();
    await control.click();
    await fillIn();
  }
  if (scene.scrollUp !== undefined) {
    await page.getByRole('log').evaluate((log, by) => log.scrollBy(0, -by), scene.scrollUp);
  }
}

async function shoot(browser: Browser, origin: string, name: string, scene: NamedScene): Promise<void> {
  for (const [size, [width, height]] of Object.entries(SIZES)) {
    for (const colorScheme of THEMES) {
      const file = `${name}-${size}-${colorScheme}.png`;
      if (!wanted(file)) continue;
      const context = await browser.newContext({
        viewport: { width, height },
        colorScheme,
        reducedMotion: 'reduce',
        hasTouch: size === 'phone',
        isMobile: size === 'phone',
        locale: 'en-GB',
      });
      const page = await context.newPage();
      page.on('pageerror', (error) => process.stderr.write(`${file}: ${error.message}\n`));
      await page.clock.install({ time: NOW });
      await page.goto(`${origin}${scene.path}?scene=${name}`);
      await page.locator('#app > *').first().waitFor({ state: 'attached' });
      if (scene.offline === true) await context.setOffline(true);
      await prepare(page, scene);
      await page.clock.runFor(5_000);
      await page.screenshot({ path: join(out, file), animations: 'disabled' });
      await context.close();
    }
  }
  process.stderr.write(`${name}\n`);
}

mkdirSync(out, { recursive: true });
const base = clientConfig({ command: 'serve', mode: 'development' });
const server = await createServer({
  ...base,
  configFile: false,
  root: join(root, 'test', 'shots'),
  publicDir: join(root, 'client', 'public'),
  cacheDir: join(root, '.cache', 'shots'),
  server: { port: 0, host: '127.0.0.1', fs: { allow: [root] } },
  logLevel: 'error',
});
await server.listen();
const origin = server.resolvedUrls?.local[0]?.replace(/\/$/, '') ?? '';
const systemBrowser = '/usr/bin/chromium';
const browser = await chromium.launch({
  ...(existsSync(systemBrowser) ? { executablePath: systemBrowser } : {}),
  args: process.getuid?.() === 0 ? ['--no-sandbox', '--disable-gpu'] : ['--disable-gpu'],
});
try {
  for (const [name, scene] of Object.entries(SCENES)) {
    if (
      parts.length > 0 &&
      !Object.keys(SIZES).some((size) => THEMES.some((theme) => wanted(`${name}-${size}-${theme}.png`)))
    )
      continue;
    await shoot(browser, origin, name, scene);
  }
} finally {
  await browser.close();
  await server.close();
}
