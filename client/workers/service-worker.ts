/**
 * The service worker: makes the app open without a network, and opens the app for a notification. It keeps the files of one build,
 * each checked against the hash that the build wrote into this script; what people say never passes through it. A new build waits beside
 * the old one until the person asks for it.
 *
 * It answers only for the page itself and for files of the build. Requests to the server (`/v1`, health, metrics) it does not touch.
 */

/** Path and SHA-256 of every file of the shell; put in by the build. */
declare const TACET_SHELL: readonly (readonly [path: string, hash: string])[];

/** Said once, because the build puts the list in wherever the name stands. */
const SHELL = TACET_SHELL;
const scope = globalThis as unknown as ServiceWorkerGlobalScope;
const PREFIX = 'tacet-shell-';
const PAGE = '/index.html';
/** First segments of paths that belong to the server; all others without a dot are the page. */
const SERVER_PATHS = /^\/(?:v\d+|health|metrics|assets)(?:\/|$)/;

/** SHA-256 in base64url, as the build wrote it. */
async function digest(bytes: BufferSource): Promise<string> {
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return btoa(String.fromCharCode(...hash))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replace(/=+$/, '');
}

/** The cache of this build: its name is the hash of the list. */
async function openOwn(): Promise<Cache> {
  return caches.open(await ownName());
}

async function ownName(): Promise<string> {
  return PREFIX + (await digest(new TextEncoder().encode(JSON.stringify(SHELL))));
}

/** Fetches a file that is not kept yet. Throws unless it is exactly the one that the build made. */
async function keep(own: Cache, path: string, hash: string): Promise<void> {
  if ((await own.match(path)) !== undefined) return;
  const before = path.startsWith('/assets/') ? await caches.match(path) : undefined;
  const response = before ?? (await fetch(path, { cache: 'no-cache', credentials: 'omit' }));
  if (!response.ok || response.redirected) throw new Error('a file of the app is not there');
  const bytes = await response.clone().arrayBuffer();
  if ((await digest(bytes)) !== hash) throw new Error('a file of the app is another one');
  await own.put(path, response);
}

async function install(): Promise<void> {
  const own = await openOwn();
  // One after the other: nobody waits for this, and the page may want the line.
  for (const [path, hash] of SHELL) await keep(own, path, hash);
}

/** The build before this one stays: tabs that still run it may ask for a part that they have not loaded yet. */
async function activate(): Promise<void> {
  const own = await ownName();
  const others = (await caches.keys()).filter((name) => name.startsWith(PREFIX) && name !== own);
  for (const name of others.slice(0, -1)) await caches.delete(name);
  await scope.clients.claim();
}

/** What is kept of a path, the own build first. */
async function find(path: string): Promise<Response | undefined> {
  const own = await openOwn();
  return (await own.match(path)) ?? (path.startsWith('/assets/') ? caches.match(path) : undefined);
}

function pathFor(request: Request): string | undefined {
  const url = new URL(request.url);
  if (request.method !== 'GET' || url.origin !== scope.location.origin) return undefined;
  if (request.mode === 'navigate') {
    return url.pathname.includes('.') || SERVER_PATHS.test(url.pathname) ? undefined : PAGE;
  }
  return url.pathname.startsWith('/assets/') || SHELL.some(([path]) => path === url.pathname)
    ? url.pathname
    : undefined;
}

scope.addEventListener('install', (event) => event.waitUntil(install()));
scope.addEventListener('activate', (event) => event.waitUntil(activate()));

scope.addEventListener('fetch', (event) => {
  const path = pathFor(event.request);
  if (path === undefined) return;
  event.respondWith(find(path).then((kept) => kept ?? fetch(event.request)));
});

/** Goes to the place of a notification in a page that is open, else in a new one. */
async function open(path: string): Promise<void> {
  const [page] = await scope.clients.matchAll({ type: 'window', includeUncontrolled: true });
  if (page === undefined) {
    await scope.clients.openWindow(path);
    return;
  }
  page.postMessage({ kind: 'open', path });
  await page.focus();
}

scope.addEventListener('notificationclick', (event) => {
  event.notification.close();
  const data: unknown = event.notification.data;
  const path = typeof data === 'object' && data !== null && 'path' in data ? data.path : undefined;
  event.waitUntil(open(typeof path === 'string' && path.startsWith('/n/') ? path : '/'));
});

scope.addEventListener('message', (event) => {
  const data: unknown = event.data;
  // The person asked for the new build.
  if (typeof data === 'object' && data !== null && 'kind' in data && data.kind === 'activate') {
    event.waitUntil(scope.skipWaiting());
  }
});
