/**
 * Starts the core worker ahead of the interface for those who have an account here. The entry imports this before anything else, so that
 * the browser loads and runs the worker's script while the window's own, a third of its size, is still being run.
 */
import { remembersAccount } from './account-hint.ts';
import { readSupport } from './support.ts';
import { startCoreWorker } from './trusted-urls.ts';
import type { LinkEnd } from './window-link.ts';

/** A worker with core in it. */
export interface StartedCore {
  readonly worker: LinkEnd;
  /** Resolves at its first error that nothing caught: before it serves anybody, its script did not come or does not run. */
  readonly failed: Promise<void>;
}

/** A worker that has begun before anybody listens to it: what it says until then waits. */
export interface EarlyCore extends StartedCore {
  /** The port behind which core serves this window. */
  readonly port: MessagePort;
  /** Everybody listens: what has waited is delivered. */
  listened(): void;
}

/** Starts a worker that serves the port. */
export function startCore(port: MessagePort): StartedCore & { readonly worker: Worker } {
  const worker = startCoreWorker();
  const failed = new Promise<void>((resolve) => {
    worker.addEventListener('error', () => resolve(), { once: true });
  });
  worker.postMessage({ kind: 'serve' }, [port]);
  return { worker, failed };
}

function startEarly(): EarlyCore {
  const { port1, port2 } = new MessageChannel();
  const { worker, failed } = startCore(port2);
  const early: MessageEvent<unknown>[] = [];
  const listeners: ((event: MessageEvent<unknown>) => void)[] = [];
  let isListened = false;
  worker.addEventListener('message', (event: MessageEvent<unknown>) => {
    if (isListened) for (const listener of listeners) listener(event);
    else early.push(event);
  });
  return {
    port: port1,
    failed,
    worker: {
      postMessage: (message, transfer = []) => worker.postMessage(message, transfer),
      addEventListener: (_type, listener) => void listeners.push(listener),
    },
    listened() {
      isListened = true;
      for (const event of early.splice(0)) for (const listener of listeners) listener(event);
    },
  };
}

/** The worker of this page; `undefined` where none is started before the first picture. */
export const earlyCore: EarlyCore | undefined =
  remembersAccount() && readSupport().kind === 'supported' ? startEarly() : undefined;
