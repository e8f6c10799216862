/** Serves the scenes of test/shots: the interface on a door without a core, at `/ADDRESS?scene=NAME`. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import type { Page } from '@playwright/test';
import { build } from 'vite';
import clientConfig from '../../client/vite.config.ts';
import { NOW } from '../shots/people.ts';
import { SCENES, type NamedScene } from '../shots/scenes.ts';

const root = join(import.meta.dirname, '..', '..');
const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
};

export interface SceneServer {
  readonly origin: string;
  close(): Promise<void>;
}

/** Every file of the built scenes by its path. */
async function buildScenes(): Promise<ReadonlyMap<string, string | Uint8Array>> {
  const client = clientConfig({ command: 'build', mode: 'production' });
  const output = await build({
    ...client,
    plugins: [],
    configFile: false,
    root: join(root, 'test', 'shots'),
    publicDir: false,
    build: { ...client.build, write: false },
    logLevel: 'silent',
  });
  const files = new Map<string, string | Uint8Array>();
  for (const one of Array.isArray(output) ? output : [output]) {
    if (!('output' in one)) continue;
    for (const file of one.output) {
      files.set(`/${file.fileName}`, file.type === 'chunk' ? file.code : file.source);
    }
  }
  return files;
}

/** Builds the scenes and serves them on a free port; every other path is the page. */
export async function openScenes(): Promise<SceneServer> {
  const files = await buildScenes();
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://scenes');
    const path = files.has(pathname) ? pathname : '/index.html';
    response.writeHead(200, { 'content-type': TYPES[extname(path)] ?? 'application/octet-stream' });
    response.end(files.get(path));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
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
  if (scene.actions !== undefined) {
    await page.getByRole('article').filter({ hasText: scene.actions }).first().focus();
    await page.keyboard.press('Enter');
    for (const name of scene.choose ?? []) await page.getByRole('menuitem', { name, exact: true }).click();
  }
  const patternOf = (name: string): string | RegExp =>
    name.startsWith('/') ? new RegExp(name.slice(1, -1)) : name;
  for (const name of scene.check ?? []) await page.getByRole('checkbox', { name: patternOf(name) }).check();
  for (const name of scene.press ?? []) {
    const pattern = patternOf(name);
    await page.getByRole('button', { name: pattern, exact: true }).first().click();
    await fillIn();
  }
  for (const name of scene.menu ?? []) {
    await page.getByRole('button', { name: 'Conversation', exact: true }).click();
    await page.getByRole('menuitem', { name, exact: true }).click();
  }
  for (const key of scene.keys ?? []) await page.keyboard.press(key);
  if (scene.scrollUp !== undefined) {
    await page.getByRole('log').evaluate((log, by) => log.scrollBy(0, -by), scene.scrollUp);
  }
}
