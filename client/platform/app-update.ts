/**
 * Registers the service worker once the app is at work, and tells when a newer version of the app is ready. The new version waits until
 * the person takes it; other tabs follow by themselves only where nobody is in the middle of anything.
 */
import { registerServiceWorker } from './trusted-urls.ts';

/** The browser looks for a newer version when a page is opened; a page that stays open for days asks at most this often. */
const ASK_AGAIN_MS = 60 * 60_000;

/** Whether a field of the page holds something that was typed. */
function isBeingWritten(): boolean {
  return [...document.querySelectorAll<HTMLInputElement | HTMLTextAreaElement>('input, textarea')].some(
    ({ value, type }) => value !== '' && type !== 'checkbox' && type !== 'radio',
  );
}

/** Begins to keep the app for offline use. `offer` is called, maybe again and again, with what takes a newer version. Gives what looks for one now. */
export async function keepShell(offer: (take: () => void) => void): Promise<() => Promise<void>> {
  if (!('serviceWorker' in navigator)) return async () => undefined;
  const { serviceWorker } = navigator;
  /** The first version takes the page over as it comes; there is nothing to update then. */
  let hadOne = serviceWorker.controller !== null;
  let isTaken = false;
  const reload = (): void => location.reload();
  serviceWorker.addEventListener('controllerchange', () => {
    if (!hadOne) {
      hadOne = true;
      return;
    }
    if (isTaken || (document.hidden && !isBeingWritten())) reload();
    else offer(reload);
  });

  const registration = await registerServiceWorker();
  const look = (): void => {
    const { waiting } = registration;
    if (waiting === null || serviceWorker.controller === null) return;
    offer(() => {
      isTaken = true;
      waiting.postMessage({ kind: 'activate' });
    });
  };
  registration.addEventListener('updatefound', () => {
    registration.installing?.addEventListener('statechange', look);
  });
  look();
  let askedAt = performance.now();
  document.addEventListener('visibilitychange', () => {
    if (document.hidden || performance.now() - askedAt < ASK_AGAIN_MS) return;
    askedAt = performance.now();
    registration.update().catch(() => undefined);
  });
  return async () => {
    await registration.update();
  };
}
