/**
 * The one Trusted Types policy of the client, named in the server's content security policy. It lets through the addresses of the
 * client's own workers, which the build puts in as constants, and nothing else: no markup, no script text.
 */
// The build makes this module; the linter sees the worker's own exports.
// oxlint-disable-next-line import/default
import coreWorkerUrl from '../workers/core.worker.ts?worker&url';
// oxlint-disable-next-line import/default
import mediaWorkerUrl from '../workers/media.worker.ts?worker&url';

/** The part of the Trusted Types interface that is used here; not in TypeScript's own library. */
interface TrustedTypesFactory {
  createPolicy(
    name: string,
    rules: { readonly createScriptURL: (url: string) => string },
  ): { createScriptURL(url: string): string };
}

declare global {
  interface Window {
    readonly trustedTypes?: TrustedTypesFactory;
  }
}

/** Its address never changes; what it holds does. */
const serviceWorkerUrl = '/service-worker.js';

const workerUrls: readonly string[] = [coreWorkerUrl, mediaWorkerUrl, serviceWorkerUrl];

/** The browser allows one policy of the name, so it is made once. */
let policy: ReturnType<TrustedTypesFactory['createPolicy']> | undefined;

function trusted(url: string): string {
  policy ??= window.trustedTypes?.createPolicy('tacet', {
    createScriptURL(asked) {
      if (!workerUrls.includes(asked)) throw new TypeError('not an address of ours');
      return asked;
    },
  });
  return policy?.createScriptURL(url) ?? url;
}

/** Starts the worker that core runs in. */
export function startCoreWorker(): Worker {
  return new Worker(trusted(coreWorkerUrl), { type: 'module', name: 'tacet-core' });
}

/** Starts the worker through which the frames of calls pass. */
export function startMediaWorker(): Worker {
  return new Worker(trusted(mediaWorkerUrl), { type: 'module', name: 'tacet-media' });
}

/** Registers the service worker, or finds it registered. */
export function registerServiceWorker(): Promise<ServiceWorkerRegistration> {
  return navigator.serviceWorker.register(trusted(serviceWorkerUrl), { scope: '/', updateViaCache: 'none' });
}
