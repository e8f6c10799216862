/** Shows and takes back the system's notifications, by the service worker where there is one: only its live longer than the page. */
import { hasKind, type LinkEnd } from './window-link.ts';
import type { Notice } from '../core/ports.ts';

/** What a notification says. */
export interface NoticeWords {
  readonly title: string;
  readonly body: string;
}

const ICON = '/icon-192.png';
/** Notifications that no service worker keeps, by their token. */
const own = new Map<string, Notification>();

/** `stays`: until the person or the page takes it away. */
async function show(
  token: string,
  words: NoticeWords,
  open: (path: string) => void,
  stays = false,
): Promise<void> {
  if (!('Notification' in globalThis) || Notification.permission !== 'granted') return;
  const path = `/n/${token}`;
  const options = {
    body: words.body,
    tag: token,
    icon: ICON,
    silent: true,
    requireInteraction: stays,
    data: { path },
  };
  const registration = await navigator.serviceWorker?.getRegistration();
  if (registration?.active !== undefined && registration.active !== null) {
    await registration.showNotification(words.title, options);
    return;
  }
  // A browser that shows them by the service worker alone throws.
  const notification = new Notification(words.title, options);
  notification.addEventListener('click', () => {
    focus();
    notification.close();
    open(path);
  });
  own.set(token, notification);
}

async function withdraw(token: string): Promise<void> {
  own.get(token)?.close();
  own.delete(token);
  for (const shown of await keptBy(token)) shown.close();
}

/** What the service worker shows of a token. */
async function keptBy(token: string): Promise<readonly Notification[]> {
  const registration = await navigator.serviceWorker?.getRegistration();
  return (await registration?.getNotifications({ tag: token })) ?? [];
}

/** In the window: shows what the worker asks for, in words of `say`. `open` goes to the place of a notification that was pressed. */
export function followNotices(
  worker: LinkEnd,
  say: (notice: Notice) => NoticeWords,
  open: (path: string) => void,
): void {
  worker.addEventListener('message', ({ data }) => {
    if (hasKind(data, 'notice')) {
      const { notice } = data as unknown as { readonly notice: Notice };
      show(notice.token, say(notice), open).catch(() => undefined);
    }
    if (hasKind(data, 'withdraw-notice')) {
      withdraw((data as unknown as { readonly token: string }).token).catch(() => undefined);
    }
  });
}

/** In the window: shows that somebody calls, until the returned function is called. A press brings the page, where the call is shown. */
export function showRing(token: string, words: NoticeWords): () => void {
  const shown = show(token, words, () => undefined, true);
  let kept: readonly Notification[] = [];
  shown
    .then(async () => {
      kept = await keptBy(token);
    })
    .catch(() => undefined);
  // Nothing that a page waits for comes any more when it goes.
  const close = (): void => {
    for (const notification of kept) notification.close();
  };
  addEventListener('pagehide', close);
  return () => {
    removeEventListener('pagehide', close);
    shown.then(() => withdraw(token)).catch(() => undefined);
  };
}

/** In the window: goes where a notification led that the service worker has shown. */
export function followPressedNotices(open: (path: string) => void): void {
  navigator.serviceWorker?.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
    if (!hasKind(data, 'open')) return;
    const { path } = data as { readonly path?: unknown };
    if (typeof path === 'string' && /^\/n\/[\w-]{22}$/.test(path)) open(path);
  });
}
