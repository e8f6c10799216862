/**
 * What a browser keeps for one site (databases, local storage, cookies), read out of one browser and put into others: a profile copied in
 * part. The databases are read as they lie there, sealed by the client; keys that script cannot read have to be made readable before they
 * are made, and are put back as keys that it cannot read.
 */
import type { BrowserContext, Page, Worker } from '@playwright/test';

/** What one browser keeps for one site. The site's address is no part of it. */
export interface Kept {
  /** Databases and local storage, as `readSite` wrote them. */
  readonly site: string;
  readonly cookies: Awaited<ReturnType<BrowserContext['cookies']>>;
}

/** A page of the site without the client: nothing holds the databases open, and nothing writes. */
const BARE_PAGE = '/favicon.svg';

interface KeptStore {
  readonly name: string;
  /** Pairs of key and value. */
  readonly entries: readonly (readonly [unknown, unknown])[];
}
interface KeptDatabase {
  readonly name: string;
  readonly version: number;
  readonly stores: readonly KeptStore[];
}
interface KeptSite {
  readonly databases: readonly KeptDatabase[];
  readonly local: Readonly<Record<string, string>>;
}

/** Runs in the page. */
async function readSite(): Promise<string> {
  const settled = <Result>(request: IDBRequest<Result>): Promise<Result> =>
    new Promise((resolve, reject) => {
      request.addEventListener('success', () => resolve(request.result));
      request.addEventListener('error', () => reject(request.error ?? new Error('no answer')));
    });
  const textOf = (bytes: Uint8Array): string =>
    btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
  const plain = async (value: unknown): Promise<unknown> => {
    if (value instanceof Uint8Array) return { bytes: textOf(value) };
    if (value instanceof ArrayBuffer) return { buffer: textOf(new Uint8Array(value)) };
    if (value instanceof CryptoKey) {
      const { algorithm, usages } = value;
      return { jwk: await crypto.subtle.exportKey('jwk', value), algorithm, usages };
    }
    if (Array.isArray(value)) return { list: await Promise.all(value.map(plain)) };
    if (typeof value !== 'object' || value === null) return { value };
    if (Object.getPrototypeOf(value) !== Object.prototype) throw new Error('a value of an unknown kind');
    const fields = Object.entries(value).map(async ([name, field]) => [name, await plain(field)] as const);
    return { fields: await Promise.all(fields) };
  };
  const databases = (await indexedDB.databases()).map(async ({ name = '', version = 1 }) => {
    const database = await settled(indexedDB.open(name));
    const stores = [...database.objectStoreNames].map(async (of) => {
      const store = database.transaction(of).objectStore(of);
      if (store.keyPath !== null || store.autoIncrement || store.indexNames.length > 0)
        throw new Error('a store of an unknown kind');
      const [keys, values] = await Promise.all([
        settled(store.getAllKeys()),
        settled(store.getAll() as IDBRequest<unknown[]>),
      ]);
      const entries = keys.map(async (key, i) => await Promise.all([plain(key), plain(values[i])] as const));
      return { name: of, entries: await Promise.all(entries) };
    });
    const kept = { name, version, stores: await Promise.all(stores) };
    database.close();
    return kept;
  });
  const site: KeptSite = {
    databases: await Promise.all(databases),
    local: Object.fromEntries(Object.entries(localStorage) as [string, string][]),
  };
  return JSON.stringify(site);
}

/** Runs in the page. */
async function writeSite(text: string): Promise<void> {
  const bytesOf = (base64: string): Uint8Array<ArrayBuffer> =>
    Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
  const live = async (value: unknown): Promise<unknown> => {
    const kept = value as {
      readonly bytes?: string;
      readonly buffer?: string;
      readonly jwk?: JsonWebKey;
      readonly algorithm?: KeyAlgorithm;
      readonly usages?: KeyUsage[];
      readonly list?: readonly unknown[];
      readonly fields?: readonly (readonly [string, unknown])[];
      readonly value?: unknown;
    };
    if (kept.bytes !== undefined) return bytesOf(kept.bytes);
    if (kept.buffer !== undefined) return bytesOf(kept.buffer).buffer;
    if (kept.jwk !== undefined && kept.algorithm !== undefined)
      return crypto.subtle.importKey('jwk', kept.jwk, kept.algorithm, false, kept.usages ?? []);
    if (kept.list !== undefined) return Promise.all(kept.list.map(live));
    if (kept.fields === undefined) return kept.value;
    const fields = kept.fields.map(async ([name, field]) => [name, await live(field)] as const);
    return Object.fromEntries(await Promise.all(fields));
  };
  const site = JSON.parse(text) as KeptSite;
  for (const [name, value] of Object.entries(site.local)) localStorage.setItem(name, value);
  for (const { name, version, stores } of site.databases) {
    const entries = await Promise.all(
      stores.map(({ entries: pairs }) =>
        Promise.all(pairs.map(([key, value]) => Promise.all([live(key), live(value)]))),
      ),
    );
    await new Promise<void>((resolve, reject) => {
      const request = indexedDB.open(name, version);
      const fail = (): void => reject(request.error ?? new Error('the database was not written'));
      request.addEventListener('error', fail);
      request.addEventListener('upgradeneeded', () => {
        for (const [at, { name: of }] of stores.entries()) {
          const store = request.result.createObjectStore(of);
          for (const [key, value] of entries[at] ?? []) store.put(value, key as IDBValidKey);
        }
      });
      request.addEventListener('success', () => {
        request.result.close();
        resolve();
      });
    });
  }
}

/** From now on the keys that this worker makes can be read, so that `readKept` can. */
export async function makeKeysReadable(worker: Worker): Promise<void> {
  await worker.evaluate(() => {
    const make = crypto.subtle.generateKey.bind(crypto.subtle) as (
      algorithm: AlgorithmIdentifier,
      isReadable: boolean,
      usages: KeyUsage[],
    ) => Promise<CryptoKey | CryptoKeyPair>;
    const makeReadable: typeof make = (algorithm, _isReadable, usages) => make(algorithm, true, usages);
    Object.defineProperty(crypto.subtle, 'generateKey', { value: makeReadable });
  });
}

/** Leaves the client and reads what the browser keeps. */
export async function readKept(page: Page): Promise<Kept> {
  await page.goto(new URL(BARE_PAGE, page.url()).href);
  const site = await page.evaluate(readSite);
  return { site, cookies: await page.context().cookies() };
}

/** Puts it into a browser that knows nothing of the site at `origin` yet. */
export async function putKept(page: Page, origin: string, { site, cookies }: Kept): Promise<void> {
  await page.context().addCookies([...cookies]);
  await page.goto(new URL(BARE_PAGE, origin).href);
  await page.evaluate(writeSite, site);
}
