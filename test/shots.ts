// `npm run shots [-- PART ...]`: renders every view at three sizes, light and dark, into screenshots/. Words after the command choose the
// scenes, sizes or themes whose names hold one of them.

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser } from '@playwright/test';
import { SCENES } from './shots/scenes.ts';
import { openChromium } from './support/chromium.ts';
import { openScenes, playScene } from './support/scene-server.ts';

const out = join(import.meta.dirname, '..', 'screenshots');
const SIZES = { phone: [360, 740], tablet: [768, 1024], desk: [1440, 900] } as const;
const THEMES = ['light', 'dark'] as const;

const parts = process.argv.slice(2);

interface Shot {
  readonly name: string;
  readonly size: keyof typeof SIZES;
  readonly theme: (typeof THEMES)[number];
  readonly file: string;
}

const shots: readonly Shot[] = Object.keys(SCENES)
  .flatMap((name) =>
    (Object.keys(SIZES) as (keyof typeof SIZES)[]).flatMap((size) =>
      THEMES.map((theme) => ({ name, size, theme, file: `${name}-${size}-${theme}.png` })),
    ),
  )
  .filter(({ file }) => parts.length === 0 || parts.some((part) => file.includes(part)));

async function take(browser: Browser, origin: string, shot: Shot): Promise<void> {
  const [width, height] = SIZES[shot.size];
  const context = await browser.newContext({
    viewport: { width, height },
    colorScheme: shot.theme,
    reducedMotion: 'reduce',
    hasTouch: shot.size === 'phone',
    isMobile: shot.size === 'phone',
    locale: 'en-GB',
  });
  const page = await context.newPage();
  page.on('pageerror', (error) => process.stderr.write(`${shot.file}: ${error.message}\n`));
  await playScene(page, origin, shot.name);
  await page.screenshot({ path: join(out, shot.file), animations: 'disabled' });
  await context.close();
  process.stderr.write(`${shot.file}\n`);
}

mkdirSync(out, { recursive: true });
const server = await openScenes();
const browser = await openChromium();
try {
  for (const shot of shots) await take(browser, server.origin, shot);
} finally {
  await browser.close();
  await server.close();
}
