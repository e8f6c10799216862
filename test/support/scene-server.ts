/** Serves the scenes of test/shots: the interface on a door without a core, at `/ADDRESS?scene=NAME`. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import type { Locator, Page } from '@playwright/test';
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

/** Half seconds until a scene that does not show what it should is given up. */
const SHOWN_TRIES = 60;

/** Opens a scene at its fixed moment and does what it asks for. */
export async function playScene(page: Page, origin: string, name: string): Promise<void> {
  const scene = SCENES[name];
  if (scene === undefined) throw new Error(`there is no scene ${name}`);
  await page.clock.install({ time: NOW });
  if (scene.missing !== undefined) {
    await page.route(`**/assets/${scene.missing}-*.js`, (route) => route.abort());
  }
  await page.goto(`${origin}${scene.path}?scene=${name}`);
  await page.locator('#app > *').first().waitFor({ state: 'attached' });
  if (scene.offline === true) await page.context().setOffline(true);
  const fields = new Fields(page, scene.type ?? {});
  await act(page, scene, fields);
  if (scene.print === true) await page.emulateMedia({ media: 'print' });
  await page.clock.runFor(5_000);
  if (scene.shows !== undefined) await waitUntilShown(page, scene.shows, fields);
  if (scene.stage !== undefined) await waitForPictures(page);
  // What goes out of the way of a picture comes back.
  if (scene.stage !== undefined && scene.rests !== true) await page.mouse.move(180, 300);
}

/** Pictures come in the time of the machine. */
async function waitForPictures(page: Page): Promise<void> {
  for (let tries = 0; tries < SHOWN_TRIES; tries += 1) {
    const areHere = await page.evaluate(() =>
      [...document.querySelectorAll('video')].every(({ currentTime }) => currentTime > 0),
    );
    if (areHere) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** Texts that are typed, each once, as soon as its field is there. */
class Fields {
  readonly #page: Page;
  readonly #left: Map<string, string>;

  constructor(page: Page, texts: Readonly<Record<string, string>>) {
    this.#page = page;
    this.#left = new Map(Object.entries(texts));
  }

  async fill(): Promise<void> {
    for (const [label, value] of this.#left) {
      const field = this.#page.getByLabel(label, { exact: true });
      if (!(await field.isVisible())) continue;
      await field.fill(value);
      this.#left.delete(label);
    }
  }
}

/** Does one after the other what a scene asks for. */
async function act(page: Page, scene: NamedScene, fields: Fields): Promise<void> {
  await fields.fill();
  for (const { actions, choose = [] } of [scene, scene.next ?? {}]) {
    if (actions === undefined) continue;
    await page.getByRole('article').filter({ hasText: actions }).first().focus();
    await page.keyboard.press('Enter');
    for (const name of choose) await page.getByRole('menuitem', { name, exact: true }).click();
  }
  for (const name of scene.check ?? []) await page.getByRole('checkbox', { name: patternOf(name) }).check();
  for (const step of scene.press ?? []) {
    if (scene.stage !== undefined) await page.mouse.move(180, 300);
    if (typeof step === 'string') await press(page, step, fields);
    else await waitUntilShown(page, step.shows, fields);
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

/** Fills in what stands beside a button, then presses it: in the dialog that is open, if it has such a button. */
async function press(page: Page, name: string, fields: Fields): Promise<void> {
  const button = pressable(page.locator('body'), name);
  await button.first().waitFor();
  await fields.fill();
  const inDialog = pressable(page.locator('dialog[open]'), name);
  await ((await inDialog.count()) > 0 ? inDialog : button).first().click();
}

/** A button, or an item of a menu that is open. */
function pressable(within: Locator, words: string): Locator {
  const named = { name: patternOf(words), exact: true };
  return within.getByRole('button', named).or(within.getByRole('menuitem', named));
}

/** Lets the scene's clock run until words are there: answers come, and lazy parts are fetched, in the time of the machine. */
async function waitUntilShown(page: Page, words: string, fields: Fields): Promise<void> {
  const pattern = patternOf(words);
  const found = page
    .getByText(pattern)
    .or(page.getByLabel(pattern))
    .or(page.getByPlaceholder(pattern))
    .filter({ visible: true })
    .first();
  for (let tries = 0; !(await found.isVisible()); tries += 1) {
    if (tries === SHOWN_TRIES) throw new Error(`the scene never showed: ${words}`);
    await page.clock.runFor(100);
    await fields.fill();
    await found.waitFor({ timeout: 500 }).catch(() => undefined);
  }
  await fields.fill();
}

/** Words as they are; a pattern where they stand between slashes. */
function patternOf(words: string): string | RegExp {
  return words.startsWith('/') ? new RegExp(words.slice(1, -1)) : words;
}
