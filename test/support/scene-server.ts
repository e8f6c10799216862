/** Serves the scenes of test/shots: the interface on a door without a core, at `/ADDRESS?scene=NAME`. */
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { createServer } from 'vite';
import clientConfig from '../../client/vite.config.ts';
import { NOW } from '../shots/people.ts';
import { SCENES, type NamedScene } from '../shots/scenes.ts';

const root = join(import.meta.dirname, '..', '..');

export interface SceneServer {
  readonly origin: string;
  close(): Promise<void>;
}

/** Starts the server on a free port. `cache`: a name for its folder, so that two at a time do not share one. */
export async function openScenes(cache: string): Promise<SceneServer> {
  const server = await createServer({
    ...clientConfig({ command: 'serve', mode: 'development' }),
    configFile: false,
    root: join(root, 'test', 'shots'),
    publicDir: join(root, 'client', 'public'),
    cacheDir: join(root, '.cache', cache),
    server: { port: 0, host: '127.0.0.1', hmr: false, fs: { allow: [root] } },
    logLevel: 'error',
  });
  await server.listen();
  return {
    origin: server.resolvedUrls?.local[0]?.replace(/\/$/, '') ?? '',
    close: () => server.close(),
  };
}

/** Opens a scene at its fixed moment and does what it asks for. */
export async function playScene(page: Page, origin: string, name: string): Promise<void> {
  const scene = SCENES[name];
  if (scene === undefined) throw new Error(`there is no scene ${name}`);
  await page.clock.install({ time: NOW });
  await page.goto(`${origin}${scene.path}?scene=${name}`);
  await page.locator('#app > *').first().waitFor({ state: 'attached' });
  if (scene.offline === true) await page.context().setOffline(true);
  await prepare(page, scene);
  await page.clock.runFor(5_000);
}

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
    await page.getByRole('button', { name: pattern, exact: true }).first().click();
    await fillIn();
  }
  if (scene.scrollUp !== undefined) {
    await page.getByRole('log').evaluate((log, by) => log.scrollBy(0, -by), scene.scrollUp);
  }
}
