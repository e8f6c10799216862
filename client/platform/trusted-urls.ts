/**
 * The one Trusted Types policy of the client, named in the server's content security policy. It lets through the addresses of the
 * client's own workers, which the build puts in as constants, and nothing else: no markup, no script text.
 */
// The build makes this module; the linter sees the worker's own exports.
// oxlint-disable-next-line import/default
import coreWorkerUrl from '../workers/core.worker.ts?worker&url';

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

const workerUrls: readonly string[] = [coreWorkerUrl];

/** Starts the worker that core runs in. Called once. */
export function startCoreWorker(): Worker {
  const policy = window.trustedTypes?.createPolicy('tacet', {
    createScriptURL(url) {
      if (!workerUrls.includes(url)) throw new TypeError('not an address of ours');
      return url;
    },
  });
  const url = policy?.createScriptURL(coreWorkerUrl) ?? coreWorkerUrl;
  return new Worker(url, { type: 'module', name: 'tacet-core' });
}
