/**
 * Looks after a test for what its people typed and chose: in every file of the server's folder, its log, its metrics, the answers by which
 * it refused, and every address that a browser asked for or showed. Where it stands in any form, the promise is broken.
 */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { BrowserContext, Page, Response } from '@playwright/test';
import { Canaries, type Place } from '../support/canaries.ts';
import { listenToTyping, settleTyping } from './typed.ts';

/** An answer that is not whole by then is taken for one that nobody reads. */
const UNREAD_MS = 5_000;

/** What can be looked into of a server. */
export interface Looked {
  readonly dataDir: string;
  /** Everything that it logged and printed. */
  log(): string;
  /** Everything that its metrics have said, and say. */
  metrics(): Promise<string>;
}

/** What a test that finds something says. */
export const NOTHING_LEAKED = 'nothing that people typed or chose is stored, logged or part of an address';

export class Leaks {
  readonly canaries = new Canaries();
  readonly #contexts = new WeakSet<BrowserContext>();
  readonly #asked: string[] = [];
  readonly #shown: string[] = [];
  readonly #refusals: Promise<string>[] = [];

  /** Hears what is typed in a browser and where it goes; pages that it opens later count too. */
  async listen(context: BrowserContext): Promise<void> {
    if (this.#contexts.has(context)) return;
    this.#contexts.add(context);
    context.on('request', (request) => this.#asked.push(request.url()));
    context.on('response', (response) => {
      if (response.status() >= 400) this.#refusals.push(bodyOf(response));
    });
    context.on('page', (page) => this.#follow(page));
    for (const page of context.pages()) this.#follow(page);
    await listenToTyping(context, this.canaries);
  }

  #follow(page: Page): void {
    page.on('websocket', (socket) => this.#asked.push(socket.url()));
    page.on('framenavigated', (frame) => {
      const [address = '', fragment] = frame.url().split('#');
      this.#shown.push(address);
      if (fragment !== undefined) this.canaries.addInvite(frame.url());
    });
  }

  /** Waits until what was typed in a browser is known; before it closes. */
  async settle(context: BrowserContext): Promise<void> {
    // A page that does not answer any more, or a frame that has gone, says nothing.
    await Promise.all(context.pages().map((page) => settleTyping(page).catch(() => undefined)));
  }

  /** One sentence for each find, and none where all is well. */
  async look(server: Looked): Promise<readonly string[]> {
    return this.canaries.findIn(await this.places(server));
  }

  /** Everything that is looked through. */
  async places(server: Looked): Promise<readonly Place[]> {
    const texts = {
      'the log': server.log(),
      // What a metric means is the same for everybody.
      'the metrics': (await server.metrics()).replaceAll(/^#.*$/gm, ''),
      'an answer by which the server refused': (await Promise.all(this.#refusals)).join('\n'),
      'an address that was asked for': this.#asked.join('\n'),
      'an address that was shown': this.#shown.join('\n'),
    };
    const places = Object.entries(texts).map(([name, text]): Place => {
      return { name, bytes: Buffer.from(text), namesAccounts: false };
    });
    return [...places, ...(await filesOf(server.dataDir))];
  }
}

/** Nothing where the page has closed before its answer was whole, or does not read it: then it is never whole. */
async function bodyOf(response: Response): Promise<string> {
  const unread = new AbortController();
  const given = response.text().catch(() => '');
  const body = await Promise.race([given, setTimeout(UNREAD_MS, '', { signal: unread.signal })]);
  unread.abort();
  return body;
}

/** Each file below a folder, also while somebody writes to them. */
async function filesOf(folder: string): Promise<readonly Place[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  return Promise.all(
    files.map(async ({ name, parentPath }) => {
      // A log of the database may be gone by now.
      const bytes = await readFile(join(parentPath, name)).catch(() => Buffer.alloc(0));
      return { name: `the file ${name}`, bytes, namesAccounts: true };
    }),
  );
}
