/** The window's end of the link: asks the browser for storage that it will not evict, which only a window may. */
import { hasKind, type LinkEnd } from './window-link.ts';

async function persist(): Promise<boolean | undefined> {
  try {
    return (await navigator.storage.persisted()) || (await navigator.storage.persist());
  } catch {
    return undefined;
  }
}

/** In the window: answers the worker. */
export function answerPersistRequests(worker: LinkEnd): void {
  worker.addEventListener('message', (event) => {
    if (!hasKind(event.data, 'persist-storage')) return;
    persist()
      .then((persistent) => worker.postMessage({ kind: 'storage-persistence', persistent }))
      .catch(() => worker.postMessage({ kind: 'storage-persistence', persistent: undefined }));
  });
}
